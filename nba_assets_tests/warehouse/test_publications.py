"""What each warehouse records of every publication beside the rows, and how a gap between the two is found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PUBLICATIONS
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Publication, Warehouse
from nba_assets.weekly.publications import newest_publications, weeks_published_by
from nba_assets_tests.support.small_week import WEEK, league_week

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]


def write(warehouse: Warehouse, *weeks: dt.date, games: int = 3, run_id: str = "a run", cleared: bool = False) -> None:
    frames = {week: league_week(week, games).games for week in weeks}
    with warehouse.stage(BDL_GAMES, to_arrow(frames[weeks[0]].iloc[: 0 if cleared else None], BDL_GAMES)) as staged:
        staged.publish(weeks, Publication(run_id=run_id, code_version="7"))


def recorded(warehouse: Warehouse) -> dict[dt.date, tuple[object, ...]]:
    rows = newest_publications(warehouse.query, [BDL_GAMES, BDL_PLAYER_BOXSCORES], WEEKS)
    assert set(rows["table_name"]) <= {BDL_GAMES.qualified_name}
    return {row["week"]: (row["run_id"], row["row_count"], row["intact"]) for row in rows.to_dict("records")}


def test_the_newest_publication_counts_and_weeks_without_rows_have_one_too(warehouse: Warehouse) -> None:
    write(warehouse, FIRST, run_id="one")
    write(warehouse, FIRST, games=5, run_id="two")
    write(warehouse, SECOND, cleared=True, run_id="three")
    assert recorded(warehouse) == {FIRST: ("two", 5, True), SECOND: ("three", 0, True)}
    (version,) = set(newest_publications(warehouse.query, [BDL_GAMES], WEEKS)["code_version"])
    assert version == "7"


def test_a_run_has_published_what_another_has_published_since(warehouse: Warehouse) -> None:
    write(warehouse, FIRST, run_id="one")
    write(warehouse, SECOND, run_id="one")
    write(warehouse, FIRST, run_id="two")
    assert weeks_published_by(warehouse.query, "one", BDL_GAMES, WEEKS) == {FIRST, SECOND}
    assert weeks_published_by(warehouse.query, "one", BDL_GAMES, [SECOND, THIRD]) == {SECOND}
    assert weeks_published_by(warehouse.query, "two", BDL_GAMES, WEEKS) == {FIRST}
    assert weeks_published_by(warehouse.query, "one", BDL_PLAYER_BOXSCORES, WEEKS) == set()


def test_rows_that_went_missing_are_found(warehouse: Warehouse) -> None:
    write(warehouse, FIRST)
    write(warehouse, SECOND)
    delete = f"DELETE FROM {BDL_GAMES.qualified_name} WHERE week = DATE '{FIRST}' AND game_date <= DATE '{FIRST}'"
    if isinstance(warehouse, DuckDBWarehouse):
        with duckdb.connect(warehouse.path) as connection:
            connection.execute(delete)
    else:
        warehouse.execute(delete, {})  # type: ignore[attr-defined]
    assert [intact for _, _, intact in recorded(warehouse).values()] == [False, True]


def test_what_a_file_held_before_publications_were_kept_is_taken_over_at_the_first_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"{tmp_path}/old.duckdb"
    write(DuckDBWarehouse(path=path), FIRST)
    write(DuckDBWarehouse(path=path), SECOND, cleared=True)
    with duckdb.connect(path) as connection:
        connection.execute(f"DROP TABLE {PUBLICATIONS.qualified_name}")
    assert recorded(DuckDBWarehouse(path=path)) == {FIRST: (None, 3, True)}
    write(DuckDBWarehouse(path=path), THIRD)
    assert recorded(DuckDBWarehouse(path=path)) == {FIRST: (None, 3, True), THIRD: ("a run", 3, True)}
    assert (
        caplog.text.count("is from before publications were recorded: the rows of 1 weeks were recorded as published")
        == 1
    )


def test_publications_are_in_order_whatever_the_clock_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{tmp_path}/nba.duckdb"
    write(DuckDBWarehouse(path=path), FIRST, run_id="one")
    with duckdb.connect(path) as connection:
        connection.execute(f"UPDATE {PUBLICATIONS.qualified_name} SET published_at = now() + INTERVAL 1 YEAR")
    write(DuckDBWarehouse(path=path), FIRST, games=4, run_id="two")
    assert recorded(DuckDBWarehouse(path=path)) == {FIRST: ("two", 4, True)}
