"""Audits a table: measures its checks and gives one verdict for each check and week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandas as pd

from nba_assets.checks.catalogue import checks_of
from nba_assets.checks.check import FINAL_GAMES, LISTED_FINAL_GAMES, Check, Outcome, Threshold
from nba_assets.checks.measure import measure, rows_due
from nba_assets.partitions import WEEKS
from nba_assets.tables import Table
from nba_assets.warehouse.interface import Query

LONGEST_LIST = 1000  # characters of what a check names


@dataclass(frozen=True)
class Measurement:
    """A metric of one week; `value` is None if it could not be measured."""

    threshold: Threshold
    value: float | None
    outcome: Outcome


@dataclass(frozen=True)
class Verdict:
    """The result of a check for one week, with the reason and the number of rows it was measured on."""

    check: Check
    week: dt.date
    outcome: Outcome
    reason: str
    rows_looked_at: int
    final_games: int
    measurements: tuple[Measurement, ...] = ()

    @property
    def refuses(self) -> bool:
        """Whether the week's rows must not be published."""
        return self.check.blocking and self.outcome is Outcome.ERROR


def evaluate(check: Check, week: dt.date, measured: Mapping[str, Any] | None, final_games: int) -> Verdict:
    """The verdict on one week.

    measured: `rows_looked_at`, the check's metrics and, if it has one, `named`; None if there was no row. Without rows
    the check passes if none were due, and is an error otherwise.
    """
    if measured is None or not measured["rows_looked_at"]:
        rows_missing = f"looked at no rows although {final_games} final games were played"
        nothing_due = {None: "no rows to look at", FINAL_GAMES: "no games", LISTED_FINAL_GAMES: "no games"}.get(
            check.due, "no rows, and none are due"
        )
        outcome, reason = (Outcome.ERROR, rows_missing) if final_games else (Outcome.PASS, nothing_due)
        unmeasured = tuple(Measurement(threshold, None, outcome) for threshold in check.thresholds)
        return Verdict(check, week, outcome, reason, 0, final_games, unmeasured)
    measurements = tuple(
        _measurement(threshold, None if pd.isna(measured[threshold.metric]) else float(measured[threshold.metric]))
        for threshold in check.thresholds
    )
    worst = next(level for level in reversed(Outcome) if level in [m.outcome for m in measurements])
    reason = "; ".join(_sentence(measurement) for measurement in measurements if measurement.outcome is worst)
    if worst is not Outcome.PASS and isinstance(measured.get("named"), str):
        reason += f": {_shortened(measured['named'])}"
    return Verdict(check, week, worst, reason, int(measured["rows_looked_at"]), final_games, measurements)


def _shortened(names: str) -> str:
    return names if len(names) <= LONGEST_LIST else f"{names[:LONGEST_LIST].rpartition('; ')[0]}; and more"


def _measurement(threshold: Threshold, value: float | None) -> Measurement:
    return Measurement(threshold, value, Outcome.ERROR if value is None else threshold.outcome(value))


def _sentence(measurement: Measurement) -> str:
    threshold, value = measurement.threshold, measurement.value
    if value is None:
        return f"{threshold.metric} could not be measured"
    relation = "is within" if measurement.outcome is Outcome.PASS else "is outside"
    return f"{threshold.metric} {value:.6g} {relation} the bound {threshold.pass_range}"


def audit(
    query: Query,
    table: Table,
    weeks: Sequence[dt.date],
    staged: Mapping[str, str] | None = None,
    measured_by_asset: Mapping[str, pd.DataFrame] | None = None,
) -> dict[dt.date, list[Verdict]]:
    """All verdicts on a table, by week; `staged` as in `measure`.

    measured_by_asset: for checks without SQL, by check name, what the asset measured: one row a week, like the result
    of a check's SQL. Checks without SQL that are not in it are left out.
    """
    names, by_asset = staged or {}, measured_by_asset or {}
    checks = [check for check in checks_of(table) if check.sql or check.name in by_asset]
    due = {sql: rows_due(query, sql, weeks, names) for sql in {check.due for check in checks} if sql}
    verdicts: dict[dt.date, list[Verdict]] = {week: [] for week in weeks}
    for check in checks:
        games = due[check.due] if check.due else {}
        measured = measure(query, check.sql, weeks, names) if check.sql else by_asset[check.name]
        by_week = {row["week"]: row for row in measured.to_dict("records")}
        for week in weeks:
            verdicts[week].append(evaluate(check, week, by_week.get(week), games.get(week, 0)))
    return verdicts


def not_staged(table: Table, week: dt.date, reason: str) -> Verdict:
    """The verdict on a week whose rows could not be staged: not fetched, not computed, or of wrong types."""
    integrity = next(check for check in checks_of(table) if check.name == "row_integrity")
    return Verdict(integrity, week, Outcome.ERROR, reason, 0, 0)


def check_specs(table: Table) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            check.name,
            asset=table.asset_key,
            description=check.description,
            blocking=check.blocking,
            partitions_def=WEEKS,
        )
        for check in checks_of(table)
    ]
