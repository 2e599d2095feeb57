"""Past: windows and fading sums worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from nba_assets.features.history import FloatArray, Past, filled, ratio

#                  A played on days 1, 3, 4 and 9; B on day 3; A was absent on day 6.
OWNER = np.array([0, 0, 1, 0, 0, 0])
DAY = np.array([1, 3, 3, 4, 6, 9])
PLAYED = np.array([True, True, True, True, False, True])
POINTS = np.array([10.0, 20.0, 99.0, 30.0, 0.0, 40.0])
NAN = np.nan


@pytest.fixture
def past() -> Past:
    return Past(OWNER, DAY, PLAYED)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(lambda past: past.count, [0, 1, 0, 2, 3, 3], id="count"),
        pytest.param(lambda past: past.mean(POINTS), [NAN, 10, NAN, 15, 20, 20], id="mean of all"),
        pytest.param(lambda past: past.mean(POINTS, 2), [NAN, 10, NAN, 15, 25, 25], id="mean of the last two"),
        pytest.param(lambda past: past.total(POINTS, 2), [0, 10, 0, 30, 50, 50], id="total of the last two"),
        pytest.param(lambda past: past.total_within(POINTS, 3), [0, 10, 0, 30, 50, 0], id="total of three days"),
        pytest.param(lambda past: past.latest(POINTS), [NAN, 10, NAN, 20, 30, 30], id="latest"),
        pytest.param(lambda past: past.latest_day(), [NAN, 1, NAN, 3, 4, 4], id="latest day"),
        pytest.param(
            lambda past: past.deviation(POINTS, 10), [NAN, NAN, NAN, np.sqrt(50), 10, 10], id="sample deviation"
        ),
        pytest.param(lambda past: past.run(POINTS >= 20), [0, 0, 0, 1, 2, 2], id="run of games with 20 points"),
        pytest.param(lambda past: past.fading_sum(POINTS, 1), [NAN, 10, NAN, 25, 42.5, 42.5], id="fading sum"),
        pytest.param(
            lambda past: past.fading_mean(POINTS, 1),
            [NAN, 10, NAN, 25 / 1.5, 42.5 / 1.75, 42.5 / 1.75],
            id="fading mean",
        ),
    ],
)
def test_answers_from_the_days_before(past: Past, answer: Callable[[Past], FloatArray], expected: list[float]) -> None:
    np.testing.assert_allclose(answer(past), expected)


def test_events_of_one_day_do_not_see_each_other() -> None:
    past = Past(np.array([0, 0, 0]), np.array([5, 5, 6]), np.full(3, True))
    np.testing.assert_array_equal(past.total(np.array([1.0, 2.0, 4.0])), [0, 0, 3])


def test_the_order_of_rows_does_not_matter() -> None:
    order = np.array([5, 2, 0, 4, 3, 1])
    shuffled = Past(OWNER[order], DAY[order], PLAYED[order])
    np.testing.assert_array_equal(
        shuffled.fading_mean(POINTS[order], 3), Past(OWNER, DAY, PLAYED).fading_mean(POINTS, 3)[order]
    )


def test_other_owners_can_be_asked_about() -> None:
    past = Past(OWNER, DAY, PLAYED, np.array([1, 1, 7]), np.array([3, 4, 4]))
    np.testing.assert_array_equal(past.latest(POINTS), [NAN, 99, NAN])


def test_nothing_recorded_gives_nothing() -> None:
    past = Past(np.array([0]), np.array([1]), np.array([False]))
    assert np.isnan(past.mean(np.array([1.0]))[0]) and np.isnan(past.fading_sum(np.array([1.0]), 3)[0])


def test_ratio_without_a_denominator_is_unknown() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 0.0]), np.array([0.0, 2.0])), [NAN, 0.0])
    np.testing.assert_array_equal(filled(np.array([NAN, 3.0]), 7.0), [7.0, 3.0])
