"""The warehouse in BigQuery."""

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
from nba_assets.warehouse.bigquery_errors import NO_RETRY, retry_transient, translate_errors
from nba_assets.warehouse.bigquery_parameters import bound
from nba_assets.warehouse.bigquery_staged import BigQueryStaged
from nba_assets.warehouse.counts import require_unique_keys
from nba_assets.warehouse.interface import Warehouse, window_parameters

DECLARED_NAME = re.compile(r"\b(?:" + "|".join(re.escape(table.qualified_name) for table in ALL_TABLES) + r")\b")
STAGED_ROWS_EXPIRE = dt.timedelta(hours=6)  # also removes what a killed process leaves behind
LABELS = {"application": "nba_assets"}
REST_ONLY = {401, 403, 501, 503}  # statuses of the Storage Read API after which REST is used instead


class BigQueryWarehouse(Warehouse):
    """Tables in the datasets `dataset_prefix` + nba_raw, nba_analytics, …, created by the first write.

    max_bytes_billed: BigQuery refuses a query that would scan more, at no cost. wait_seconds: the longest wait for
    other writers and rate limits.
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
            yield BigQueryStaged(self.execute, table, rows, name)
        except BaseException:
            with suppress(WarehouseError):  # report the first failure; staged rows expire anyway
                self._drop(name)
            raise
        self._drop(name)

    def merge(self, table: Table, rows: pa.Table) -> int:
        name = table.qualified_name
        require_unique_keys(table, rows)
        self._create_tables()
        if not rows.num_rows:
            return 0
        on = " AND ".join(f"stored.{key} = merged.{key}" for key in table.key)
        dates = pc.min_max(rows[table.date_column]).as_py()
        window = {"first_day": dates["min"], "last_day": dates["max"]}
        in_window = f"stored.{table.date_column} BETWEEN @first_day AND @last_day"
        # If the date is not in the key, it may have changed: then the condition names all partitions.
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
            sql = (
                f"SELECT {columns} FROM {table.qualified_name} "
                f"WHERE {table.date_column} BETWEEN @first_day AND @last_day AND week IN UNNEST(@weeks)"
            )
            rows = self.execute(sql, window_parameters(sql, weeks))
        order = dict.fromkeys((table.date_column, *table.key))
        frame: pd.DataFrame = rows.sort_by([(column, "ascending") for column in order]).to_pandas()
        return frame

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        return self.execute(sql, parameters or {}).to_pandas()

    def execute(self, sql: str, parameters: Mapping[str, Any]) -> pa.Table:
        """The rows that a statement returns; none for a MERGE."""
        text = self._in_datasets(sql)
        config = bigquery.QueryJobConfig(
            query_parameters=bound(parameters),
            maximum_bytes_billed=self.max_bytes_billed,
            labels=LABELS,
        )
        limit = self.connection.job_seconds
        with translate_errors(_abbreviated(text)):
            client = self._connected()
            rows = retry_transient(
                lambda: client.query_and_wait(
                    text, job_config=config, retry=NO_RETRY, job_retry=NO_RETRY, wait_timeout=limit
                ),
                self.wait_seconds,
            )
            return rows.to_arrow(create_bqstorage_client=False)

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
        """Record the rows of tables older than PUBLICATIONS as published."""
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
            "the tables in BigQuery are from before publications were recorded: their rows were recorded as published. "
            "Weeks without rows are fetched again when they are next needed"
        )

    def _load(self, table: Table, rows: pa.Table, name: str) -> None:
        """Load the rows into a table that expires. Its columns allow NULL; the MERGE checks the target's modes."""
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
            job.result(retry=NO_RETRY, timeout=self.connection.job_seconds)

        with translate_errors(f"loading {rows.num_rows} rows beside {table.qualified_name}"):
            retry_transient(lambda: client.create_table(staged, exists_ok=True, retry=NO_RETRY), self.wait_seconds)
            retry_transient(load, self.wait_seconds)

    def _drop(self, name: str) -> None:
        client, retry = self._connected(), bigquery.DEFAULT_RETRY.with_timeout(self.connection.request_seconds)
        with translate_errors(
            f"dropping {name}", otherwise=f"Published rows are safe; the staged ones expire in {STAGED_ROWS_EXPIRE}"
        ):
            client.delete_table(f"{client.project}.{name}", not_found_ok=True, retry=retry)

    def _read_streams(self, table: Table, weeks: Sequence[dt.date]) -> pa.Table | None:
        """The weeks' rows through the Storage Read API, unordered; None if it is not available."""
        if self._rest_only:
            return None
        first, last = min(weeks), last_day(max(weeks))
        listed = ", ".join(f"'{week}'" for week in weeks)
        doing = f"reading {table.qualified_name} from {first} to {last}"
        with translate_errors(doing, otherwise="Materialize again"):
            try:
                read = self.connection.read_streams(
                    f"{self.dataset_prefix}{table.dataset}",
                    table.name,
                    columns=table.column_names,
                    where=f"{table.date_column} BETWEEN '{first}' AND '{last}' AND week IN ({listed})",
                    max_bytes=self.max_bytes_billed,
                )
            except NotFound as error:
                raise WarehouseError(f"{doing}: no such table: materialize the upstream tables first") from error
            except GoogleAPICallError as error:
                if int(error.code or 0) not in REST_ONLY:
                    raise
                read = None
        self._rest_only = read is None
        return read


def _abbreviated(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
