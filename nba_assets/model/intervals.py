"""Intervals around a prediction and the mean beside it, from what earlier predictions of the same size were off by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nba_assets.features.history import FloatArray
from nba_assets.tables.model import COVERAGES

MOST_LEVELS = 20
ROWS_PER_LEVEL = 100  # a 5 % tail of fewer rows is a guess
LEVEL, MEAN = "level", "mean"

Offsets = dict[str, list[float]]
"""By level of prediction: `level` (predicted points), and what to add to a prediction of that level for the `mean` and
for the ends of each interval."""


def ends(coverage: int) -> tuple[str, str]:
    return f"interval_{coverage}_low", f"interval_{coverage}_high"


def measure_offsets(points: FloatArray, walk_forward: FloatArray, predicted: FloatArray) -> Offsets:
    """Offsets from rows with points scored, at most MOST_LEVELS levels of equally many rows.

    walk_forward: predictions that were made without the rows' own week, from which the spread is measured. predicted:
    those of the model, which has learned from these rows, so that its errors on them are too small; only its mean
    distance to walk_forward is used, by level.
    """
    levels = max(1, min(MOST_LEVELS, len(points) // ROWS_PER_LEVEL))
    groups = np.array_split(np.argsort(walk_forward, kind="stable"), levels)
    error = points - walk_forward
    level, shift = _means(walk_forward, groups), _means(predicted - walk_forward, groups)
    offsets = {LEVEL: level + shift, MEAN: _means(error, groups) - shift}
    for coverage in COVERAGES:
        share, (low_name, high_name) = coverage / 100, ends(coverage)
        low = np.array([np.quantile(error[rows], (1 - share) / 2) for rows in groups])
        # Nobody scores under 0. Where the low end lies there, fewer points than planned are below it, and the high end
        # is lower in exchange, so that the interval as a whole holds its share.
        low_end = np.maximum(walk_forward + np.interp(walk_forward, level, low), 0.0)
        below = _means((points < low_end).astype(np.float64), groups)
        up_to = np.minimum(below + share, 1.0)
        high = np.array([np.quantile(error[rows], part) for rows, part in zip(groups, up_to, strict=True)])
        offsets |= {low_name: low - shift, high_name: high - shift}
    return {name: offset.round(4).tolist() for name, offset in offsets.items()}


def apply_offsets(offsets: Offsets, predicted: FloatArray) -> dict[str, FloatArray]:
    """`mean` and the ends of the intervals of each prediction, interpolated between levels, never under 0."""
    levels = offsets[LEVEL]
    return {
        name: np.maximum(predicted + np.interp(predicted, levels, offset), 0.0)
        for name, offset in offsets.items()
        if name != LEVEL
    }


def no_offsets(rows: int) -> dict[str, FloatArray]:
    """What `apply_offsets` gives, of a model without offsets: NaN."""
    names = [MEAN, *(end for coverage in COVERAGES for end in ends(coverage))]
    return {name: np.full(rows, np.nan) for name in names}


def _means(values: FloatArray, groups: Sequence[npt.NDArray[np.intp]]) -> FloatArray:
    return np.array([values[rows].mean() for rows in groups])
