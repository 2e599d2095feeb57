"""Not asking a host any more that has stopped answering: each further question would only cost its retries."""

import threading
from collections.abc import Callable
from typing import TypeVar

from nba_assets.sources.errors import NoAnswer

Answer = TypeVar("Answer")


class CircuitBreaker:
    """Lets questions to `host` through until `limit` of them in a row got no answer; then each fails at once."""

    def __init__(self, host: str, limit: int = 3):
        self._host = host
        self._limit = limit
        self._unanswered = 0
        self._lock = threading.Lock()

    def ask(self, question: Callable[[], Answer]) -> Answer:
        if self._unanswered >= self._limit:
            raise NoAnswer(
                f"not asked, because {self._host} gave no answer {self._limit} times in a row. "
                "Check the network and the address, then run it again; what is stored stands."
            )
        try:
            answer = question()
        except NoAnswer:
            with self._lock:
                self._unanswered += 1
            raise
        with self._lock:
            # Late answers to earlier questions do not close an open circuit again.
            if self._unanswered < self._limit:
                self._unanswered = 0
        return answer
