"""Fetching one document from the web with bounded retries, size and time. Cursors and JSON belong elsewhere."""

import time
from collections.abc import Callable, Collection, Sequence

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from nba_assets.errors import NoAnswer, SourceError

_USER_AGENT = "Mozilla/5.0 (compatible; nba-assets)"
_LONGEST_RETRY_AFTER = 60.0  # seconds; whoever asks for more gets an error to read instead of a run that hangs


class _Transient(Exception):
    """An answer that may be better next time."""

    def __init__(self, problem: str, retry_after: float = 0.0) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


def web_client(timeout: float = 30.0) -> httpx.Client:
    """A connection pool for `download`; `timeout` is in seconds for each read, a connection has 10."""
    return httpx.Client(timeout=httpx.Timeout(timeout, connect=10.0), headers={"User-Agent": _USER_AGENT})


def download(
    client: httpx.Client,
    url: str,
    *,
    subject: str,
    size_limit: int,
    waits: Sequence[float],
    absent: Collection[int] = (),
    time_limit: float = 120.0,
    before_each: Callable[[], object] = lambda: None,
) -> bytes | None:
    """The body at `url`, at most `size_limit` bytes; None where the status is one of `absent`.

    429, 5xx, timeouts and dropped or truncated bodies are tried again after each of `waits` (seconds; longer when the
    server asks for it), then NoAnswer; everything else is a SourceError at once. `subject` names what was asked for in
    errors.
    """

    def attempt() -> bytes | None:
        before_each()
        return _read_once(client, url, subject, size_limit, absent, time.monotonic() + time_limit)

    def wait(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.retry_after if isinstance(failure, _Transient) else 0.0
        return max([*waits, 0][state.attempt_number - 1], asked)

    retries = Retrying(
        retry=retry_if_exception_type(_Transient), stop=stop_after_attempt(len(waits) + 1), wait=wait, reraise=True
    )
    try:
        return retries(attempt)
    except _Transient as failure:
        raise NoAnswer(
            f"{subject}: {failure}, {len(waits) + 1} times from {url}. Run it again later; what is stored stands."
        ) from failure


def _read_once(
    client: httpx.Client, url: str, subject: str, size_limit: int, absent: Collection[int], deadline: float
) -> bytes | None:
    try:
        with client.stream("GET", url) as response:
            if response.status_code in absent:
                return None
            _refuse_failure(response, url, subject)
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > size_limit:
                    raise SourceError(f"{subject}: more than {size_limit:,} bytes at {url}; not what was asked for.")
                if time.monotonic() > deadline:
                    raise _Transient("the answer came too slowly")
            return bytes(body)
    except (httpx.TransportError, httpx.DecodingError) as failure:
        raise _Transient(f"{type(failure).__name__} ({failure})") from failure


def _refuse_failure(response: httpx.Response, url: str, subject: str) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        asked = response.headers.get("Retry-After", "")
        retry_after = float(asked) if asked.isdigit() else 0.0
        if retry_after > _LONGEST_RETRY_AFTER:
            raise SourceError(f"{subject}: HTTP {status} from {url}, which asks to wait {retry_after:.0f} s.")
        raise _Transient(f"HTTP {status}", retry_after)
    if status != 200:
        raise SourceError(f"{subject}: HTTP {status} from {url}; check the address, this is not tried again.")
