import time

import pytest

from nba_assets.errors import NoAnswer
from nba_assets.sources.circuit_breaker import CircuitBreaker


def silence() -> str:
    raise NoAnswer("nothing came back")


def test_a_host_that_stays_silent_is_not_asked_for_a_while_and_then_again() -> None:
    breaker = CircuitBreaker("http://host", limit=2, again_after=0.2)
    for _ in range(2):
        with pytest.raises(NoAnswer, match="nothing came back"):
            breaker.ask(silence)
    with pytest.raises(NoAnswer, match="not asked, because http://host gave no answer 2 times in a row"):
        breaker.ask(lambda: "an answer")
    time.sleep(0.25)
    with pytest.raises(NoAnswer, match="nothing came back"):
        breaker.ask(silence)
    with pytest.raises(NoAnswer, match="not asked"):
        breaker.ask(lambda: "an answer")
    time.sleep(0.25)
    assert [breaker.ask(lambda: "an answer") for _ in range(3)] == ["an answer"] * 3


def test_answers_between_make_the_count_start_again() -> None:
    breaker = CircuitBreaker("http://host", limit=2)
    for _ in range(3):
        with pytest.raises(NoAnswer, match="nothing came back"):
            breaker.ask(silence)
        assert breaker.ask(lambda: "an answer") == "an answer"
