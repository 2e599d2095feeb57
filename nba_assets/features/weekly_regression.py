"""Linear regression learned anew every week from the weeks before it: a feature that never sees its own game."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nba_assets.features.history import BoolArray, FloatArray, IntArray
from nba_assets.features.rounding import to_grid

_FRIDAY = 1  # 1970-01-02: weeks start on Fridays like the partitions
_RIDGE = 20.0  # rows' worth of pull to the prior, in units of a column's own mean square
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
    """Prediction for every row by the coefficients of all rows marked `learn` in earlier weeks.

    Ridge regression drawn to the coefficients `prior` (with no earlier week they are the prediction); a week weighs
    half after `half_life` more weeks with rows to learn from. With `nearest`, a row weighs 1 / max(error, nearest) by
    the error of its own week's prediction, which turns least squares into least absolute deviations: a median rather
    than a mean. NaN in a column counts as 0, values beyond +-200 are cut. Rows are in order of day.
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
            continue  # a week of games still to come must not fade the others
        x, known = transposed[:, week][:, learn[week]], target[week][learn[week]]
        error = np.abs(known - result[week][learn[week]])
        weights = np.ones(len(known)) if nearest is None else to_grid(1 / np.maximum(error, nearest))
        products = products * keep + (x * weights) @ x.T
        moments = moments * keep + x @ (weights * known)
        weight = weight * keep + weights.sum()
    return result
