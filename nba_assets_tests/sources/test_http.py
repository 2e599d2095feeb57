"""One reader for every host: what is tried again and how long, who waits together, and when a host is let alone."""

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from email.utils import format_datetime
from typing import Any

import pytest

from nba_assets.errors import SourceUnavailable
from nba_assets.sources.http import CircuitBreaker, HostBlocked, HttpReader, Patience, per_minute
from nba_assets_tests.conftest import ScriptedWeb


@pytest.fixture
def readers() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def reader_of(web: ScriptedWeb, readers: ExitStack, patience: Patience, **settings: Any) -> HttpReader:
    reader = HttpReader(web.url, patience=patience, most_bytes=1000, **settings)
    readers.callback(reader.close)
    return reader


@pytest.mark.parametrize("fault", [408, 425, 429, 500, 502, 503, 504, "drop", "half"], ids=str)
def test_a_passing_fault_is_tried_again(fault: Any, web: ScriptedWeb, readers: ExitStack) -> None:
    web.answers = [fault, fault, (200, b"here")]
    reader = reader_of(web, readers, Patience(10.0, (0, 0)))
    assert reader.get(f"{web.url}/page", subject="a page") == b"here"
    assert len(web.paths) == 3


def test_a_pause_can_be_asked_for_until_a_date(web: ScriptedWeb, readers: ExitStack) -> None:
    until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)
    web.answers, web.headers = [503, (200, b"here")], {"Retry-After": format_datetime(until, usegmt=True)}
    reader_of(web, readers, Patience(10.0)).get(web.url, subject="a page")
    assert dt.datetime.now(dt.UTC) >= until.replace(microsecond=0)
    assert len(web.paths) == 2


def test_a_longer_pause_than_the_patience_ends_the_questions_until_it_is_over(
    web: ScriptedWeb, readers: ExitStack
) -> None:
    web.answers, web.headers = [429, (200, b"here")], {"Retry-After": "2"}
    reader = reader_of(web, readers, Patience(1.0))
    with pytest.raises(HostBlocked, match=r"^page 0: HTTP 429 .*asks to wait 2 s. This run sends it no more requests"):
        reader.get(web.url, subject="page 0")
    for number in range(1, 31):
        with pytest.raises(HostBlocked, match=r"^not requested, because .* asks to wait 2 s"):
            reader.get(web.url, subject=f"page {number}")
    assert len(web.paths) == 1
    time.sleep(2.1)
    assert reader.get(web.url, subject="page 31") == b"here"


def test_a_status_that_shuts_the_host_ends_the_questions_to_it_alone(web: ScriptedWeb, readers: ExitStack) -> None:
    web.answers = [403, (200, b"here")]
    shut, other = (reader_of(web, readers, Patience(1.0), blocking_statuses=(403,)) for _ in range(2))
    for _ in range(3):
        with pytest.raises(HostBlocked, match="answered HTTP 403"):
            shut.get(web.url, subject="a page")
    assert other.get(web.url, subject="a page") == b"here"
    assert len(web.paths) == 2


def test_all_threads_keep_the_pause_that_one_was_asked_for(web: ScriptedWeb, readers: ExitStack) -> None:
    arrivals: list[float] = []

    def answer(path: str) -> tuple[int, bytes]:
        arrivals.append(time.monotonic())
        return (429, b"") if len(arrivals) == 1 else (200, b"here")

    web.answer, web.headers = answer, {"Retry-After": "2"}
    reader = reader_of(web, readers, Patience(10.0), limiter=per_minute(1000))

    def ask(number: int) -> bytes | None:
        time.sleep(0.3 if number else 0.0)
        return reader.get(web.url, subject=f"page {number}")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [b"here"] * 8
    assert len(arrivals) == 9
    assert min(arrivals[1:]) - arrivals[0] >= 1.99


def test_patience_is_counted_from_the_first_failure_on(web: ScriptedWeb, readers: ExitStack) -> None:
    limiter = per_minute(20, a_second=1)
    limiter.try_acquire("another question")
    web.answers = [500, (200, b"here")]
    reader = reader_of(web, readers, Patience(0.9), limiter=limiter)
    assert reader.get(web.url, subject="a page") == b"here"


def silence() -> str:
    raise SourceUnavailable("nothing came back")


def test_a_host_that_stays_silent_is_not_asked_for_a_while_and_then_again() -> None:
    breaker = CircuitBreaker("http://host", limit=2, again_after=0.2)
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="nothing came back"):
            breaker.call(silence)
    with pytest.raises(SourceUnavailable, match="not requested, because http://host gave no answer 2 times in a row"):
        breaker.call(lambda: "an answer")
    time.sleep(0.25)
    with pytest.raises(SourceUnavailable, match="nothing came back"):
        breaker.call(silence)
    with pytest.raises(SourceUnavailable, match="not requested"):
        breaker.call(lambda: "an answer")
    time.sleep(0.25)
    assert [breaker.call(lambda: "an answer") for _ in range(3)] == ["an answer"] * 3


def test_answers_between_make_the_count_start_again() -> None:
    breaker = CircuitBreaker("http://host", limit=2)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="nothing came back"):
            breaker.call(silence)
        assert breaker.call(lambda: "an answer") == "an answer"
