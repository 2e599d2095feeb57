"""Staged rows in BigQuery, published by one MERGE."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from nba_assets.errors import WarehouseError
from nba_assets.partitions import last_day
from nba_assets.tables import PUBLICATIONS, Table
from nba_assets.warehouse.counts import require_equal_counts
from nba_assets.warehouse.interface import Publication, Staged, window_parameters

Execute = Callable[[str, Mapping[str, Any]], pa.Table]


class BigQueryStaged(Staged):
    def __init__(self, execute: Execute, table: Table, rows: pa.Table, name: str):
        self.name = name
        self._execute = execute
        self._table = table
        self._rows = rows

    def query(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        frame: pd.DataFrame = self._execute(sql, parameters).to_pandas()
        return frame

    def publish(self, weeks: Sequence[dt.date], publication: Publication | None = None) -> dict[dt.date, int]:
        """See `Staged`. The staged rows are counted before the MERGE, because a MERGE cannot be undone.

        The publication is recorded as incomplete before the MERGE and as complete after its rows were counted. A
        transaction over both tables would make the writers of all tables conflict in PUBLICATIONS.
        """
        table = self._table
        publication = publication or Publication()
        self._require_dates_in_weeks(weeks)
        expected = {week: count for week, count in _rows_by_week(self._rows).items() if week in set(weeks)}
        staged = self._count(f"SELECT week, COUNT(*) AS row_count FROM {self.name} WHERE week IN UNNEST(@weeks)", weeks)
        require_equal_counts(expected, staged, table, "nothing was changed")
        self._record(weeks, staged, publication)
        columns = ", ".join(table.column_names)
        in_window = f"{table.date_column} BETWEEN @first_day AND @last_day AND target.week IN UNNEST(@weeks)"
        merge = (
            f"MERGE {table.qualified_name} AS target "
            f"USING (SELECT * FROM {self.name} WHERE week IN UNNEST(@weeks)) AS source ON FALSE "
            f"WHEN NOT MATCHED BY SOURCE AND target.{in_window} THEN DELETE "
            f"WHEN NOT MATCHED BY TARGET THEN INSERT ({columns}) VALUES ({columns})"
        )
        self._execute(merge, window_parameters(merge, weeks))
        stored = self._count(
            f"SELECT week, COUNT(*) AS row_count FROM {table.qualified_name} AS target WHERE target.{in_window}", weeks
        )
        require_equal_counts(expected, stored, table, "another writer changed the week at the same time")
        update = (
            f"UPDATE {PUBLICATIONS.qualified_name} SET complete = TRUE "
            "WHERE week BETWEEN @first_day AND @last_day AND publication_id = @publication_id"
        )
        self._execute(update, {**window_parameters(update, weeks), "publication_id": publication.publication_id})
        return {week: stored.get(week, 0) for week in weeks}

    def _record(self, weeks: Sequence[dt.date], counts: Mapping[dt.date, int], publication: Publication) -> None:
        rows = " UNION ALL ".join(f"SELECT DATE '{week}' AS week, {counts.get(week, 0)} AS row_count" for week in weeks)
        self._execute(
            f"INSERT INTO {PUBLICATIONS.qualified_name} "
            "(week, table_name, publication_id, row_count, run_id, code_version, read_up_to, published_at, complete) "
            "SELECT week, @table_name, @publication_id, row_count, NULLIF(@run_id, ''), NULLIF(@code_version, ''), "
            f"{'@read_up_to' if publication.read_up_to else 'NULL'}, CURRENT_TIMESTAMP(), FALSE FROM ({rows})",
            {
                "table_name": self._table.qualified_name,
                "publication_id": publication.publication_id,
                "run_id": publication.run_id or "",
                "code_version": publication.code_version or "",
                **({"read_up_to": publication.read_up_to} if publication.read_up_to else {}),
            },
        )

    def _count(self, sql: str, weeks: Sequence[dt.date]) -> dict[dt.date, int]:
        counted = self._execute(f"{sql} GROUP BY week", window_parameters(sql, weeks))
        return {row["week"]: int(row["row_count"]) for row in counted.to_pylist()}

    def _require_dates_in_weeks(self, weeks: Sequence[dt.date]) -> None:
        """The next publication of a week would not replace a row with a date outside the week."""
        for row in self._rows.select(list(dict.fromkeys(("week", self._table.date_column)))).to_pylist():
            week, date = row["week"], row[self._table.date_column]
            if week in weeks and not week <= date <= last_day(week):
                raise WarehouseError(
                    f"{self._table.qualified_name}, week {week}: a row of {date} lies outside the week; nothing was "
                    "changed. Repair the rows, then materialize the week again"
                )


def _rows_by_week(rows: pa.Table) -> dict[dt.date, int]:
    counts = rows.group_by("week").aggregate([([], "count_all")]).to_pylist()
    return {row["week"]: row["count_all"] for row in counts}
