"""Asking one host over HTTP: tries within a patience, pauses that all threads keep, limits of pace, size and time.

What the answers mean, and how many questions make a whole, belongs to the sources.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import tenacity
from pyrate_limiter import Limiter, Rate

from nba_assets.errors import SourceError, SourceUnavailable

Answer = TypeVar("Answer")

_USER_AGENT = "Mozilla/5.0 (compatible; nba-assets)"
_PASSING = {408, 425, 429}  # and 5xx
_TOO_MANY = 429
_BACKOFF = tenacity.wait_random_exponential(multiplier=0.25, max=20.0)
_MINUTE = 61_000  # ms: requests sent a minute apart may arrive a little closer


class Refused(SourceError):
    """An answer that asking again cannot change; `status` is None where the address itself cannot be asked."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class HostShut(SourceUnavailable):
    """The host wants no more questions for longer than is waited here."""


class _Passing(Exception):
    """A fault that may be gone on the next try; `retry_after` is what the host asked for, in seconds."""

    def __init__(self, fault: str, retry_after: float = 0.0, *, for_all: bool = False) -> None:
        super().__init__(fault)
        self.retry_after = retry_after
        self.for_all = for_all


@dataclass(frozen=True)
class Patience:
    """How long a question without an answer is asked again.

    seconds: from its first failure on, and the longest pause that is kept when a host asks for one. waits: seconds
    before each further try, of which there are as many; without them, tries follow each other at growing random waits.
    """

    seconds: float
    waits: Sequence[float] | None = None

    def wait(self, tries: tenacity.RetryCallState) -> float:
        """Seconds before the next try; never sooner than the host asked for."""
        fault = tries.outcome.exception() if tries.outcome else None
        asked = fault.retry_after if isinstance(fault, _Passing) else 0.0
        waits = _BACKOFF(tries) if self.waits is None else [*self.waits, 0.0][tries.attempt_number - 1]
        return max(waits, asked)


def at_most(requests: int, *, a_second: int | None = None) -> Limiter:
    """Lets through as many requests in any minute, and in any second if that is said."""
    minute = Rate(requests, _MINUTE)
    return Limiter([Rate(a_second, 1_000), minute] if a_second and a_second < requests else minute)


def every(seconds: float) -> Limiter:
    """Lets requests through one by one, so many seconds apart."""
    return Limiter(Rate(1, max(1, round(seconds * 1000))))


class HttpReader:
    """The host at `base_url`, whose path, if any, goes before every path asked for.

    limiter: lets each request through when its turn has come. patience: see there. answer_seconds: how long one answer
    may take, however slowly it comes. most_bytes: of one answer. shut_by: statuses that mean that no question will be
    answered in this run.
    """

    def __init__(
        self,
        base_url: str,
        *,
        patience: Patience,
        most_bytes: int,
        limiter: Limiter | None = None,
        headers: Mapping[str, str] | None = None,
        answer_seconds: float = 120.0,
        shut_by: Collection[int] = (),
    ) -> None:
        self.host = urlsplit(base_url).netloc or base_url
        self._base_url = base_url.rstrip("/")
        self._patience, self._most_bytes, self._limiter = patience, most_bytes, limiter
        self._answer_seconds, self._shut_by = answer_seconds, shut_by
        self.client = httpx.Client(
            headers={"User-Agent": _USER_AGENT, **(headers or {})}, timeout=httpx.Timeout(20.0, connect=10.0)
        )
        self._breaker = CircuitBreaker(base_url)
        self._turn = threading.Lock()
        self._open_at = 0.0
        self._shut: tuple[float, str] | None = None

    def close(self) -> None:
        self.client.close()

    def shut(self, seconds: float, why: str) -> HostShut:
        """Ask the host no more for so many seconds; the error of the question that has found out why."""
        self._shut = (time.monotonic() + seconds, why)
        return HostShut(self._not_asked(why))

    def url(self, path: str, query: Mapping[str, str | int] | None = None) -> str:
        url = f"{self._base_url}{path}"
        return str(httpx.URL(url).copy_with(params=query)) if query else url

    def get(self, url: str, *, subject: str, absent: Collection[int] = ()) -> bytes | None:
        """The body at `url`; None where the status is one of `absent`. Errors as of `ask`."""
        return self.ask(url, subject=subject, read=bytes, absent=absent)

    def ask(
        self, url: str, *, subject: str, read: Callable[[bytes], Answer], absent: Collection[int] = ()
    ) -> Answer | None:
        """What `read` makes of the body at `url`; None where the status is one of `absent`.

        408, 425, 429, 5xx, timeouts, dropped or truncated bodies, and bodies for which `read` raises a ValueError that
        says what came, are tried again within the patience, then SourceUnavailable. A host that asks for a longer
        pause, or answers one of `shut_by`, is not asked any more: HostShut, until the pause is over. Any other status
        is Refused and too large a body a SourceError, both at once. `subject` names in errors what was asked for.
        """
        self._refuse_shut()
        return self._breaker.ask(lambda: self._persistently(url, subject, read, absent))

    def _persistently(
        self, url: str, subject: str, read: Callable[[bytes], Answer], absent: Collection[int]
    ) -> Answer | None:
        first_failure: list[float] = []

        def stop(tries: tenacity.RetryCallState) -> bool:
            now = tries.outcome_timestamp or time.monotonic()
            first_failure[:] = first_failure or [now]
            waits = self._patience.waits
            if waits is not None and tries.attempt_number > len(waits):
                return True
            return now - first_failure[0] + tries.upcoming_sleep >= self._patience.seconds

        def attempt() -> Answer | None:
            self._wait_for_turn()
            return self._once(url, subject, read, absent)

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing), wait=self._wait, stop=stop, reraise=True
        )
        try:
            return attempts(attempt)
        except _Passing as fault:
            tries = attempts.statistics["attempt_number"]
            raise SourceUnavailable(
                f"{subject}: {fault}, {tries} times from {url}, tried for {self._patience.seconds:.0f} s at most. "
                "Run it again later; what is stored stands."
            ) from fault

    def _wait(self, tries: tenacity.RetryCallState) -> float:
        seconds = self._patience.wait(tries)
        fault = tries.outcome.exception() if tries.outcome else None
        if isinstance(fault, _Passing) and fault.for_all:
            self._open_at = max(self._open_at, time.monotonic() + seconds)
        return seconds

    def _wait_for_turn(self) -> None:
        """Until no pause holds and the limiter, whose buckets are not made for several threads, lets this one pass."""
        with self._turn:
            while True:
                self._refuse_shut()
                time.sleep(max(0.0, self._open_at - time.monotonic()))
                if self._limiter is not None:
                    self._limiter.try_acquire(self.host)
                if self._open_at <= time.monotonic():
                    return

    def _once(self, url: str, subject: str, read: Callable[[bytes], Answer], absent: Collection[int]) -> Answer | None:
        deadline = time.monotonic() + self._answer_seconds
        body = bytearray()
        try:
            with self.client.stream("GET", url) as response:
                if response.status_code in absent:
                    return None
                self._raise_for_status(response, url, subject)
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._most_bytes:
                        raise SourceError(
                            f"{subject}: more than {self._most_bytes:,} bytes at {url}; not what was asked for."
                        )
                    if time.monotonic() > deadline:
                        raise _Passing("the answer came too slowly")
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            raise Refused(f"{subject}: {url} cannot be asked; check the address.") from None
        except (httpx.TransportError, httpx.DecodingError) as failure:
            raise _Passing(f"{type(failure).__name__} ({failure})") from failure
        try:
            return read(bytes(body))
        except ValueError as failure:
            raise _Passing(f"{failure}") from failure

    def _raise_for_status(self, response: httpx.Response, url: str, subject: str) -> None:
        status = response.status_code
        if status in self._shut_by:
            why = f"answered HTTP {status}, which shuts out who asks"
            raise HostShut(f"{subject}: HTTP {status} from {url}. {self.shut(float('inf'), why)}")
        if status in _PASSING or status >= 500:
            pause = retry_after(response.headers.get("Retry-After"))
            if pause > self._patience.seconds:
                why = f"answered HTTP {status} and asks to wait {pause:.0f} s"
                raise HostShut(f"{subject}: HTTP {status} from {url}. {self.shut(pause, why)}")
            raise _Passing(f"HTTP {status}", pause, for_all=status == _TOO_MANY or pause > 0)
        if status != 200:
            raise Refused(f"{subject}: HTTP {status} from {url}; check the address, this is not tried again.", status)

    def _refuse_shut(self) -> None:
        if self._shut and time.monotonic() < self._shut[0]:
            raise HostShut(f"not asked, because {self._not_asked(self._shut[1])}")

    def _not_asked(self, why: str) -> str:
        return f"{self.host} {why}: it is asked no more in this run. Run it again later; what is stored stands."


def retry_after(header: str | None) -> float:
    """Seconds to wait by a Retry-After header, which holds seconds or a date; 0 for any other text and none."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    at = date.replace(tzinfo=date.tzinfo or dt.UTC)
    return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())


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
            raise SourceUnavailable(
                f"not asked, because {self._host} gave no answer {self._limit} times in a row. "
                "Check the network and the address, then run it again; what is stored stands."
            )
        try:
            answer = question()
        except SourceUnavailable:
            with self._lock:
                self._unanswered += 1
                self._failed_at = time.monotonic()
            raise
        with self._lock:
            # Late answers to earlier questions do not close an open circuit again.
            if self._unanswered < self._limit or asked_at >= self._failed_at:
                self._unanswered = 0
        return answer
