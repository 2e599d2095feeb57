"""The index's rows of asset checks: one for each run, check and week, written as planned and again as evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy.dialects.sqlite import Insert, insert

KEY = ("asset_key", "check_name", "run_id", "partition")


def check_rows(event: dg.EventLogEntry, row: Mapping[str, Any], storage_id: int) -> list[dict[str, Any]]:
    """What Dagster would store of a check event that names its run and its weeks; nothing of another one.

    row: the event's own columns in the index, so that it is turned into text once and not again for each week.
    """
    told = event.get_dagster_event()
    common = {
        "run_id": event.run_id,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": storage_id,
        "materialization_event_storage_id": None,
    }
    if told.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
        planned = told.asset_check_planned_data
        weeks = planned.partitions_subset.get_partition_keys() if planned.partitions_subset else ()
        common |= {"asset_key": planned.asset_key.to_string(), "check_name": planned.check_name}
        return [{**common, "partition": week, "execution_status": Status.PLANNED.value} for week in weeks]
    evaluation = told.asset_check_evaluation_data
    if not event.run_id or evaluation.partition is None:
        return []
    judged = evaluation.target_materialization_data
    return [
        {
            **common,
            "asset_key": evaluation.asset_key.to_string(),
            "check_name": evaluation.check_name,
            "partition": evaluation.partition,
            "execution_status": (Status.SUCCEEDED if evaluation.passed else Status.FAILED).value,
            "materialization_event_storage_id": judged.storage_id if judged else None,
        }
    ]


def insert_or_update() -> Insert:
    """For rows with a run and a week: what was planned becomes what was found."""
    rows = insert(AssetCheckExecutionsTable)
    changing = {column.name: rows.excluded[column.name] for column in AssetCheckExecutionsTable.c}
    unchanged = (*KEY, "id", "create_timestamp")
    return rows.on_conflict_do_update(
        index_elements=KEY, set_={name: value for name, value in changing.items() if name not in unchanged}
    )
