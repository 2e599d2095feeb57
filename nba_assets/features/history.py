"""Sums and means over the events of a player or a team strictly before a day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_DAYS = 1_000_000  # larger than any day number, so that owner and day make one sortable key


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """numerator / denominator, NaN where the denominator is not positive."""
    positive = denominator > 0
    return np.where(positive, numerator / np.where(positive, denominator, 1.0), np.nan)


def filled(values: FloatArray, fallback: FloatArray | float) -> FloatArray:
    """The values, and the fallback where they are NaN."""
    return np.where(np.isnan(values), fallback, values)


class Past:
    """The events of each owner strictly before a day, for many queries (an owner and a day) at once.

    Owners are codes >= 0 (a player, a team, a player within a season), days are days since 1970-01-01. `counts` marks
    the events that exist. Without query_owner and query_day every event is a query. Methods take one value per event
    and return one number per query, NaN if there is no earlier event. Events of the same day do not count as earlier.
    """

    def __init__(
        self,
        owner: IntArray,
        day: IntArray,
        counts: BoolArray,
        query_owner: IntArray | None = None,
        query_day: IntArray | None = None,
    ) -> None:
        query_owner = owner if query_owner is None else query_owner
        query_day = day if query_day is None else query_day
        events = np.flatnonzero(counts)
        self._events = events[np.lexsort((day[events], owner[events]))]
        key = owner[self._events] * _DAYS + day[self._events]
        self._day = day[self._events]
        self._query_key = query_owner * _DAYS + query_day
        self._key = key
        self._start = np.searchsorted(key, query_owner * _DAYS)
        self._stop = np.searchsorted(key, self._query_key)
        self.count: IntArray = self._stop - self._start
        first_of_owner = np.searchsorted(key, owner[self._events] * _DAYS)
        self._position = np.arange(len(key)) - first_of_owner
        by_position = np.argsort(self._position, kind="stable")
        last = int(self._position.max(initial=-1))
        self._rounds = np.split(by_position, np.searchsorted(self._position[by_position], np.arange(1, last + 1)))

    def total(self, values: FloatArray, last: int | None = None) -> FloatArray:
        """Sum over the past, or over its `last` events."""
        start = self._start if last is None else np.maximum(self._start, self._stop - last)
        return self._sum(values, start)

    def total_within(self, values: FloatArray, days: int) -> FloatArray:
        """Sum over the events of the `days` days before the query's day."""
        return self._sum(values, np.maximum(self._start, np.searchsorted(self._key, self._query_key - days)))

    def mean(self, values: FloatArray, last: int | None = None) -> FloatArray:
        count = self.count if last is None else np.minimum(self.count, last)
        return ratio(self.total(values, last), count.astype(float))

    def deviation(self, values: FloatArray, last: int) -> FloatArray:
        """Sample standard deviation of the `last` events, NaN with fewer than two."""
        count = np.minimum(self.count, last).astype(float)
        squares = self.total(values**2, last) - ratio(self.total(values, last) ** 2, count)
        return np.sqrt(np.maximum(ratio(squares, count - 1), 0.0))

    def latest(self, values: FloatArray) -> FloatArray:
        """The value of the newest earlier event."""
        return self._at_stop(values[self._events])

    def latest_day(self) -> FloatArray:
        return self._at_stop(self._day.astype(float))

    def run(self, flag: BoolArray) -> FloatArray:
        """Number of newest events in a row with the flag; 0 without earlier events."""
        flags = flag[self._events]
        index = np.arange(len(flags))
        breaks = np.maximum.accumulate(np.where(flags, index - self._position - 1, index)) if len(flags) else index
        return filled(self._at_stop((index - breaks).astype(float)), 0.0)

    def fading_sum(self, values: FloatArray, half_life: float) -> FloatArray:
        """Exponentially weighted sum: the weight of an event halves with every `half_life` later events."""
        return self._at_stop(self._fading(values[self._events], half_life))

    def fading_mean(self, values: FloatArray, half_life: float, weights: FloatArray | None = None) -> FloatArray:
        """Exponentially weighted mean, with the weights of `fading_sum` times the given ones."""
        weights = np.ones(len(values)) if weights is None else weights
        return ratio(self.fading_sum(values * weights, half_life), self.fading_sum(weights, half_life))

    def _fading(self, values: FloatArray, half_life: float) -> FloatArray:
        """Per event: its owner's sum up to and including it. Each owner is summed alone, for equal rounding."""
        keep = 0.5 ** (1.0 / half_life)
        sums = values.astype(float)
        for turn in self._rounds[1:]:
            sums[turn] += keep * sums[turn - 1]
        return sums

    def _at_stop(self, per_event: FloatArray) -> FloatArray:
        if len(per_event) == 0:
            return np.full(len(self._stop), np.nan)
        return np.where(self.count > 0, per_event[np.maximum(self._stop - 1, 0)], np.nan)

    def _sum(self, values: FloatArray, start: IntArray) -> FloatArray:
        running = np.concatenate([[0.0], self._fading(values[self._events], np.inf)])
        before_start = np.where(start > self._start, running[start], 0.0)
        return np.where(self._stop > start, running[self._stop] - before_start, 0.0)
