"""The warehouse in one DuckDB file, on one machine; processes that write wait for each other."""

from __future__ import annotations

import dataclasses
import datetime as dt
import fcntl
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa
import tenacity
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from pydantic import PrivateAttr

from nba_assets.errors import WarehouseError, WarehouseUnavailable
from nba_assets.tables import PUBLICATIONS, Table
from nba_assets.warehouse.counts import require_equal_counts, require_unique_keys
from nba_assets.warehouse.duckdb_tables import create_tables, is_outdated, transaction
from nba_assets.warehouse.interface import Publication, Reader, Staged, Warehouse

SIGNS_OF_DAMAGE = ("not a valid DuckDB database", "Corrupt", "checksum")
WAIT_AFTER_TIMEOUT = 5.0  # seconds
ON_THIS_MACHINE = (dg.DefaultRunLauncher, SyncInMemoryRunLauncher)
CANNOT_OPEN = (duckdb.IOException, duckdb.ConnectionException, duckdb.ResourceInUseException, OSError)
# A full disk raises an IOException while rows are written and a TransactionException at the commit.
CANNOT_USE = (duckdb.IOException, duckdb.TransactionException, duckdb.OutOfMemoryException, duckdb.FatalException)


class DuckDBStaged(Staged):
    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table):
        self.name = f"temp.main.staged_{table.name}"
        self._connection = connection
        self._table = table

    def query(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        return _select(self._connection, sql, parameters)

    def publish(self, weeks: Sequence[dt.date], publication: Publication | None = None) -> dict[dt.date, int]:
        table = self._table.qualified_name
        chosen = {"weeks": list(weeks)}
        in_weeks = "WHERE week IN (SELECT unnest($weeks))"
        with transaction(self._connection):
            self._connection.execute(f"DELETE FROM {table} {in_weeks}", chosen)
            self._connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM {self.name} {in_weeks}", chosen)
            staged, stored = (
                dict(self._connection.execute(
                    f"SELECT week, count(*) FROM {source} {in_weeks} GROUP BY week", chosen
                ).fetchall())
                for source in (self.name, table)
            )  # fmt: skip
            consequence = "the write was undone; if this repeats, check the disk"
            require_equal_counts(staged, stored, self._table, consequence)
            written = {week: stored.get(week, 0) for week in weeks}
            _record(self._connection, table, written, publication or Publication())
        return written


class DuckDBWarehouse(Warehouse):
    """Tables in the DuckDB file `path`, created by the first write; wait_seconds: the longest wait for its lock."""

    path: str
    wait_seconds: float = 300.0
    _up_to_date: bool = PrivateAttr(default=False)
    _was_locked: bool = PrivateAttr(default=False)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse a run whose launcher may start it on another machine, which does not have this file."""
        launcher = context.instance.run_launcher if context.instance else None
        if launcher and not isinstance(launcher, ON_THIS_MACHINE):
            raise WarehouseError(
                f"{self.path} is a file of one machine, and {type(launcher).__name__} starts runs on others: set "
                "NBA_WAREHOUSE=bigquery, or take run_launcher out of dagster.yaml. Nothing was changed"
            )

    def is_there(self) -> bool:
        return Path(self.path).exists()

    @contextmanager
    def stage(self, table: Table, rows: pa.Table) -> Iterator[DuckDBStaged]:
        with self._connection(read_only=False) as connection:
            create_tables(connection, self.path)
            staged = DuckDBStaged(connection, table)
            connection.register("rows_to_stage", rows)
            connection.execute(f"CREATE TEMP TABLE staged_{table.name} AS SELECT * FROM rows_to_stage")
            connection.unregister("rows_to_stage")
            yield staged

    def merge(self, table: Table, rows: pa.Table) -> int:
        name, on = table.qualified_name, " AND ".join(f"stored.{key} = merged.{key}" for key in table.key)
        values = ", ".join(f"{column} = merged.{column}" for column in table.column_names if column not in table.key)
        with self._connection(read_only=False) as connection:
            create_tables(connection, self.path)
            connection.register("merged", rows)
            require_unique_keys(table, rows)
            with transaction(connection):
                connection.execute(
                    f"MERGE INTO {name} AS stored USING merged ON {on} WHEN MATCHED THEN UPDATE SET {values} "
                    "WHEN NOT MATCHED THEN INSERT BY NAME"
                )
                found = f"SELECT count(*) FROM {name} AS stored SEMI JOIN merged ON {on}"
                (read_back,) = connection.execute(found).fetchone() or (0,)
                if read_back != rows.num_rows:
                    raise WarehouseError(
                        f"{name}: {rows.num_rows} rows merged, {read_back} read back; the write was undone"
                    )
        return int(read_back)

    def read_weeks(self, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
        with self.reading() as reader:
            return reader.read_weeks(table, weeks)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        with self.reading() as reader:
            return reader.query(sql, parameters or {})

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """No other process writes during the block, so all reads see the same state."""
        if not self.is_there():
            raise WarehouseError(f"{self.path} does not exist yet: materialize a week first, or set NBA_WAREHOUSE_PATH")
        self._bring_up_to_date()
        with self._connection(read_only=True) as connection:
            yield Reader(
                functools.partial(_select, connection), functools.partial(_read_weeks, connection), consistent=True
            )

    def _bring_up_to_date(self) -> None:
        """Add tables and columns that were declared after the file was written, so that reads find them."""
        if self._up_to_date:
            return
        with self._connection(read_only=True) as connection:
            outdated = is_outdated(connection)
        if outdated:
            with self._connection(read_only=False) as connection:
                create_tables(connection, self.path)
        self._up_to_date = True

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection, to be kept short: while it is open, the file's lock keeps other processes out."""
        with ExitStack() as stack:
            try:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                if not read_only:
                    stack.enter_context(self._write_lock())
                connection = self._open(read_only)
            except CANNOT_OPEN as error:
                self._was_locked = _was_busy(error)
                kind = WarehouseUnavailable if self._was_locked else WarehouseError
                raise kind(f"{self.path} cannot be opened: {_reason(error)}") from error
            self._was_locked = False
            try:
                yield connection
            except CANNOT_USE as error:
                raise WarehouseError(f"{self.path} cannot be used: {_reason(error)}") from error
            finally:
                connection.close()

    def _patience(self) -> float:
        """Seconds to wait for the lock: few after a timeout, or each step of a run would wait the full time."""
        return min(self.wait_seconds, WAIT_AFTER_TIMEOUT) if self._was_locked else self.wait_seconds

    @contextmanager
    def _write_lock(self) -> Iterator[None]:
        """A lock of our own: DuckDB's lets a process overwrite a file that another created at the same moment."""
        with Path(f"{self.path}.lock").open("w") as lock:
            attempts = tenacity.Retrying(
                retry=tenacity.retry_if_exception_type(BlockingIOError),
                wait=tenacity.wait_random(0.01, 0.1),
                stop=tenacity.stop_after_delay(self._patience()),
                reraise=True,
            )
            attempts(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def _open(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_busy),
            wait=tenacity.wait_random_exponential(multiplier=0.02, max=1.0),
            stop=tenacity.stop_after_delay(self._patience()),
            reraise=True,
        )
        return attempts(duckdb.connect, self.path, read_only=read_only)


def _is_busy(error: BaseException) -> bool:
    """Whether another process, or a connection of another mode in this process, has the file open."""
    return isinstance(error, CANNOT_OPEN) and any(
        words in str(error) for words in ("lock", "different configuration", "already attached")
    )


def _was_busy(error: Exception) -> bool:
    """Whether other processes held the file or the write lock for the whole wait."""
    return _is_busy(error) or isinstance(error, BlockingIOError)


def _reason(error: Exception) -> str:
    text = str(error)
    if _was_busy(error):
        holder = re.search(r"held in (\S+) \(PID (\d+)\)", text)
        by = f"{holder[1]} (process {holder[2]})" if holder else "another program"
        return f"{by} kept it locked for the whole wait. Close it, then materialize again; nothing was changed"
    first_line = text.splitlines()[0] if text else type(error).__name__
    if any(sign in text for sign in SIGNS_OF_DAMAGE):
        return f"{first_line} Put a copy back in its place, or move it away and backfill again; nothing was changed"
    return f"{first_line}. Free space or fix permissions, then materialize again; stored weeks are unchanged"


def _read_weeks(connection: duckdb.DuckDBPyConnection, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
    order = ", ".join(dict.fromkeys((table.date_column, *table.key)))
    columns = ", ".join(table.column_names)
    return _select(
        connection,
        f"SELECT {columns} FROM {table.qualified_name} WHERE week IN (SELECT unnest(@weeks)) ORDER BY {order}",
        {"weeks": list(weeks)},
    )


def _record(
    connection: duckdb.DuckDBPyConnection, table: str, written: Mapping[dt.date, int], publication: Publication
) -> None:
    """Record each week's publication; published_at always grows, even if the clock was set back."""
    connection.execute(
        f"INSERT INTO {PUBLICATIONS.qualified_name} BY NAME "
        "SELECT unnest($weeks) AS week, unnest($row_counts) AS row_count, $table_name AS table_name, "
        "$publication_id AS publication_id, $run_id AS run_id, $code_version AS code_version, "
        "$read_up_to::TIMESTAMPTZ AS read_up_to, true AS complete, "
        f"(SELECT greatest($now, max(published_at) + INTERVAL 1 MICROSECOND) FROM {PUBLICATIONS.qualified_name}) "
        "AS published_at",
        {
            "weeks": list(written),
            "row_counts": list(written.values()),
            "table_name": table,
            "now": dt.datetime.now(dt.UTC),
            **dataclasses.asdict(publication),
        },
    )


def _select(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
    text = re.sub(r"@(\w+)", r"$\1", sql)
    try:
        rows = connection.sql(text, params=dict(parameters)).to_arrow_table()
    except duckdb.CatalogException as error:
        raise WarehouseError(f"{str(error).splitlines()[0]}: materialize the upstream tables first") from error
    return rows.to_pandas()
