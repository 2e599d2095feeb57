"""The warehouse in BigQuery: rows are loaded beside their table and published by one statement."""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud import bigquery
from pydantic import PrivateAttr

from nba_assets.errors import WarehouseError
from nba_assets.partitions import last_day
from nba_assets.tables import ALL_TABLES, PUBLICATIONS, WEEKLY_TABLES, Table
from nba_assets.warehouse import bigquery_tables
from nba_assets.warehouse.bigquery_connection import BigQueryConnection
from nba_assets.warehouse.bigquery_errors import ASK_ONCE, retry_transient, translate_errors
from nba_assets.warehouse.bigquery_parameters import bound
from nba_assets.warehouse.interface import Publication, Staged, Warehouse

DECLARED_NAME = re.compile(r"\b(?:" + "|".join(re.escape(table.qualified_name) for table in ALL_TABLES) + r")\b")
STAGED_ROWS_EXPIRE = dt.timedelta(hours=6)  # what a killed process leaves behind goes away by itself
LABELS = {"application": "nba_assets"}
REST_ONLY = {401, 403, 501, 503}  # answers of the Storage Read API after which REST is asked instead


class BigQueryStaged(Staged):
    def __init__(self, warehouse: BigQueryWarehouse, table: Table, rows: pa.Table, name: str):
        self.name = name
        self._warehouse = warehouse
        self._table = table
        self._rows = rows

    def query(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        return self._warehouse.query(sql, parameters)

    def publish(self, weeks: Sequence[dt.date], publication: Publication | None = None) -> dict[dt.date, int]:
        """As promised by `Staged`. A MERGE cannot be taken back, so the staged rows are counted before it.

        The publication is recorded as incomplete before the MERGE and as complete once its rows were counted. One
        transaction over both tables would make all tables' writers conflict in PUBLICATIONS.
        """
        table, window = self._table, _window(weeks)
        publication = publication or Publication()
        self._require_dates_in_weeks(weeks)
        expected = {week: count for week, count in _rows_by_week(self._rows).items() if week in set(weeks)}
        staged = self._count(f"SELECT week, COUNT(*) AS row_count FROM {self.name} WHERE week IN UNNEST(@weeks)", weeks)
        _require_equal(expected, staged, table, "nothing was changed")
        self._record(weeks, staged, publication)
        columns = ", ".join(table.column_names)
        in_window = f"{table.date_column} BETWEEN @low AND @high AND target.week IN UNNEST(@weeks)"
        self._warehouse.execute(
            f"MERGE {table.qualified_name} AS target "
            f"USING (SELECT * FROM {self.name} WHERE week IN UNNEST(@weeks)) AS source ON FALSE "
            f"WHEN NOT MATCHED BY SOURCE AND target.{in_window} THEN DELETE "
            f"WHEN NOT MATCHED BY TARGET THEN INSERT ({columns}) VALUES ({columns})",
            window,
        )
        stored = self._count(
            f"SELECT week, COUNT(*) AS row_count FROM {table.qualified_name} AS target WHERE target.{in_window}", weeks
        )
        _require_equal(expected, stored, table, "another writer changed the week at the same time")
        self._warehouse.execute(
            f"UPDATE {PUBLICATIONS.qualified_name} SET complete = TRUE "
            "WHERE week BETWEEN @low AND @high AND publication_id = @publication_id",
            {"low": window["low"], "high": window["high"], "publication_id": publication.publication_id},
        )
        return {week: stored.get(week, 0) for week in weeks}

    def _record(self, weeks: Sequence[dt.date], counts: Mapping[dt.date, int], publication: Publication) -> None:
        rows = " UNION ALL ".join(f"SELECT DATE '{week}' AS week, {counts.get(week, 0)} AS row_count" for week in weeks)
        self._warehouse.execute(
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
        window = {name: value for name, value in _window(weeks).items() if f"@{name}" in sql}
        counted = self._warehouse.execute(f"{sql} GROUP BY week", window)
        return {row["week"]: int(row["row_count"]) for row in counted.to_pylist()}

    def _require_dates_in_weeks(self, weeks: Sequence[dt.date]) -> None:
        """A date outside its week would lie outside the window that the next publication of the week replaces."""
        for row in self._rows.select(list(dict.fromkeys(("week", self._table.date_column)))).to_pylist():
            week, date = row["week"], row[self._table.date_column]
            if week in weeks and not week <= date <= last_day(week):
                raise WarehouseError(
                    f"{self._table.qualified_name}, week {week}: a row of {date} lies outside the week; nothing was "
                    "changed. Repair the rows, then materialize the week again"
                )


class BigQueryWarehouse(Warehouse):
    """Tables in the datasets `dataset_prefix` + nba_raw, nba_analytics, …, created when first written.

    max_bytes_billed: a query that would scan more is refused before it costs anything. wait_seconds bounds the wait
    for other writers and rate limits.
    """

    connection: BigQueryConnection
    dataset_prefix: str = ""
    max_bytes_billed: int | None = None
    wait_seconds: float = 300.0

    _client: bigquery.Client | None = PrivateAttr(default=None)
    _tables_are_there: bool = PrivateAttr(default=False)
    _rest_only: bool = PrivateAttr(default=False)

    @contextmanager
    def stage(self, table: Table, rows: pa.Table) -> Iterator[BigQueryStaged]:
        self._create_tables()
        name = f"{self.dataset_prefix}{table.dataset}.staged_{table.name}_{uuid.uuid4().hex}"
        try:
            self._load(table, rows, name)
            yield BigQueryStaged(self, table, rows, name)
        except BaseException:
            with suppress(WarehouseError):  # the first failure is the one to tell; what stays staged expires
                self._drop(name)
            raise
        self._drop(name)

    def merge(self, table: Table, rows: pa.Table) -> int:
        name = table.qualified_name
        keys = rows.select(list(table.key)).group_by(list(table.key)).aggregate([]).num_rows
        if keys != rows.num_rows:
            raise WarehouseError(f"{name}: {rows.num_rows} rows to merge have only {keys} keys; nothing was changed")
        self._create_tables()
        if not rows.num_rows:
            return 0
        on = " AND ".join(f"stored.{key} = merged.{key}" for key in table.key)
        dates = pc.min_max(rows[table.date_column]).as_py()
        window = {"low": dates["min"], "high": dates["max"]}
        in_window = f"stored.{table.date_column} BETWEEN @low AND @high"
        # A row whose date has moved must still be found: then all partitions are looked at, and said to be.
        date = f"stored.{table.date_column}"
        where = in_window if table.date_column in table.key else f"({date} IS NULL OR {date} IS NOT NULL)"
        columns = ", ".join(table.column_names)
        values = ", ".join(f"{column} = merged.{column}" for column in table.column_names if column not in table.key)
        update = f"WHEN MATCHED THEN UPDATE SET {values} " if values else ""
        with self.stage(table, rows) as staged:
            self.execute(
                f"MERGE {name} AS stored USING {staged.name} AS merged ON {where} AND {on} "
                f"{update}WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({columns})",
                window if where is in_window else {},
            )
            found = self.execute(
                f"SELECT COUNT(*) AS row_count FROM {name} AS stored JOIN {staged.name} AS merged ON {on} "
                f"WHERE {in_window}",
                window,
            )
        read_back = int(found["row_count"][0].as_py())
        if read_back != rows.num_rows:
            raise WarehouseError(
                f"{name}: {rows.num_rows} rows merged, {read_back} read back: another writer changed them at the same "
                "time. Materialize again"
            )
        return read_back

    def read_weeks(self, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
        rows = self._read_streams(table, weeks)
        if rows is None:
            columns = ", ".join(table.column_names)
            rows = self.execute(
                f"SELECT {columns} FROM {table.qualified_name} "
                f"WHERE {table.date_column} BETWEEN @low AND @high AND week IN UNNEST(@weeks)",
                _window(weeks),
            )
        order = dict.fromkeys((table.date_column, *table.key))
        frame: pd.DataFrame = rows.sort_by([(column, "ascending") for column in order]).to_pandas()
        return frame

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        return self.execute(sql, parameters or {}).to_pandas()

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """The rows of a statement over declared tables; those of a MERGE are none."""
        text = self._in_datasets(sql)
        config = bigquery.QueryJobConfig(
            query_parameters=bound(parameters),
            maximum_bytes_billed=self.max_bytes_billed,
            labels=LABELS,
        )
        limit = self.connection.job_seconds
        with translate_errors(_in_short(text)):
            client = self._connected()
            answer = retry_transient(
                lambda: client.query_and_wait(
                    text, job_config=config, retry=ASK_ONCE, job_retry=ASK_ONCE, wait_timeout=limit
                ),
                self.wait_seconds,
            )
            return answer.to_arrow(create_bqstorage_client=False)

    def _in_datasets(self, sql: str) -> str:
        return DECLARED_NAME.sub(lambda declared: self.dataset_prefix + declared[0], sql)

    def _connected(self) -> bigquery.Client:
        if self._client is None:
            self._client = self.connection.open_client()
        return self._client

    def _create_tables(self) -> None:
        if not self._tables_are_there:
            with translate_errors(f"creating the tables in project {self.connection.project}"):
                client, limit = self._connected(), self.connection.job_seconds
                created = retry_transient(
                    lambda: bigquery_tables.create(client, self.dataset_prefix, ALL_TABLES, LABELS, limit),
                    self.wait_seconds,
                )
            self._tables_are_there = True
            if PUBLICATIONS in created and any(table not in created for table in WEEKLY_TABLES):
                self._take_over([table for table in WEEKLY_TABLES if table not in created])

    def _take_over(self, tables: Sequence[Table]) -> None:
        """Record the rows of tables from before publications were kept as published."""
        counted = " UNION ALL ".join(
            f"SELECT week, CONCAT('{table.dataset}.', '{table.name}') AS table_name, COUNT(*) AS row_count "
            f"FROM {table.qualified_name} "
            f"WHERE {table.date_column} >= DATE '1900-01-01' GROUP BY week"
            for table in tables
        )
        self.execute(
            f"INSERT INTO {PUBLICATIONS.qualified_name} (week, table_name, publication_id, row_count, published_at, "
            f"complete) SELECT week, table_name, 'taken over', row_count, CURRENT_TIMESTAMP(), TRUE FROM ({counted})",
            {},
        )
        dg.get_dagster_logger().warning(
            "the tables in BigQuery are from before publications were recorded: their rows were taken over as they "
            "are. Weeks without rows are asked for again when they are next needed"
        )

    def _load(self, table: Table, rows: pa.Table, name: str) -> None:
        """One load job into a table that expires; NULL is allowed there, so that the target's mode decides."""
        client = self._connected()
        schema = [field.__class__(field.name, field.field_type) for field in bigquery_tables.schema(table)]
        staged = bigquery.Table(f"{client.project}.{name}", schema)
        staged.expires = dt.datetime.now(dt.UTC) + STAGED_ROWS_EXPIRE
        staged.labels = LABELS
        file = io.BytesIO()
        pq.write_table(rows, file)
        config = bigquery.LoadJobConfig(
            schema=schema,
            source_format=bigquery.SourceFormat.PARQUET,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            labels=LABELS,
        )

        def load() -> None:
            file.seek(0)
            job = client.load_table_from_file(file, staged.reference, job_config=config, num_retries=0)
            job.result(retry=ASK_ONCE, timeout=self.connection.job_seconds)

        with translate_errors(f"loading {rows.num_rows} rows beside {table.qualified_name}"):
            retry_transient(lambda: client.create_table(staged, exists_ok=True, retry=ASK_ONCE), self.wait_seconds)
            retry_transient(load, self.wait_seconds)

    def _drop(self, name: str) -> None:
        client, retry = self._connected(), bigquery.DEFAULT_RETRY.with_timeout(self.connection.request_seconds)
        with translate_errors(
            f"dropping {name}", otherwise=f"The rows stand; the staged ones expire in {STAGED_ROWS_EXPIRE}"
        ):
            client.delete_table(f"{client.project}.{name}", not_found_ok=True, retry=retry)

    def _read_streams(self, table: Table, weeks: Sequence[dt.date]) -> pa.Table | None:
        """The weeks through the Storage Read API, unordered; None where it is not available."""
        if self._rest_only:
            return None
        window = _window(weeks)
        listed = ", ".join(f"'{week}'" for week in weeks)
        doing = f"reading {table.qualified_name} from {window['low']} to {window['high']}"
        with translate_errors(doing, otherwise="Materialize again"):
            try:
                read = self.connection.read_streams(
                    f"{self.dataset_prefix}{table.dataset}",
                    table.name,
                    columns=table.column_names,
                    where=f"{table.date_column} BETWEEN '{window['low']}' AND '{window['high']}' "
                    f"AND week IN ({listed})",
                    max_bytes=self.max_bytes_billed,
                )
            except NotFound as error:
                raise WarehouseError(f"{doing}: it is not there: materialize the upstream tables first") from error
            except GoogleAPICallError as error:
                if int(error.code or 0) not in REST_ONLY:
                    raise
                read = None
        self._rest_only = read is None
        return read


def _window(weeks: Sequence[dt.date]) -> dict[str, Any]:
    return {"low": min(weeks), "high": last_day(max(weeks)), "weeks": list(weeks)}


def _rows_by_week(rows: pa.Table) -> dict[dt.date, int]:
    counts = rows.group_by("week").aggregate([([], "count_all")]).to_pylist()
    return {row["week"]: row["count_all"] for row in counts}


def _require_equal(
    written: Mapping[dt.date, int], read_back: Mapping[dt.date, int], table: Table, consequence: str
) -> None:
    for week in sorted({*written, *read_back}):
        if written.get(week, 0) != read_back.get(week, 0):
            raise WarehouseError(
                f"{table.qualified_name}, week {week}: {written.get(week, 0)} rows were written but "
                f"{read_back.get(week, 0)} read back; {consequence}. Materialize the week again"
            )


def _in_short(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
