"""Requests to one host over HTTP: retries, rate limits shared by all threads, and limits of size and time."""

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

Result = TypeVar("Result")

_USER_AGENT = "Mozilla/5.0 (compatible; nba-assets)"
_TRANSIENT_STATUSES = {408, 425, 429}  # and 5xx
_TOO_MANY = 429
_BACKOFF = tenacity.wait_random_exponential(multiplier=0.25, max=20.0)
_MINUTE = 61_000  # ms: requests sent a minute apart may arrive a little closer


class Refused(SourceError):
    """A response that a retry cannot change; `status` is None if the address itself is not valid."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class HostBlocked(SourceUnavailable):
    """The host wants no requests for longer than this run waits."""


class _Transient(Exception):
    """A fault that a retry may clear. retry_after: seconds the host asked for. for_all: all threads wait them."""

    def __init__(self, fault: str, retry_after: float = 0.0, *, for_all: bool = False) -> None:
        super().__init__(fault)
        self.retry_after = retry_after
        self.for_all = for_all


@dataclass(frozen=True)
class Patience:
    """How long a failed request is retried.

    seconds: retry for so long after the first failure, and wait at most so long if the host asks for a pause. waits:
    seconds before each retry; None for any number of retries with growing random waits.
    """

    seconds: float
    waits: Sequence[float] | None = None

    def wait(self, tries: tenacity.RetryCallState) -> float:
        """Seconds before the next retry, at least those that the host asked for."""
        fault = tries.outcome.exception() if tries.outcome else None
        least = fault.retry_after if isinstance(fault, _Transient) else 0.0
        wait = _BACKOFF(tries) if self.waits is None else [*self.waits, 0.0][tries.attempt_number - 1]
        return max(wait, least)


def per_minute(requests: int, *, a_second: int | None = None) -> Limiter:
    """At most so many requests in any minute, and `a_second` in any second."""
    minute = Rate(requests, _MINUTE)
    return Limiter([Rate(a_second, 1_000), minute] if a_second and a_second < requests else minute)


def every(seconds: float) -> Limiter:
    """Requests at least so many seconds apart."""
    return Limiter(Rate(1, max(1, round(seconds * 1000))))


class HttpReader:
    """The host at `base_url`, whose path, if any, prefixes every path.

    most_bytes: maximal size of a response. answer_seconds: timeout of a whole response. blocking_statuses: those that
    mean that the host blocks this client, so that no more requests are sent.
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
        blocking_statuses: Collection[int] = (),
    ) -> None:
        self.host = urlsplit(base_url).netloc or base_url
        self._base_url = base_url.rstrip("/")
        self._patience, self._most_bytes, self._limiter = patience, most_bytes, limiter
        self._answer_seconds, self._blocking_statuses = answer_seconds, blocking_statuses
        self.client = httpx.Client(
            headers={"User-Agent": _USER_AGENT, **(headers or {})}, timeout=httpx.Timeout(20.0, connect=10.0)
        )
        self._breaker = CircuitBreaker(base_url)
        self._turn = threading.Lock()
        self._paused_until = 0.0
        self._blocked: tuple[float, str] | None = None  # until when, and why

    def close(self) -> None:
        self.client.close()

    def block(self, seconds: float, why: str) -> HostBlocked:
        """Send no requests for so many seconds; returns the error to raise."""
        self._blocked = (time.monotonic() + seconds, why)
        return HostBlocked(self._block_message(why))

    def url(self, path: str, query: Mapping[str, str | int] | None = None) -> str:
        url = f"{self._base_url}{path}"
        return str(httpx.URL(url).copy_with(params=query)) if query else url

    def get(self, url: str, *, subject: str, absent: Collection[int] = ()) -> bytes | None:
        """The body at `url`; None if the status is one of `absent`. Errors: see `fetch`."""
        return self.fetch(url, subject=subject, read=bytes, absent=absent)

    def fetch(
        self, url: str, *, subject: str, read: Callable[[bytes], Result], absent: Collection[int] = ()
    ) -> Result | None:
        """The result of `read` for the body at `url`; None if the status is one of `absent`.

        408, 425, 429, 5xx, timeouts, truncated bodies, and bodies for which `read` raises a ValueError, are retried;
        after the last retry they are SourceUnavailable. A host that asks for a pause longer than the patience, or
        responds with a blocking status, gets no more requests until the pause is over: HostBlocked. Any other status is
        Refused at once, and too large a body a SourceError. `subject` names the request in errors.
        """
        self._raise_if_blocked()
        return self._breaker.call(lambda: self._with_retries(url, subject, read, absent))

    def _with_retries(
        self, url: str, subject: str, read: Callable[[bytes], Result], absent: Collection[int]
    ) -> Result | None:
        first_failure: list[float] = []

        def stop(tries: tenacity.RetryCallState) -> bool:
            now = tries.outcome_timestamp or time.monotonic()
            first_failure[:] = first_failure or [now]
            waits = self._patience.waits
            if waits is not None and tries.attempt_number > len(waits):
                return True
            return now - first_failure[0] + tries.upcoming_sleep >= self._patience.seconds

        def attempt() -> Result | None:
            self._wait_for_turn()
            return self._once(url, subject, read, absent)

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Transient), wait=self._wait, stop=stop, reraise=True
        )
        try:
            return attempts(attempt)
        except _Transient as fault:
            count = attempts.statistics["attempt_number"]
            raise SourceUnavailable(
                f"{subject}: {fault}, {count} times from {url}, retried for {self._patience.seconds:.0f} s at most. "
                "Run it again later; nothing stored was lost."
            ) from fault

    def _wait(self, tries: tenacity.RetryCallState) -> float:
        seconds = self._patience.wait(tries)
        fault = tries.outcome.exception() if tries.outcome else None
        if isinstance(fault, _Transient) and fault.for_all:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)
        return seconds

    def _wait_for_turn(self) -> None:
        """Wait for the end of a pause and for the limiter, one thread at a time: the limiter is not thread-safe."""
        with self._turn:
            while True:
                self._raise_if_blocked()
                time.sleep(max(0.0, self._paused_until - time.monotonic()))
                if self._limiter is not None:
                    self._limiter.try_acquire(self.host)
                if self._paused_until <= time.monotonic():
                    return

    def _once(self, url: str, subject: str, read: Callable[[bytes], Result], absent: Collection[int]) -> Result | None:
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
                            f"{subject}: more than {self._most_bytes:,} bytes at {url}; this cannot be right."
                        )
                    if time.monotonic() > deadline:
                        raise _Transient("the response came too slowly")
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            raise Refused(f"{subject}: {url} is no valid request; check the address.") from None
        except (httpx.TransportError, httpx.DecodingError) as failure:
            raise _Transient(f"{type(failure).__name__} ({failure})") from failure
        try:
            return read(bytes(body))
        except ValueError as failure:
            raise _Transient(f"{failure}") from failure

    def _raise_for_status(self, response: httpx.Response, url: str, subject: str) -> None:
        status = response.status_code
        if status in self._blocking_statuses:
            why = f"answered HTTP {status}: it blocks this client"
            raise HostBlocked(f"{subject}: HTTP {status} from {url}. {self.block(float('inf'), why)}")
        if status in _TRANSIENT_STATUSES or status >= 500:
            pause = retry_after(response.headers.get("Retry-After"))
            if pause > self._patience.seconds:
                why = f"answered HTTP {status} and asks to wait {pause:.0f} s"
                raise HostBlocked(f"{subject}: HTTP {status} from {url}. {self.block(pause, why)}")
            raise _Transient(f"HTTP {status}", pause, for_all=status == _TOO_MANY or pause > 0)
        if status != 200:
            raise Refused(f"{subject}: HTTP {status} from {url}; check the address, it is not retried.", status)

    def _raise_if_blocked(self) -> None:
        if self._blocked and time.monotonic() < self._blocked[0]:
            raise HostBlocked(f"not requested, because {self._block_message(self._blocked[1])}")

    def _block_message(self, why: str) -> str:
        return f"{self.host} {why}. This run sends it no more requests; run it again later. Nothing stored was lost."


def retry_after(header: str | None) -> float:
    """The seconds to wait of a Retry-After header, which holds seconds or a date; 0 for any other text or None."""
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
    """Lets calls through until `limit` in a row got no answer; then calls fail at once for `again_after` seconds.

    After that calls are let through again, so that a retried step finds out whether the host is back.
    """

    def __init__(self, host: str, limit: int = 3, again_after: float = 30.0):
        self._host = host
        self._limit = limit
        self._again_after = again_after
        self._failed_at = 0.0
        self._unanswered = 0
        self._lock = threading.Lock()

    def call(self, request: Callable[[], Result]) -> Result:
        started_at = time.monotonic()
        if self._unanswered >= self._limit and started_at < self._failed_at + self._again_after:
            raise SourceUnavailable(
                f"not requested, because {self._host} gave no answer {self._limit} times in a row. "
                "Check the network and the address, then run it again; nothing stored was lost."
            )
        try:
            result = request()
        except SourceUnavailable:
            with self._lock:
                self._unanswered += 1
                self._failed_at = time.monotonic()
            raise
        with self._lock:
            # A late answer to an earlier call does not close an open circuit.
            if self._unanswered < self._limit or started_at >= self._failed_at:
                self._unanswered = 0
        return result
