"""What Dagster's event log knows of every week of every weekly asset, read in a few queries for each asset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import dagster as dg
import pandas as pd
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from nba_assets.checks.thresholds import checks_of
from nba_assets.tables.schema import Table
from nba_assets.weekly.events import newest_materializations
from nba_assets.weekly.run_check import refusals

CODE_VERSION = "dagster/code_version"


def publication_history(
    instance: dg.DagsterInstance, tables: Sequence[Table], weeks: Sequence[dt.date], run_id: str
) -> pd.DataFrame:
    """One row a week and table, as `health.classify` wants it; `run_id` is the run that asks."""
    rows = []
    for table in tables:
        newest = newest_materializations(instance, table.asset_key, weeks)
        reasons = dict(_unpublished(instance, table, weeks, run_id))
        for week in weeks:
            record = newest.get(week)
            materialized = record.asset_materialization if record else None
            rows.append(
                {
                    "week": week,
                    "asset": table.name,
                    "published": record.storage_id if record else None,
                    "code_version": (materialized.tags or {}).get(CODE_VERSION, "") if materialized else "",
                    "unpublished": "; ".join(reasons.get(week, [])),
                    "nothing_due": reasons.get(week) == [],
                }
            )
    return pd.DataFrame(rows).astype({"published": "float64"})


def _unpublished(
    instance: dg.DagsterInstance, table: Table, weeks: Sequence[dt.date], run_id: str
) -> Iterator[tuple[dt.date, list[str]]]:
    """Each week that the newest run which was to publish it did not, and why; no reason where nothing was due.

    A run that is still going has not failed yet, except the one that asks: it has published before it asks.
    """
    log = instance.event_log_storage
    attempts = log.get_latest_asset_partition_materialization_attempts_without_materializations(table.asset_key)
    runs = {attempt: instance.get_run_by_id(attempt) for attempt in {attempt for attempt, _ in attempts.values()}}
    over = {attempt for attempt, run in runs.items() if attempt == run_id or run is None or run.is_finished}
    tried = {week: attempts[f"{week}"][0] for week in weeks if attempts.get(f"{week}", ("", 0))[0] in over}
    if not tried:
        return
    # Asked of all weeks at once: a run that came to nothing has left up to a thousand of them.
    states = log.get_asset_check_partition_info(
        [dg.AssetCheckKey(table.asset_key, check.name) for check in checks_of(table)],
        partition_keys=[f"{week}" for week in tried],
    )
    planned = AssetCheckExecutionRecordStatus.PLANNED
    checked = {state.partition_key for state in states if state.latest_execution_status != planned}
    for week, attempt in tried.items():
        reasons = refusals(instance, table, week, attempt) if f"{week}" in checked else None
        yield week, [f"run {attempt[:8]} ended before it"] if reasons is None else reasons
