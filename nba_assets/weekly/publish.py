"""Write, audit, publish: rows are staged, measured, and only the weeks that pass every blocking check are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from nba_assets.checks.audit import Verdict, audit, not_staged
from nba_assets.errors import SchemaError
from nba_assets.tables import Table
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Publication, Staged, Warehouse


@dataclass(frozen=True)
class WeekResult:
    """What became of one week: published with `row_count` rows, or refused by the verdicts that say so."""

    week: dt.date
    published: bool
    verdicts: list[Verdict]
    row_count: int = 0
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    publication_id: str = ""

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


@dataclass(frozen=True)
class Audited:
    """Staged rows with the verdicts on each week; `staged` is None where no week had rows that could be staged."""

    table: Table
    rows: WeeklyRows
    fitting: pa.Table
    verdicts: Mapping[dt.date, list[Verdict]]
    staged: Staged | None

    def publish(self, publication: Publication) -> list[WeekResult]:
        """Store the good weeks in one transaction, and what became of every week. A refused week keeps its rows."""
        good = [week for week in sorted(self.verdicts) if self._passes(self.verdicts[week])]
        counts = self.staged.publish(good, publication) if self.staged and good else {}
        spans = _date_spans(self.fitting, self.table)
        results = []
        for week in sorted(self.verdicts):
            first, last = spans.get(week, (None, None))
            published, named = week in counts, publication.publication_id if week in counts else ""
            results.append(WeekResult(week, published, self.verdicts[week], counts.get(week, 0), first, last, named))
        return results

    def _passes(self, verdicts: Sequence[Verdict]) -> bool:
        return all(not verdict.refuses or verdict.check.name in self.rows.not_blocking for verdict in verdicts)


@contextmanager
def audited(warehouse: Warehouse, table: Table, rows: WeeklyRows, weeks: Sequence[dt.date]) -> Iterator[Audited]:
    """The rows staged beside their table and measured, week by week; leaving the block drops what was not published.

    Rows whose `week` is none of `weeks` are an error of the caller.
    """
    stray = set(rows.frame["week"]) - set(weeks)
    if stray:
        raise ValueError(f"{table.qualified_name}: rows of weeks that were not asked for: {sorted(stray)}")
    fitting, misfits = _fit(rows.frame, table)
    unstaged = {**misfits, **rows.failures}
    sound = [week for week in weeks if week not in unstaged]
    refused = {week: [not_staged(table, week, unstaged[week])] for week in weeks if week in unstaged}
    if not sound:
        yield Audited(table, rows, fitting, refused, None)
        return
    with warehouse.stage(table, fitting) as staged:
        verdicts = audit(staged.query, table, sound, {table.name: staged.name}, rows.measured)
        yield Audited(table, rows, fitting, {**verdicts, **refused}, staged)


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
