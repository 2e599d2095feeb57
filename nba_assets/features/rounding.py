"""Rounding that keeps results equal bit by bit when sums are taken in another order or over more rows."""

from __future__ import annotations

import numpy as np

from nba_assets.features.history import FloatArray

_STEPS = 1024.0


def to_grid(values: FloatArray) -> FloatArray:
    """The nearest multiple of 1/1024. Products of two such numbers below 200, and sums of a week of them, are exact in
    double precision, so that the order of summation does not matter."""
    return np.round(values * _STEPS) / _STEPS
