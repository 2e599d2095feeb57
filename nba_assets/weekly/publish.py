"""Write, audit, publish: rows are staged, measured, and only the weeks that pass every blocking check are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from nba_assets.checks.audit import Verdict, audit, unfit
from nba_assets.errors import SchemaError
from nba_assets.tables import Table
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse


@dataclass(frozen=True)
class WeekResult:
    """What became of one week: published with `row_count` rows, or refused by the verdicts that say so."""

    week: dt.date
    published: bool
    verdicts: list[Verdict]
    row_count: int = 0
    first_date: dt.date | None = None
    last_date: dt.date | None = None

    @property
    def refusals(self) -> list[str]:
        return [f"{verdict.check.name}: {verdict.reason}" for verdict in self.verdicts if verdict.refuses]


@dataclass(frozen=True)
class WeeklyRows:
    """Rows for the weeks of a run, with a reason for each week that could not be fetched or computed.

    retryable: those of them that may go well on a later try.
    quarantine: is told each week whose rows were looked at and refused, so that the next try does not meet them again.
    measured: for checks without SQL, by name, what was measured while the rows were made: `week`, `rows_looked_at`, the
        check's metrics and perhaps `named`, one row a week.
    not_blocking: names of blocking checks that shall only tell this time, because a person has said so.
    """

    frame: pd.DataFrame
    failures: Mapping[dt.date, str] = field(default_factory=dict)
    quarantine: Callable[[dt.date], None] = lambda week: None
    not_blocking: frozenset[str] = frozenset()
    retryable: Collection[dt.date] = ()
    measured: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def publish(warehouse: Warehouse, table: Table, rows: WeeklyRows, weeks: Sequence[dt.date]) -> list[WeekResult]:
    """Store the good weeks of `rows` in one transaction and say of every week what became of it.

    A refused week keeps the rows it had before. Rows whose `week` is none of `weeks` are an error of the caller.
    """
    stray = set(rows.frame["week"]) - set(weeks)
    if stray:
        raise ValueError(f"{table.qualified_name}: rows of weeks that were not asked for: {sorted(stray)}")
    fitting, misfits = _fit(rows.frame, table)
    unstaged = {**misfits, **rows.failures}
    sound = [week for week in weeks if week not in unstaged]
    results = [WeekResult(week, False, [unfit(table, week, unstaged[week])]) for week in weeks if week in unstaged]
    if sound:
        with warehouse.stage(table, fitting) as staged:
            verdicts = audit(staged.query, table, sound, {table.name: staged.name}, rows.measured)
            good = [
                week
                for week in sound
                if all(not verdict.refuses or verdict.check.name in rows.not_blocking for verdict in verdicts[week])
            ]
            counts = staged.publish(good) if good else {}
        spans = _date_spans(fitting, table)
        for week in sound:
            first, last = spans.get(week, (None, None))
            results.append(WeekResult(week, week in counts, verdicts[week], counts.get(week, 0), first, last))
    return sorted(results, key=lambda result: result.week)


def _fit(frame: pd.DataFrame, table: Table) -> tuple[pa.Table, dict[dt.date, str]]:
    """The rows that fit the declared types, and for every week that has one that does not, what is wrong."""
    try:
        return to_arrow(frame, table), {}
    except SchemaError:
        fitting, misfits = [to_arrow(frame.iloc[:0], table)], {}
    for week, rows in frame.groupby("week", sort=True):
        try:
            fitting.append(to_arrow(rows.reset_index(drop=True), table))
        except SchemaError as misfit:
            misfits[week] = str(misfit)
    return pa.concat_tables(fitting), misfits


def _date_spans(rows: pa.Table, table: Table) -> dict[dt.date, tuple[dt.date, dt.date]]:
    if not rows.num_rows:
        return {}
    date = table.date_column
    keyed = rows.select(list(dict.fromkeys(("week", date)))).append_column("day", rows[date])
    spans = keyed.group_by("week").aggregate([("day", "min"), ("day", "max")]).to_pylist()
    return {span["week"]: (span["day_min"], span["day_max"]) for span in spans}
