"""Not asking a host any more that has stopped answering: each further question would only cost its retries."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from nba_assets.errors import NoAnswer

Answer = TypeVar("Answer")


class CircuitBreaker:
    """Lets questions to `host` through until `limit` of them in a row got no answer; then each fails at once.

    `again_after` seconds later questions are let through again: a step that is tried again shall find out.
    """

    def __init__(self, host: str, limit: int = 3, again_after: float = 30.0):
        self._host = host
        self._limit = limit
        self._again_after = again_after
        self._failed_at = 0.0
        self._unanswered = 0
        self._lock = threading.Lock()

    def ask(self, question: Callable[[], Answer]) -> Answer:
        asked_at = time.monotonic()
        if self._unanswered >= self._limit and asked_at < self._failed_at + self._again_after:
            raise NoAnswer(
                f"not asked, because {self._host} gave no answer {self._limit} times in a row. "
                "Check the network and the address, then run it again; what is stored stands."
            )
        try:
            answer = question()
        except NoAnswer:
            with self._lock:
                self._unanswered += 1
                self._failed_at = time.monotonic()
            raise
        with self._lock:
            # Late answers to earlier questions do not close an open circuit again.
            if self._unanswered < self._limit or asked_at >= self._failed_at:
                self._unanswered = 0
        return answer
