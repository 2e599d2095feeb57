"""Reads Dagster's event log: which runs were to publish a week, and why a week was not published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from nba_assets.checks.catalogue import checks_of
from nba_assets.partitions import weeks_of_keys
from nba_assets.tables import Table

PUBLICATION = "publication"
"""Metadata of a materialization: the publication's id in the warehouse."""


def newest_materializations(
    instance: dg.DagsterInstance, key: dg.AssetKey, weeks: Iterable[dt.date]
) -> dict[dt.date, dg.EventLogRecord]:
    """The newest materialization of each of these weeks that has one."""
    partitions = [week.isoformat() for week in weeks]
    storage_ids = instance.event_log_storage.get_latest_storage_id_by_partition(
        key, dg.DagsterEventType.ASSET_MATERIALIZATION, set(partitions)
    )
    if not storage_ids:
        return {}
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, storage_ids=list(storage_ids.values())), limit=len(storage_ids)
    ).records
    return {dt.date.fromisoformat(str(record.partition_key)): record for record in records}


def logged_publications(instance: dg.DagsterInstance, table: Table, weeks: Sequence[dt.date]) -> dict[dt.date, str]:
    """The publication id in each week's newest materialization; "" where it has none (marked by hand)."""
    found = {}
    for week, record in newest_materializations(instance, table.asset_key, weeks).items():
        named = record.asset_materialization.metadata.get(PUBLICATION) if record.asset_materialization else None
        found[week] = str(named.value) if named else ""
    return found


def run_that_executed(instance: dg.DagsterInstance, run: dg.DagsterRun, key: dg.AssetKey) -> str:
    """The id of this run or, if it re-executes another run without the asset, of the run that executed it."""
    step = "__".join(key.path)
    while run.step_keys_to_execute is not None and step not in run.step_keys_to_execute and run.parent_run_id:
        parent = instance.get_run_by_id(run.parent_run_id)
        if parent is None:
            break
        run = parent
    return run.run_id


def evaluated_weeks(instance: dg.DagsterInstance, run: dg.DagsterRun, table: Table) -> set[dt.date]:
    """The weeks that an earlier attempt of this step has published or refused."""
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    keys = [each.partition for each in evaluations if each.asset_key == table.asset_key and each.partition]
    return set(weeks_of_keys(keys))


def refusals(instance: dg.DagsterInstance, table: Table, week: dt.date, run_id: str) -> list[str] | None:
    """Why this run refused the week: failed blocking checks first, then other failed ones; None if it has no check.

    No reasons if every blocking check passed.
    """
    reasons: dict[bool, list[str]] = {True: [], False: []}
    checked = False
    for check in checks_of(table):
        records = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(table.asset_key, check.name), limit=1, partition_filter=PartitionKeyFilter(key=f"{week}")
        )
        for record in records:
            evaluation = record.evaluation
            if not isinstance(evaluation, dg.AssetCheckEvaluation) or record.run_id != run_id:
                continue
            checked |= check.blocking
            if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                reasons[check.blocking].append(f"{check.name}: {evaluation.metadata['reason'].value}")
    if not checked:
        return None
    return reasons[True] + reasons[False] if reasons[True] else []


def unpublished_weeks(
    instance: dg.DagsterInstance, table: Table, weeks: Sequence[dt.date], run_id: str
) -> Iterator[tuple[dt.date, list[str]]]:
    """The weeks that their newest run did not publish, and why: no reasons where nothing was due.

    Runs in progress are left out, except the calling run, `run_id`: it calls this after publishing.
    """
    log = instance.event_log_storage
    attempts = log.get_latest_asset_partition_materialization_attempts_without_materializations(table.asset_key)
    runs = {attempt: instance.get_run_by_id(attempt) for attempt in {attempt for attempt, _ in attempts.values()}}
    ended = {attempt for attempt, run in runs.items() if attempt == run_id or run is None or run.is_finished}
    attempted = {week: attempts[f"{week}"][0] for week in weeks if attempts.get(f"{week}", ("", 0))[0] in ended}
    if not attempted:
        return
    # One query for all weeks: a failed run may have left up to a thousand of them.
    states = log.get_asset_check_partition_info(
        [dg.AssetCheckKey(table.asset_key, check.name) for check in checks_of(table)],
        partition_keys=[f"{week}" for week in attempted],
    )
    planned = AssetCheckExecutionRecordStatus.PLANNED
    checked = {state.partition_key for state in states if state.latest_execution_status != planned}
    for week, attempt in attempted.items():
        reasons = refusals(instance, table, week, attempt) if f"{week}" in checked else None
        yield week, [f"run {attempt[:8]} ended before this week was checked"] if reasons is None else reasons
