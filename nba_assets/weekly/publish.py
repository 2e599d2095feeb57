"""Stages rows, audits them, and publishes only the weeks that pass every blocking check."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from nba_assets.checks.audit import Verdict, audit, not_staged
from nba_assets.checks.check import Outcome
from nba_assets.errors import SchemaError, WarehouseError, WarehouseUnavailable
from nba_assets.tables import QUARANTINE_OF, Table
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Publication, Staged, Warehouse


@dataclass(frozen=True)
class WeekResult:
    """The result of one week: published with `row_count` rows, or refused by some of its verdicts."""

    week: dt.date
    published: bool
    verdicts: list[Verdict]
    row_count: int = 0
    first_date: dt.date | None = None
    last_date: dt.date | None = None
    publication_id: str = ""

    @property
    def refusals(self) -> list[str]:
        """Why the week was refused: the blocking checks first, then what else is an error of it."""
        if not any(verdict.refuses for verdict in self.verdicts):
            return []
        errors = [verdict for verdict in self.verdicts if verdict.outcome is Outcome.ERROR]
        errors.sort(key=lambda verdict: not verdict.refuses)
        return [f"{verdict.check.name}: {verdict.reason}" for verdict in errors]


@dataclass(frozen=True)
class WeeklyRows:
    """Rows for the weeks of a run, and `failures`: why a week could not be fetched or computed.

    retryable: failed weeks that may succeed on a retry.
    quarantine: called with each week whose rows the checks refused, so that a retry does not use them again.
    measured: measurements of checks without SQL, by check name: `week`, `rows_looked_at`, the check's metrics and
        optionally `named`, one row a week.
    quarantined: rows that cannot be used, with the columns of the table's quarantine but `item`.
    not_blocking: names of blocking checks that a person has overridden: they report, but do not refuse a week.
    """

    frame: pd.DataFrame
    failures: Mapping[dt.date, str] = field(default_factory=dict)
    quarantine: Callable[[dt.date], None] = lambda week: None
    not_blocking: frozenset[str] = frozenset()
    retryable: Collection[dt.date] = ()
    measured: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    quarantined: pd.DataFrame | None = None


@dataclass(frozen=True)
class Audited:
    """Staged rows and the verdicts on each week; `staged` is None if no week could be staged."""

    table: Table
    rows: WeeklyRows
    valid: pa.Table
    verdicts: Mapping[dt.date, list[Verdict]]
    staged: Staged | None

    def publish(self, publication: Publication) -> list[WeekResult]:
        """Publish the good weeks in one transaction; the result of every week. A refused week keeps its stored rows."""
        good = [week for week in sorted(self.verdicts) if not self._refused(self.verdicts[week])]
        counts = self.staged.publish(good, publication) if self.staged and good else {}
        spans = _date_spans(self.valid, self.table)
        results = []
        for week in sorted(self.verdicts):
            first, last = spans.get(week, (None, None))
            published = week in counts
            publication_id = publication.publication_id if published else ""
            results.append(
                WeekResult(week, published, self.verdicts[week], counts.get(week, 0), first, last, publication_id)
            )
        return results

    def _refused(self, verdicts: Sequence[Verdict]) -> bool:
        return any(verdict.refuses and verdict.check.name not in self.rows.not_blocking for verdict in verdicts)


def store_quarantine(
    warehouse: Warehouse, table: Table, rows: pd.DataFrame, weeks: Sequence[dt.date], publication: Publication
) -> dict[dt.date, int]:
    """Replace what the table's quarantine has of these weeks; how many rows it has now of those that have or had some.

    Nothing is written where there is and was nothing.
    """
    quarantine = QUARANTINE_OF[table.name]
    changed = sorted({*rows["week"], *_weeks_with_rows(warehouse, quarantine, weeks)})
    if not changed:
        return {}
    nothing = pd.DataFrame(columns=quarantine.column_names)
    numbered = rows.assign(item=rows.groupby("week").cumcount() + 1) if len(rows) else nothing
    with warehouse.stage(quarantine, to_arrow(numbered, quarantine)) as staged:
        return staged.publish(changed, publication)


def _weeks_with_rows(warehouse: Warehouse, table: Table, weeks: Sequence[dt.date]) -> set[dt.date]:
    if not warehouse.is_there() or not weeks:
        return set()
    try:
        return set(warehouse.read_weeks(table, weeks)["week"])
    except WarehouseUnavailable:
        raise
    except WarehouseError:
        return set()  # the warehouse makes its tables when it is first written to


@contextmanager
def audited(warehouse: Warehouse, table: Table, rows: WeeklyRows, weeks: Sequence[dt.date]) -> Iterator[Audited]:
    """Stage and audit the rows; leaving the block drops those that were not published.

    A row whose `week` is not in `weeks` is a ValueError.
    """
    stray = set(rows.frame["week"]) - set(weeks)
    if stray:
        raise ValueError(f"{table.qualified_name}: rows of weeks that are not in this run: {sorted(stray)}")
    valid, invalid = _split_valid(rows.frame, table)
    unstaged = {**invalid, **rows.failures}
    stageable = [week for week in weeks if week not in unstaged]
    refused = {week: [not_staged(table, week, unstaged[week])] for week in weeks if week in unstaged}
    if not stageable:
        yield Audited(table, rows, valid, refused, None)
        return
    with warehouse.stage(table, valid) as staged:
        verdicts = audit(staged.query, table, stageable, {table.name: staged.name}, rows.measured)
        yield Audited(table, rows, valid, {**verdicts, **refused}, staged)


def _split_valid(frame: pd.DataFrame, table: Table) -> tuple[pa.Table, dict[dt.date, str]]:
    """The rows of the weeks that fit the declared schema, and the first error of each week that does not."""
    try:
        return to_arrow(frame, table), {}
    except SchemaError:
        valid, invalid = [to_arrow(frame.iloc[:0], table)], {}
    for week, rows in frame.groupby("week", sort=True):
        try:
            valid.append(to_arrow(rows.reset_index(drop=True), table))
        except SchemaError as error:
            invalid[week] = str(error)
    return pa.concat_tables(valid), invalid


def _date_spans(rows: pa.Table, table: Table) -> dict[dt.date, tuple[dt.date, dt.date]]:
    if not rows.num_rows:
        return {}
    date = table.date_column
    keyed = rows.select(list(dict.fromkeys(("week", date)))).append_column("day", rows[date])
    spans = keyed.group_by("week").aggregate([("day", "min"), ("day", "max")]).to_pylist()
    return {span["week"]: (span["day_min"], span["day_max"]) for span in spans}
