"""Compares the warehouse's record of every week and weekly asset with Dagster's event log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from nba_assets.tables import Table
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.history import logged_publications, unpublished_weeks
from nba_assets.weekly.publications import known_publications, newest_publications


def publication_history(
    instance: dg.DagsterInstance, warehouse: Warehouse, tables: Sequence[Table], weeks: Sequence[dt.date], run_id: str
) -> pd.DataFrame:
    """One row a week and table, the input of `reports.health.classify`; `run_id` is the calling run.

    If the warehouse does not exist, nothing is published; if it cannot be read, a WarehouseError is raised.
    """
    if warehouse.is_there():
        with warehouse.reading() as reader:
            recorded = newest_publications(reader.query, tables, weeks)
            known = known_publications(reader.query, tables, weeks)
    else:
        recorded, known = None, set()
    rows = []
    for table in tables:
        of_table = _by_week(recorded, table)
        logged = logged_publications(instance, table, weeks)
        reasons = dict(unpublished_weeks(instance, table, weeks, run_id))
        for week in weeks:
            record = of_table.get(week, {})
            rows.append(
                {
                    "week": week,
                    "asset": table.name,
                    "published": _as_number(record.get("published_at")),
                    "read_up_to": _as_number(record.get("read_up_to")),
                    "code_version": record.get("code_version"),
                    "unpublished": "; ".join(reasons.get(week, [])),
                    "nothing_due": reasons.get(week) == [],
                    "rows_missing": _rows_missing(record),
                    "log_disagrees": _disagreement(table, week, record, logged.get(week), known),
                }
            )
    return pd.DataFrame(rows).astype({"published": "float64", "read_up_to": "float64"})


def _by_week(recorded: pd.DataFrame | None, table: Table) -> dict[dt.date, dict[str, object]]:
    if recorded is None:
        return {}
    of_table = recorded[recorded["table_name"] == table.qualified_name]
    return {row["week"]: row for row in of_table.to_dict("records")}


def _as_number(instant: object) -> float:
    """Whole microseconds since 1970, or NaN."""
    return float("nan") if instant is None or pd.isna(instant) else float(pd.Timestamp(instant).value // 1000)


def _rows_missing(record: dict[str, object]) -> str:
    if not record or record["intact"]:
        return ""
    if not record["complete"]:
        return "writing it was interrupted"
    return f"{record['stored_rows']} of {record['row_count']} published rows are stored"


def _disagreement(
    table: Table,
    week: dt.date,
    record: dict[str, object],
    logged: str | None,
    known: set[tuple[str, dt.date, str]],
) -> str:
    if logged is None or (not logged and record) or (table.qualified_name, week, logged) in known:
        return ""
    if not logged:
        return "marked as materialized by hand, but the table has no rows of it"
    return f"Dagster's log names publication {logged[:8]}, which this warehouse does not have"
