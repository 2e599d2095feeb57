"""The declared tables in DuckDB; adds what a file of an earlier version lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
import tenacity

from nba_assets.errors import WarehouseError
from nba_assets.tables import ALL_TABLES, PUBLICATIONS, WEEKLY_TABLES, Table, Type

DUCKDB_TYPES: dict[Type, str] = {
    Type.INTEGER: "BIGINT",
    Type.FLOAT: "DOUBLE",
    Type.TEXT: "VARCHAR",
    Type.BOOLEAN: "BOOLEAN",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP WITH TIME ZONE",
}
Columns = dict[tuple[str, str], dict[str, str]]  # by dataset and table: the type of each stored column


def is_outdated(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file has tables but lacks declared tables or columns."""
    stored = _stored_columns(connection)
    return bool(stored) and any(
        column.name not in stored.get((table.dataset, table.name), {})
        for table in ALL_TABLES
        for column in table.columns
    )


def _is_conflict(error: BaseException) -> bool:
    """Whether another thread of this process created the same table at the same time."""
    return isinstance(error, duckdb.TransactionException) and "write-write conflict" in str(error)


@tenacity.retry(
    retry=tenacity.retry_if_exception(_is_conflict),
    wait=tenacity.wait_random_exponential(multiplier=0.02, max=1.0),
    stop=tenacity.stop_after_delay(30),
    reraise=True,
)
def create_tables(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    """Create missing tables and columns; refuse a stored column of another type.

    In a file older than PUBLICATIONS, the stored rows are recorded as published.
    """
    with transaction(connection):
        stored = _stored_columns(connection)
        for table in ALL_TABLES:
            columns = stored.get((table.dataset, table.name))
            if columns is None:
                declared = ", ".join(f"{column.name} {DUCKDB_TYPES[column.type]}" for column in table.columns)
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.dataset}")
                connection.execute(f"CREATE TABLE IF NOT EXISTS {table.qualified_name} ({declared})")
            else:
                _add_missing_columns(connection, path, table, columns)
        known = [table for table in WEEKLY_TABLES if (table.dataset, table.name) in stored]
        if known and (PUBLICATIONS.dataset, PUBLICATIONS.name) not in stored:
            _take_over(connection, path, known)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _stored_columns(connection: duckdb.DuckDBPyConnection) -> Columns:
    stored: Columns = {}
    for schema, name, column, type_ in connection.execute(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
    ).fetchall():
        stored.setdefault((schema, name), {})[column] = type_
    return stored


def _add_missing_columns(
    connection: duckdb.DuckDBPyConnection, path: str, table: Table, stored: dict[str, str]
) -> None:
    for column in table.columns:
        declared = DUCKDB_TYPES[column.type]
        if column.name not in stored:
            connection.execute(f"ALTER TABLE {table.qualified_name} ADD COLUMN {column.name} {declared}")
        elif stored[column.name] != declared:
            raise WarehouseError(
                f"{table.qualified_name}.{column.name} is {stored[column.name]} in {path} but declared {declared}: "
                "move the file away and backfill again"
            )


def _take_over(connection: duckdb.DuckDBPyConnection, path: str, tables: list[Table]) -> None:
    for table in tables:
        connection.execute(
            f"INSERT INTO {PUBLICATIONS.qualified_name} BY NAME SELECT week, count(*) AS row_count, "
            "$name AS table_name, 'taken over' AS publication_id, now() AS published_at, true AS complete "
            f"FROM {table.qualified_name} GROUP BY week",
            {"name": table.qualified_name},
        )
    (weeks,) = connection.execute(f"SELECT count(DISTINCT week) FROM {PUBLICATIONS.qualified_name}").fetchone() or (0,)
    dg.get_dagster_logger().warning(
        f"{path} is from before publications were recorded: the rows of {weeks} weeks were recorded as published. "
        "Weeks without rows are fetched again when they are next needed"
    )
