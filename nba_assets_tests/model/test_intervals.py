"""Intervals hold the share that they are named for, in each tier, and the mean is the mean."""

import numpy as np
import pytest

from nba_assets.features.history import BoolArray, FloatArray
from nba_assets.model.intervals import COVERAGES, LEVEL, apply_offsets, ends, measure_offsets, no_offsets

ROWS = 40_000


def drawn(seed: int) -> tuple[FloatArray, FloatArray]:
    """Points, whole and never under 0, skewed and wider for higher predictions; and predictions of their median."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(1, 28, ROWS)
    points = rng.poisson(mean * rng.gamma(4, 1 / 4, ROWS)).astype(float)
    return points, 0.92 * mean


def share_inside(points: FloatArray, found: dict[str, FloatArray], coverage: int, rows: BoolArray) -> float:
    low, high = (found[end] for end in ends(coverage))
    return float(((points >= low) & (points <= high))[rows].mean())


@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("tier", [(0, 5), (5, 10), (10, 20), (20, 30)])
def test_an_interval_holds_its_share_of_new_points_in_every_tier(coverage: int, tier: tuple[int, int]) -> None:
    points, predicted = drawn(1)
    offsets = measure_offsets(points, predicted, predicted)
    new_points, new_predicted = drawn(2)
    found = apply_offsets(offsets, new_predicted)

    of_tier = (new_predicted >= tier[0]) & (new_predicted < tier[1])
    assert share_inside(new_points, found, coverage, of_tier) == pytest.approx(coverage / 100, abs=0.03)
    assert min(found[end].min() for end in ends(coverage)) >= 0


def test_the_mean_is_above_the_median_and_unbiased() -> None:
    points, predicted = drawn(1)
    new_points, new_predicted = drawn(2)
    mean = apply_offsets(measure_offsets(points, predicted, predicted), new_predicted)["mean"]

    assert (new_predicted - new_points).mean() < -0.8
    assert (mean - new_points).mean() == pytest.approx(0, abs=0.2)


def test_the_spread_is_that_of_the_walk_forward_predictions_and_not_of_fitted_ones() -> None:
    points, walk_forward = drawn(1)
    fitted = (walk_forward + points) / 2
    honest, other = (measure_offsets(points, walk_forward, predicted) for predicted in (walk_forward, fitted))

    for coverage in COVERAGES:
        low, high = ends(coverage)
        width, other_width = (np.subtract(offsets[high], offsets[low]) for offsets in (honest, other))
        np.testing.assert_allclose(other_width, width, atol=1e-3)


def test_few_rows_have_few_levels_and_no_offsets_are_nan() -> None:
    points, predicted = drawn(1)
    few = measure_offsets(points[:250], predicted[:250], predicted[:250])

    assert len(few[LEVEL]) == 2
    assert set(no_offsets(3)) == set(apply_offsets(few, predicted[:3]))
    assert np.isnan(no_offsets(3)["mean"]).all()
