"""Many weeks of a source at once: what came of each, and the errors of those that failed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import pandas as pd

from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.sources.balldontlie import RefusedRequest
from nba_assets.sources.interface import UNREADABLE_COLUMNS, Fetched
from nba_assets.tables import Table
from nba_assets.tables.frames import concatenated


def fetch_weeks(
    fetch: Callable[[dt.date], Fetched], weeks: Sequence[dt.date], in_flight: int
) -> Iterator[tuple[dt.date, Fetched | SourceError]]:
    """Each week with its rows or its error, as they arrive, `in_flight` at a time.

    The first RefusedRequest is raised: requests for other weeks would be refused too.
    """
    refused: list[RefusedRequest] = []

    def fetch_unless_refused(week: dt.date) -> Fetched:
        if refused:
            raise refused[0]
        try:
            return fetch(week)
        except RefusedRequest as refusal:
            refused.append(refusal)
            raise

    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        submitted = {pool.submit(fetch_unless_refused, week): week for week in weeks}
        try:
            for future in as_completed(submitted):
                try:
                    yield submitted[future], future.result()
                except RefusedRequest:
                    raise
                except SourceError as error:
                    yield submitted[future], error
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Gathered:
    """What a source sent of some weeks: rows and unreadable rows with their week, and the error of each failed week.

    weeks: those that did not fail. from_landing: those of them whose response was kept. retryable: failed weeks that
    may succeed on a retry.
    """

    rows: pd.DataFrame
    unreadable: pd.DataFrame
    failures: dict[dt.date, str]
    weeks: frozenset[dt.date]
    from_landing: frozenset[dt.date]
    retryable: frozenset[dt.date]

    def with_weeks_of(self, other: Gathered, weeks: Sequence[dt.date]) -> Gathered:
        """The other's result of these weeks in place of this one's."""
        rows = self.rows[~self.rows["week"].isin(weeks)]
        unreadable = self.unreadable[~self.unreadable["week"].isin(weeks)]
        return Gathered(
            concatenated([rows, other.rows]),
            concatenated([unreadable, other.unreadable]),
            {**self.failures, **other.failures},
            self.weeks - set(weeks) | other.weeks,
            self.from_landing - set(weeks) | other.from_landing,
            self.retryable - set(weeks) | other.retryable,
        )


def gather(table: Table, fetched: Iterator[tuple[dt.date, Fetched | SourceError]]) -> Gathered:
    """What was fetched, sorted by week."""
    by_week = dict(sorted(fetched, key=lambda each: each[0]))
    errors = {week: error for week, error in by_week.items() if isinstance(error, SourceError)}
    got = {week: each for week, each in by_week.items() if isinstance(each, Fetched)}
    rows = [each.rows.assign(week=week) for week, each in got.items()]
    unreadable = [each.unreadable.assign(week=week, whole_game=False) for week, each in got.items()]
    return Gathered(
        concatenated([pd.DataFrame(columns=table.column_names), *rows]),
        concatenated([pd.DataFrame(columns=[*UNREADABLE_COLUMNS, "week", "whole_game"]), *unreadable]),
        {week: str(error) for week, error in errors.items()},
        frozenset(got),
        frozenset(week for week, each in got.items() if each.kept),
        frozenset(week for week, error in errors.items() if isinstance(error, SourceUnavailable)),
    )
