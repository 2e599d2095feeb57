"""Linear regression, refitted every week on the weeks before: a feature that is never fitted to its own game."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nba_assets.features.history import BoolArray, FloatArray, IntArray
from nba_assets.features.rounding import to_grid

_FRIDAY = 1  # 1970-01-02: weeks start on Fridays like the partitions
_RIDGE = 20.0  # strength of the prior in rows, in units of a column's own mean square
_LARGEST = 200.0


def predict_weekly(
    columns: Sequence[FloatArray | BoolArray],
    target: FloatArray,
    learn: BoolArray,
    day: IntArray,
    prior: FloatArray,
    *,
    half_life: float,
    nearest: float | None = None,
) -> FloatArray:
    """Prediction for every row, with coefficients fitted to the rows marked `learn` in earlier weeks.

    Ridge regression towards the coefficients `prior`, which are used as they are before the first such week. The weight
    of a week halves with every `half_life` later weeks that have rows to learn from. With `nearest`, a row weighs
    1 / max(error, nearest) by the error of its own week's prediction, which approximates least absolute deviations: the
    median instead of the mean. NaN in a column counts as 0, values beyond +-200 are cut. Rows are in order of day.
    """
    width = len(columns)
    transposed = np.empty((width, len(target)))
    for index, column in enumerate(columns):
        transposed[index] = to_grid(np.clip(np.nan_to_num(column), -_LARGEST, _LARGEST))
    products, moments, weight = np.zeros((width, width)), np.zeros(width), 0.0
    result = np.empty(len(target))
    keep = 0.5 ** (1 / half_life)
    starts = np.flatnonzero(np.diff((day - _FRIDAY) // 7, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(target)], strict=True):
        week = slice(start, stop)
        pull = _RIDGE * (np.diag(products) / max(weight, 1.0) + 1e-3)
        coefficients = np.linalg.solve(products + np.diag(pull), moments + pull * prior)
        result[week] = to_grid(coefficients @ transposed[:, week])
        if not learn[week].any():
            continue  # a week of future games must not reduce the weight of the others
        x, known = transposed[:, week][:, learn[week]], target[week][learn[week]]
        error = np.abs(known - result[week][learn[week]])
        weights = np.ones(len(known)) if nearest is None else to_grid(1 / np.maximum(error, nearest))
        products = products * keep + (x * weights) @ x.T
        moments = moments * keep + x @ (weights * known)
        weight = weight * keep + weights.sum()
    return result
