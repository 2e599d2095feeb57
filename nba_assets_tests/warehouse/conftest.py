"""The warehouses that the storage contract is held against, each empty and its own."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nba_assets.warehouse.bigquery_staged import BigQueryStaged
from nba_assets.warehouse.duckdb import DuckDBStaged, DuckDBWarehouse
from nba_assets.warehouse.interface import Staged, Warehouse
from nba_assets_tests.bigquery_backfill import open_bigquery
from nba_assets_tests.support.emulators import BigQueryEmulator, bigquery_emulator


@dataclass(frozen=True)
class Storage:
    """A kind of warehouse under test.

    open: gives the warehouse, here or in another process. lose_rows: changes staged rows so that some are lost between
    writing and reading them back.
    """

    open: Callable[[], Warehouse]
    lose_rows: Callable[[Staged], None]


def duckdb_storage(folder: Path) -> Storage:
    return Storage(functools.partial(DuckDBWarehouse, path=f"{folder}/nba.duckdb"), lose_rows_in_duckdb)


def lose_rows_in_duckdb(staged: Staged) -> None:
    """A view in the place of the staged rows, which gives its rows to the first reader only."""
    assert isinstance(staged, DuckDBStaged)
    for statement in (
        f"CREATE TEMP TABLE kept AS FROM {staged.name}",
        f"DROP TABLE {staged.name}",
        "CREATE TEMP SEQUENCE reads",
        f"CREATE TEMP VIEW {staged.name.split('.')[-1]} AS SELECT * FROM kept WHERE nextval('reads') = 1",
    ):
        staged._connection.execute(statement)


@pytest.fixture(scope="session")
def bigquery() -> Iterator[BigQueryEmulator]:
    """A BigQuery protocol server, shared by all tests of a process."""
    with bigquery_emulator() as running:
        yield running


def bigquery_storage(running: BigQueryEmulator) -> Storage:
    return Storage(functools.partial(open_bigquery, running, f"t{uuid.uuid4().hex[:8]}_"), lose_rows_in_bigquery)


def lose_rows_in_bigquery(staged: Staged) -> None:
    """A load that kept only some rows: BigQuery cannot take a MERGE back, so it must not come to one."""
    assert isinstance(staged, BigQueryStaged)
    staged._execute(f"DELETE FROM {staged.name} WHERE game_id = (SELECT MIN(game_id) FROM {staged.name} AS kept)", {})


@pytest.fixture(params=["duckdb", "bigquery"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "duckdb":
        return duckdb_storage(tmp_path)
    return bigquery_storage(request.getfixturevalue("bigquery"))


@pytest.fixture
def warehouse(storage: Storage) -> Warehouse:
    return storage.open()
