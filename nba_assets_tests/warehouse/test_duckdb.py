"""What is particular to the warehouse in a file: its lock, its folder, its disk, and a schema from an earlier day."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from nba_assets.errors import WarehouseError, WarehouseUnavailable
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets_tests.support.small_week import WEEK, league_week


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nba.duckdb"


def write(warehouse: DuckDBWarehouse, home_score: int = 107, week: dt.date = WEEK) -> None:
    rows = to_arrow(league_week(week).games.assign(home_score=home_score), BDL_GAMES)
    with warehouse.stage(BDL_GAMES, rows) as staged:
        staged.publish([week])


def home_scores(path: Path) -> list[int]:
    return list(DuckDBWarehouse(path=str(path)).read_weeks(BDL_GAMES, [WEEK])["home_score"])


@contextmanager
def held_by_another_process(path: Path) -> Iterator[int]:
    """The file open for writing in another process, whose id is given; it lets go at the end of the block."""
    program = f"import duckdb, sys; file = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        yield holder.pid
        holder.communicate("")


def test_a_file_that_stays_locked_is_one_error_that_names_the_holder(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    impatient = DuckDBWarehouse(path=str(path), wait_seconds=0.3)
    with held_by_another_process(path) as process_id:
        for attempt in (lambda: write(impatient, 120), lambda: impatient.read_weeks(BDL_GAMES, [WEEK])):
            with pytest.raises(WarehouseError) as error:
                attempt()
            assert str(error.value).startswith(f"{path} cannot be opened: ")
            assert f"(process {process_id}) kept it locked for the whole wait" in str(error.value)
            assert "Close it, then materialize again; nothing was changed" in str(error.value)
    assert home_scores(path) == [107] * 3


def test_a_write_waits_until_the_other_process_lets_go(path: Path) -> None:
    with held_by_another_process(path) as process_id:
        releaser = subprocess.Popen(
            [sys.executable, "-c", f"import os, time; time.sleep(0.5); os.kill({process_id}, 15)"]
        )
        write(DuckDBWarehouse(path=str(path), wait_seconds=60), 120)
        releaser.wait()
    assert home_scores(path) == [120] * 3


def test_a_connection_left_open_in_this_process_is_named_too(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    with duckdb.connect(str(path)), pytest.raises(WarehouseError, match="kept it locked for the whole wait"):
        DuckDBWarehouse(path=str(path), wait_seconds=0.2).read_weeks(BDL_GAMES, [WEEK])


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "nba.duckdb"
    write(DuckDBWarehouse(path=str(path)))
    assert home_scores(path) == [107] * 3


def test_a_path_below_a_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / "nba.duckdb"
    with pytest.raises(WarehouseError, match=re.escape(f"{path} cannot be opened: ") + ".*fix permissions"):
        write(DuckDBWarehouse(path=str(path), wait_seconds=60))


def test_a_file_that_is_no_database_is_one_error(path: Path) -> None:
    path.write_text("game_id,minutes\n" * 1000)
    with pytest.raises(WarehouseError, match=re.escape(f"{path} cannot be opened: ")):
        write(DuckDBWarehouse(path=str(path), wait_seconds=60))
    assert path.read_text().startswith("game_id,minutes")


def test_a_full_disk_is_one_error_and_the_stored_weeks_stand(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    program = f"""
        import resource
        from nba_assets.tables import BDL_PLAYER_BOXSCORES
        from nba_assets.warehouse.duckdb import DuckDBWarehouse
        from nba_assets.warehouse.frames import to_arrow
        from nba_assets.errors import WarehouseError
        from nba_assets_tests.support.small_week import WEEK, league_week

        warehouse = DuckDBWarehouse(path={str(path)!r})
        rows = to_arrow(league_week(games=400).box_scores, BDL_PLAYER_BOXSCORES)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({path.stat().st_size + 4096}, -1))
        try:
            with warehouse.stage(BDL_PLAYER_BOXSCORES, rows) as staged:
                staged.publish([WEEK])
        except WarehouseError as error:
            print(error)
    """
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert told.startswith(f"{path} cannot be used: ")
    assert "Free space or fix permissions, then materialize again; stored weeks are unchanged" in told
    assert home_scores(path) == [107] * 3
    write(DuckDBWarehouse(path=str(path)), 120)
    assert home_scores(path) == [120] * 3


def test_a_process_killed_in_the_middle_of_a_write_leaves_the_old_rows(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    program = f"""
        import os
        from nba_assets.tables import BDL_GAMES
        from nba_assets.warehouse.duckdb import DuckDBWarehouse
        from nba_assets.warehouse.frames import to_arrow
        from nba_assets_tests.support.small_week import league_week

        rows = to_arrow(league_week().games, BDL_GAMES)
        with DuckDBWarehouse(path={str(path)!r}).stage(BDL_GAMES, rows) as staged:
            staged._connection.begin()
            staged._connection.execute("DELETE FROM nba_raw.bdl_games")
            os.kill(os.getpid(), 9)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=60)
    assert killed.returncode == -9
    assert home_scores(path) == [107] * 3


def test_a_column_declared_since_is_added_and_old_rows_have_null_there(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)), week=WEEK + dt.timedelta(days=7))
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE nba_raw.bdl_games DROP COLUMN tipoff")
    write(DuckDBWarehouse(path=str(path)))
    weeks = [WEEK, WEEK + dt.timedelta(days=7)]
    read = DuckDBWarehouse(path=str(path)).read_weeks(BDL_GAMES, weeks)
    assert list(read.columns) == BDL_GAMES.column_names
    assert read["tipoff"].isna().tolist() == [False] * 3 + [True] * 3


def test_a_column_of_another_type_is_refused_and_nothing_changed(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE nba_raw.bdl_games ALTER home_score TYPE VARCHAR")
    with pytest.raises(WarehouseError) as error:
        write(DuckDBWarehouse(path=str(path)), 120)
    assert str(error.value).startswith(f"nba_raw.bdl_games.home_score is VARCHAR in {path} but declared BIGINT: ")
    assert home_scores(path) == ["107"] * 3


def test_every_table_is_created_with_its_declared_types(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    described = DuckDBWarehouse(path=str(path)).query("DESCRIBE nba_raw.bdl_player_boxscores")
    assert described["column_name"].tolist() == BDL_PLAYER_BOXSCORES.column_names
    types = dict(zip(described["column_name"], described["column_type"], strict=True))
    assert (types["minutes"], types["pts"], types["game_date"]) == ("VARCHAR", "BIGINT", "DATE")
    assert types["fetched_at"] == "TIMESTAMP WITH TIME ZONE"


def test_nothing_to_read_yet_names_the_file(path: Path) -> None:
    with pytest.raises(WarehouseError, match=re.escape(f"{path} does not exist yet: materialize a week first")):
        DuckDBWarehouse(path=str(path)).query("SELECT 1")
    assert not path.exists()


def test_an_unsound_query_is_not_hidden(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    with pytest.raises(duckdb.BinderException):
        DuckDBWarehouse(path=str(path)).query("SELECT no_such_column FROM nba_raw.bdl_games")
    assert isinstance(DuckDBWarehouse(path=str(path)).query("SELECT 1 AS one"), pd.DataFrame)


def test_who_waited_for_the_lock_in_vain_does_not_wait_as_long_again(path: Path) -> None:
    write(DuckDBWarehouse(path=str(path)))
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout and holder.stdin
        assert holder.stdout.readline() == "held\n"
        warehouse = DuckDBWarehouse(path=str(path), wait_seconds=8.0)
        waits = []
        for _ in range(2):
            start = time.monotonic()
            with pytest.raises(WarehouseUnavailable, match="kept it locked for the whole wait"):
                warehouse.query("SELECT 1 AS one")
            waits.append(time.monotonic() - start)
        holder.stdin.close()
        holder.wait()
    assert waits[0] > 7
    assert waits[1] < 7
    assert list(warehouse.query("SELECT 1 AS one")["one"]) == [1]
