"""Rows and what is recorded of them are read as they belong together, whatever other runs write meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from nba_assets.errors import WarehouseUnavailable
from nba_assets.tables import BDL_GAMES, Table
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Reader
from nba_assets.weekly import load
from nba_assets.weekly.load import Input
from nba_assets_tests.support.small_week import WEEK, league_week


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")
    write(warehouse, 3)
    return warehouse


def write(warehouse: DuckDBWarehouse, games: int) -> None:
    with warehouse.stage(BDL_GAMES, to_arrow(league_week(games=games).games, BDL_GAMES)) as staged:
        staged.publish([WEEK])


def complete(warehouse: DuckDBWarehouse, is_complete: bool) -> None:
    with duckdb.connect(warehouse.path) as connection:
        connection.execute(f"UPDATE nba_validation.publications SET complete = {is_complete}")


def read_together(warehouse: DuckDBWarehouse) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """As from a warehouse in which others write between two reads, as BigQuery is."""
    reader = Reader(warehouse.query, warehouse.read_weeks)
    inputs = {"bdl_games": Input(BDL_GAMES)}
    return load._read_together(reader, inputs, inputs.values(), [WEEK])


def while_waiting(monkeypatch: pytest.MonkeyPatch, *others: Callable[[], None]) -> list[float]:
    """What other runs do during each wait, instead of time passing; the waits."""
    doing, waits = iter(others), list[float]()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        next(doing, lambda: None)()

    monkeypatch.setattr("nba_assets.weekly.load.time.sleep", wait)
    return waits


def test_a_week_in_the_middle_of_a_write_is_waited_for(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(warehouse, False)
    waits = while_waiting(monkeypatch, lambda: None, lambda: complete(warehouse, True))
    recorded, frames = read_together(warehouse)
    assert waits == [1.0, 2.0]
    assert (recorded["intact"].tolist(), len(frames["bdl_games"])) == ([True], 3)


def test_a_week_whose_writing_was_interrupted_counts_as_damaged_in_the_end(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(warehouse, False)
    waits = while_waiting(monkeypatch)
    recorded, _ = read_together(warehouse)
    assert waits == list(load.WAITS)
    assert recorded["intact"].tolist() == [False]


def test_rows_that_change_at_every_read_are_an_error_that_may_pass(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_waiting(monkeypatch)
    reads = iter(range(4, 40))

    def overtaken(table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
        write(warehouse, next(reads))
        return warehouse.read_weeks(table, weeks)

    reader = Reader(warehouse.query, overtaken)
    inputs = {"bdl_games": Input(BDL_GAMES)}
    with pytest.raises(WarehouseUnavailable, match=r"other runs published nba_raw.bdl_games during each of 6 attempts"):
        load._read_together(reader, inputs, inputs.values(), [WEEK])
