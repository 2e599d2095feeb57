"""The weekly regression: learns from earlier weeks, never from its own."""

import numpy as np
import pytest

from nba_assets.features.history import BoolArray, FloatArray
from nba_assets.features.weekly_regression import predict_weekly

FRIDAY = 18_901  # 2021-10-01
DAY = np.repeat(FRIDAY + 7 * np.arange(40), 50)
X = np.random.default_rng(1).integers(0, 30, len(DAY)).astype(float)
PRIOR = np.array([0.0, 1.0])


def predicted(target: FloatArray, learn: BoolArray | None = None, nearest: float | None = None) -> FloatArray:
    learn = np.full(len(DAY), True) if learn is None else learn
    return predict_weekly([np.ones(len(DAY)), X], target, learn, DAY, PRIOR, half_life=20, nearest=nearest)


def mean_error(result: FloatArray, target: FloatArray) -> float:
    """Of the last week. The pull to the prior keeps it from being nothing."""
    return float(np.abs(result - target)[-50:].mean())


def test_the_first_week_is_predicted_by_the_prior() -> None:
    np.testing.assert_array_equal(predicted(3 * X)[:50], X[:50])


@pytest.mark.parametrize("nearest", [None, 1.0], ids=["mean", "median"])
def test_it_learns_the_line(nearest: float | None) -> None:
    result = predicted(5 + 2 * X, nearest=nearest)
    assert mean_error(result, 5 + 2 * X) < 1 < 10 < mean_error(X, 5 + 2 * X)


def test_a_week_does_not_see_itself_or_later_ones() -> None:
    changed = 2 * X
    changed[DAY >= FRIDAY + 7 * 20] = 0.0
    before = DAY <= FRIDAY + 7 * 20
    np.testing.assert_array_equal(predicted(2 * X)[before], predicted(changed)[before])


def test_rows_not_to_learn_from_are_ignored() -> None:
    target = np.where(np.arange(len(DAY)) % 2, 2 * X, 1000.0)
    result = predicted(target, learn=np.arange(len(DAY)) % 2 == 1)
    assert mean_error(result, 2 * X) < 1


def test_the_median_leaves_outliers_aside() -> None:
    target = np.where(np.arange(len(DAY)) % 5 == 0, 60.0, 10.0)
    assert abs(predicted(target, nearest=1.0)[-50:].mean() - 10) < 2 < predicted(target)[-50:].mean() - 10
