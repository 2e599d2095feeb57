"""`python -m nba_assets_tests.bigquery_backfill [FIRST LAST [ROUNDS]]`: the replay backfilled into DuckDB and into the
BigQuery emulator in turn, how long each took, and whether their tables are equal.

Without dates it is the whole history, which takes a quarter of an hour. Columns are compared value by value, floats
too: nothing is rounded.
"""

import datetime as dt
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nba_assets.partitions import season_of, weeks_between
from nba_assets.tables import ALL_TABLES, WEEKLY_TABLES, Table
from nba_assets.warehouse.bigquery import BigQueryWarehouse
from nba_assets.warehouse.bigquery_connection import BigQueryConnection
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import conform
from nba_assets.warehouse.interface import Warehouse
from nba_assets_tests.bench import HISTORY, WHOLE, measure
from nba_assets_tests.conftest import SHARED, replay_project, replaying
from nba_assets_tests.emulators import PROJECT, BigQueryEmulator, bigquery_emulator

ROSTERS = ("nba_assets", "rosters", "--season")
FAST = {"BASKETBALL_REFERENCE_REQUESTS_PER_MINUTE": "60000"}
CLOCKS = {"fetched_at", "compared_at"}  # when a run did something, which differs from run to run


def open_bigquery(running: BigQueryEmulator, dataset_prefix: str) -> BigQueryWarehouse:
    connection = BigQueryConnection(
        project=PROJECT, location="US", endpoint=running.endpoint, storage_endpoint=running.storage_endpoint
    )
    return BigQueryWarehouse(connection=connection, dataset_prefix=dataset_prefix)


def variables(running: BigQueryEmulator, dataset_prefix: str) -> dict[str, str]:
    """What tells the project to keep its tables there."""
    return {
        "NBA_WAREHOUSE": "bigquery",
        "NBA_BIGQUERY_PROJECT": PROJECT,
        "NBA_BIGQUERY_ENDPOINT": running.endpoint,
        "NBA_BIGQUERY_STORAGE_ENDPOINT": running.storage_endpoint,
        "NBA_DATASET_PREFIX": dataset_prefix,
    }


def compared(one: Warehouse, other: Warehouse, weeks: Sequence[dt.date]) -> tuple[dict[str, int], list[str]]:
    """The rows of every table in `one`, and the columns whose values are not those in `other`, as table.column."""
    rows, differing = {}, []
    for table in ALL_TABLES:
        expected, found = (conform(_whole(warehouse, table, weeks), table) for warehouse in (one, other))
        rows[table.name] = expected.num_rows
        for column in table.column_names:
            if column not in CLOCKS and not found[column].equals(expected[column]):
                differing.append(f"{table.name}.{column}")
    return rows, differing


def _whole(warehouse: Warehouse, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
    if table in WEEKLY_TABLES:
        return warehouse.read_weeks(table, weeks)
    columns, key = ", ".join(table.column_names), ", ".join(table.key)
    return warehouse.query(f"SELECT {columns} FROM {table.qualified_name} ORDER BY {key}")


def main(first: str, last: str, rounds: int) -> int:
    """How many columns differ."""
    weeks = weeks_between(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    with (
        tempfile.TemporaryDirectory() as folder,
        bigquery_emulator() as running,
        replaying(SHARED, "--today", "2024-05-01") as replay,
    ):
        for number in range(1, rounds + 1):
            prefix = f"round_{number}_"
            in_duckdb = replay_project(Path(folder) / f"{prefix}duckdb", replay, **FAST)
            in_bigquery = replay_project(
                Path(folder) / f"{prefix}bigquery", replay, **FAST, **variables(running, prefix)
            )
            beside = None
            for name, project in (("DuckDB", in_duckdb), ("BigQuery emulator", in_bigquery)):
                beside = measure(f"{name}, {len(weeks)} weeks", WHOLE, (first, last), project, beside)
                for season in sorted({season_of(week) for week in weeks}):
                    measure(f"{name}, rosters of {season}", (*ROSTERS, str(season)), (first, last), project)
        duckdb = DuckDBWarehouse(path=str(in_duckdb.warehouse))
        rows, differing = compared(duckdb, open_bigquery(running, prefix), weeks)
    print("; ".join(f"{name} {count:,} rows" for name, count in rows.items()))
    print(f"{len(differing)} columns differ {', '.join(differing)}".rstrip())
    return len(differing)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    first, last = arguments[:2] or HISTORY
    sys.exit(main(first, last, rounds=int(arguments[2]) if len(arguments) > 2 else 1) > 0)
