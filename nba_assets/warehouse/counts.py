"""Checks of row counts before and after a write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pyarrow as pa

from nba_assets.errors import WarehouseError
from nba_assets.tables import Table


def require_unique_keys(table: Table, rows: pa.Table) -> None:
    keys = rows.select(list(table.key)).group_by(list(table.key)).aggregate([]).num_rows
    if keys != rows.num_rows:
        raise WarehouseError(
            f"{table.qualified_name}: {rows.num_rows} rows to merge have only {keys} keys; nothing was changed"
        )


def require_equal_counts(
    written: Mapping[dt.date, int], read_back: Mapping[dt.date, int], table: Table, consequence: str
) -> None:
    """`consequence` completes the message: what the difference means for the table."""
    for week in sorted({*written, *read_back}):
        if written.get(week, 0) != read_back.get(week, 0):
            raise WarehouseError(
                f"{table.qualified_name}, week {week}: {written.get(week, 0)} rows were written but "
                f"{read_back.get(week, 0)} read back; {consequence}. Materialize the week again"
            )
