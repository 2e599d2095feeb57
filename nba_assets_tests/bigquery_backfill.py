"""`python -m nba_assets_tests.bigquery_backfill [FIRST LAST [ROUNDS]]`: the replay backfilled into DuckDB and into the
BigQuery emulator in turn, how long each took, and whether their tables are equal.

Without dates it is the whole history, which takes a quarter of an hour. Columns are compared value by value, floats
too: nothing is rounded.
"""

import datetime as dt
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from google.cloud import bigquery

from nba_assets.partitions import season_of, weeks_between
from nba_assets.tables import ALL_TABLES, PUBLICATIONS, WEEKLY_TABLES, Table
from nba_assets.warehouse.bigquery import BigQueryWarehouse
from nba_assets.warehouse.bigquery_connection import BigQueryConnection
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse
from nba_assets_tests.bench import HISTORY, WHOLE, measure
from nba_assets_tests.conftest import SHARED
from nba_assets_tests.support.command_line import replay_project, replaying
from nba_assets_tests.support.emulators import PROJECT, BigQueryEmulator, bigquery_emulator

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


def compared(one: Warehouse, other: Warehouse, weeks: Sequence[dt.date]) -> tuple[dict[str, pa.Table], list[str]]:
    """Every table of `one`, and the columns whose values are not those in `other`, as table.column."""
    rows, differing = {}, []
    for table in (table for table in ALL_TABLES if table is not PUBLICATIONS):  # ids and times of their own
        expected, found = (to_arrow(_whole(warehouse, table, weeks), table) for warehouse in (one, other))
        rows[table.name] = expected
        for column in table.column_names:
            if column not in CLOCKS and not found[column].equals(expected[column]):
                differing.append(f"{table.name}.{column}")
    return rows, differing


def _whole(warehouse: Warehouse, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
    if table in WEEKLY_TABLES:
        return warehouse.read_weeks(table, weeks)
    columns, key = ", ".join(table.column_names), ", ".join(table.key)
    return warehouse.query(f"SELECT {columns} FROM {table.qualified_name} ORDER BY {key}")


def jobs_told(warehouse: BigQueryWarehouse) -> str:
    """How many jobs were run on the warehouse's datasets, and the least that Google would bill for them."""
    name = re.compile(rf"\b{warehouse.dataset_prefix}nba_\w+\.\w+")
    kinds, tables = Counter[str](), 0
    for job in warehouse._connected().list_jobs(page_size=100_000):
        if isinstance(job, bigquery.LoadJob) and job.destination.dataset_id.startswith(warehouse.dataset_prefix):
            kinds["load"] += 1
        elif isinstance(job, bigquery.QueryJob) and name.search(job.query):
            kinds[str(job.statement_type)] += 1
            tables += len(set(name.findall(job.query)))
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"jobs: {told}; they read {tables} tables, billed as 10 MB each at least: {tables / 100:.1f} GB"


def stored_bytes(rows: pa.Table) -> int:
    """By Google's rule: 8 bytes a number, date or instant, 1 a boolean, 2 and its length a text, none a NULL."""
    size = 0
    for column in rows.columns:
        known = len(column) - column.null_count
        if pa.types.is_string(column.type):
            size += 2 * known + (pc.sum(pc.binary_length(column)).as_py() or 0)
        else:
            size += known * (1 if pa.types.is_boolean(column.type) else 8)
    return size


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
                if project is in_bigquery:
                    print(jobs_told(open_bigquery(running, prefix)), flush=True)
                for season in sorted({season_of(week) for week in weeks}):
                    measure(f"{name}, rosters of {season}", (*ROSTERS, str(season)), (first, last), project)
        duckdb = DuckDBWarehouse(path=str(in_duckdb.warehouse))
        rows, differing = compared(duckdb, open_bigquery(running, prefix), weeks)
    for name, table in rows.items():
        print(f"{name:<24} {table.num_rows:>9,} rows {stored_bytes(table) / 1e6:8.2f} MB stored")
    print(f"{len(differing)} columns differ {', '.join(differing)}".rstrip())
    return len(differing)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    first, last = arguments[:2] or HISTORY
    sys.exit(main(first, last, rounds=int(arguments[2]) if len(arguments) > 2 else 1) > 0)
