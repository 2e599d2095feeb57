"""The Dagster events of each week of a run: materializations and check evaluations.

Dagster takes a check result's partition from the run's `dagster/partition` tag, which a run over a range does not
have, and records a materialization for every week of the range, even a refused one. This module works around both: it
yields events week by week, links each evaluation to its materialization, and switches the automatic events off.
The test `weekly/test_events.py` fails when Dagster no longer needs this.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as Target,
)
from dagster._core.definitions.source_asset import SYSTEM_METADATA_KEY_SOURCE_ASSET_OBSERVATION as NO_AUTOMATIC_EVENTS

from nba_assets.checks.audit import Verdict
from nba_assets.checks.check import Outcome
from nba_assets.tables import Table
from nba_assets.weekly.history import PUBLICATION, newest_materializations
from nba_assets.weekly.publish import WeekResult

LEVELS = {
    Outcome.PASS: (True, dg.AssetCheckSeverity.ERROR),
    Outcome.WARN: (False, dg.AssetCheckSeverity.WARN),
    Outcome.ERROR: (False, dg.AssetCheckSeverity.ERROR),
}


def week_events(
    context: dg.AssetExecutionContext, table: Table, code_version: str, results: Sequence[WeekResult]
) -> Iterator[dg.DagsterEvent | dg.Output[Any]]:
    """A materialization for each published week, an evaluation for each verdict, and the step's outputs.

    The events of all weeks are in the log before the first one is given.
    """
    with written_together(context.instance):
        for result in results:
            if result.published:
                context.log_event(_materialization(table, code_version, result))
    targets = newest_materializations(context.instance, table.asset_key, [result.week for result in results])
    with written_together(context.instance):
        for result in results:
            for verdict in result.verdicts:
                context.log_event(_evaluation(table, verdict, targets.get(result.week)))
    yield from context.op_execution_context.consume_events()  # left to Dagster, they are lost where a step ends early
    yield dg.Output(None, metadata={NO_AUTOMATIC_EVENTS: True})
    for output_name in context.assets_def.check_specs_by_output_name:
        yield dg.Output(None, output_name=output_name)


def log_quarantine(context: dg.AssetExecutionContext, quarantine: Table, rows: Mapping[dt.date, int]) -> None:
    """A materialization of the quarantine, which no step of its own writes, for each week that has or had rows."""
    with written_together(context.instance):
        for week, row_count in rows.items():
            metadata = {"dagster/partition_row_count": row_count}
            context.log_event(dg.AssetMaterialization(quarantine.asset_key, partition=f"{week}", metadata=metadata))


def written_together(instance: dg.DagsterInstance) -> AbstractContextManager[None]:
    """What is logged inside the block is written at once at its end, where Dagster's event log is one that can."""
    together: Callable[[], AbstractContextManager[None]] = getattr(instance.event_log_storage, "together", nullcontext)
    return together()


def _materialization(table: Table, code_version: str, result: WeekResult) -> dg.AssetMaterialization:
    metadata: dict[str, dg.MetadataValue | float | str] = {
        "dagster/partition_row_count": result.row_count,
        "rows": result.row_count,
        PUBLICATION: result.publication_id,
    }
    if result.first_date and result.last_date:
        metadata |= {"first_date": f"{result.first_date}", "last_date": f"{result.last_date}"}
    for verdict in result.verdicts:
        metadata |= {m.threshold.metric: m.value for m in verdict.measurements if m.value is not None}
    tags = {"dagster/code_version": code_version}
    return dg.AssetMaterialization(table.asset_key, partition=result.week.isoformat(), metadata=metadata, tags=tags)


def _evaluation(table: Table, verdict: Verdict, record: dg.EventLogRecord | None) -> dg.AssetCheckEvaluation:
    passed, severity = LEVELS[verdict.outcome]
    metadata: dict[str, dg.MetadataValue | float | str] = {
        "reason": verdict.reason,
        "rows_looked_at": verdict.rows_looked_at,
        "final_games": verdict.final_games,
    }
    for measurement in verdict.measurements:
        if measurement.value is not None:
            metadata[measurement.threshold.metric] = measurement.value
        metadata[f"{measurement.threshold.metric} passes"] = str(measurement.threshold.pass_range)
    target = Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp) if record else None
    return dg.AssetCheckEvaluation(
        asset_key=table.asset_key,
        check_name=verdict.check.name,
        passed=passed,
        severity=severity,
        description=f"{verdict.week}: {verdict.reason}",
        metadata=metadata,
        partition=verdict.week.isoformat(),
        target_materialization_data=target,
        # The refused week was not published; a blocking evaluation would also stop the good weeks downstream.
        blocking=False,
    )
