"""What every warehouse promises, asked of each in turn."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import threading
from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from nba_assets.errors import SchemaError, WarehouseError
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, WEEKLY_TABLES
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import WEEK, league_week
from nba_assets_tests.warehouse.conftest import Storage

WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(6)]
FIRST, SECOND, THIRD = WEEKS[:3]
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def games(*weeks: dt.date, count: int = 3, home_score: int = 107) -> pd.DataFrame:
    return pd.concat([league_week(week, count).games for week in weeks]).assign(home_score=home_score)


def write(warehouse: Warehouse, frame: pd.DataFrame, weeks: Sequence[dt.date]) -> dict[dt.date, int]:
    with warehouse.stage(BDL_GAMES, to_arrow(frame, BDL_GAMES)) as staged:
        return staged.publish(weeks)


def stored(warehouse: Warehouse, weeks: Sequence[dt.date] = WEEKS) -> dict[dt.date, list[int]]:
    """The home scores of each stored week."""
    rows = warehouse.read_weeks(BDL_GAMES, weeks)
    return {week: list(of_week["home_score"]) for week, of_week in rows.groupby("week")}


def test_what_is_written_is_read_back_with_its_types(warehouse: Warehouse) -> None:
    frame = games(FIRST)
    assert write(warehouse, frame, [FIRST]) == {FIRST: 3}
    read = warehouse.read_weeks(BDL_GAMES, [FIRST])
    assert to_arrow(read, BDL_GAMES) == to_arrow(frame, BDL_GAMES)


@pytest.mark.parametrize("table", [BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY], ids=lambda table: table.name)
def test_null_stays_null(warehouse: Warehouse, table: object) -> None:
    (known,) = [each for each in WEEKLY_TABLES if each is table]
    week = league_week()
    frame = week.player_summary if known is PLAYER_GAME_SUMMARY else week.box_scores.assign(position=None)
    with warehouse.stage(known, to_arrow(frame, known)) as staged:
        staged.publish([WEEK])
    order = ["game_date", *known.key]
    read = warehouse.read_weeks(known, [WEEK])
    assert to_arrow(read, known) == to_arrow(frame.sort_values(order, ignore_index=True), known)


def test_rows_come_back_by_date_and_key(warehouse: Warehouse) -> None:
    write(warehouse, games(SECOND, FIRST, count=5).iloc[::-1], [FIRST, SECOND])
    read = warehouse.read_weeks(BDL_GAMES, [SECOND, FIRST])[["game_date", "game_id"]]
    assert read.equals(read.sort_values(["game_date", "game_id"], ignore_index=True))


def test_writing_a_week_again_replaces_it_and_no_other(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST, SECOND), [FIRST, SECOND])
    assert write(warehouse, games(FIRST, count=2, home_score=120), [FIRST]) == {FIRST: 2}
    assert stored(warehouse) == {FIRST: [120] * 2, SECOND: [107] * 3}


def test_the_same_write_twice_leaves_the_same_rows(warehouse: Warehouse) -> None:
    for _ in range(2):
        assert write(warehouse, games(FIRST), [FIRST]) == {FIRST: 3}
    assert stored(warehouse) == {FIRST: [107] * 3}


def test_a_range_is_one_write(warehouse: Warehouse) -> None:
    assert write(warehouse, games(*WEEKS), WEEKS) == dict.fromkeys(WEEKS, 3)
    assert stored(warehouse) == {week: [107] * 3 for week in WEEKS}


def test_an_empty_frame_clears_only_its_weeks(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST, SECOND, THIRD), [FIRST, SECOND, THIRD])
    assert write(warehouse, games(FIRST).iloc[:0], [SECOND]) == {SECOND: 0}
    assert stored(warehouse) == {FIRST: [107] * 3, THIRD: [107] * 3}


def test_staged_rows_of_other_weeks_are_not_published(warehouse: Warehouse) -> None:
    assert write(warehouse, games(FIRST, SECOND), [SECOND]) == {SECOND: 3}
    assert stored(warehouse) == {SECOND: [107] * 3}


def test_staged_rows_can_be_measured_beside_published_ones(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    with warehouse.stage(BDL_GAMES, to_arrow(games(FIRST, count=5), BDL_GAMES)) as staged:
        counted = staged.query(
            f"SELECT (SELECT COUNT(*) FROM {staged.name} AS staged WHERE week = @week) AS staged_rows, "
            "(SELECT COUNT(*) FROM nba_raw.bdl_games WHERE week = @week) AS published_rows",
            {"week": FIRST},
        )
    assert counted.to_dict("records") == [{"staged_rows": 5, "published_rows": 3}]


def test_rows_that_were_only_staged_are_gone(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    with warehouse.stage(BDL_GAMES, to_arrow(games(FIRST, home_score=99), BDL_GAMES)) as staged:
        name = staged.name
    assert stored(warehouse) == {FIRST: [107] * 3}
    with warehouse.stage(BDL_GAMES, to_arrow(games(FIRST).iloc[:0], BDL_GAMES)) as staged:
        assert staged.query(f"SELECT COUNT(*) AS row_count FROM {staged.name} AS staged", {})["row_count"][0] == 0
        assert staged.name.rpartition(".")[0] == name.rpartition(".")[0]


def test_a_failure_between_staging_and_publishing_leaves_the_old_rows(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    with (
        pytest.raises(ZeroDivisionError),
        warehouse.stage(BDL_GAMES, to_arrow(games(FIRST, home_score=99), BDL_GAMES)) as staged,
    ):
        staged.publish([SECOND][: 1 // 0])
    assert stored(warehouse) == {FIRST: [107] * 3}
    assert write(warehouse, games(FIRST, home_score=120), [FIRST]) == {FIRST: 3}


def test_a_count_that_is_read_back_wrong_changes_nothing(storage: Storage, warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST, SECOND), [FIRST, SECOND])
    with (
        pytest.raises(WarehouseError, match=rf"nba_raw.bdl_games, week {FIRST}: \d rows were written but \d read back"),
        warehouse.stage(BDL_GAMES, to_arrow(games(FIRST, count=5), BDL_GAMES)) as staged,
    ):
        storage.lose_rows(staged)
        staged.publish([FIRST])
    assert stored(warehouse) == {FIRST: [107] * 3, SECOND: [107] * 3}


def test_a_value_that_does_not_fit_changes_nothing_of_its_week(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST, SECOND), [FIRST, SECOND])
    wrong = games(FIRST, SECOND, home_score=120).astype({"home_score": object}).reset_index(drop=True)
    wrong.loc[1, "home_score"] = "12o"
    with pytest.raises(SchemaError):
        write(warehouse, wrong, [FIRST, SECOND])
    assert stored(warehouse) == {FIRST: [107] * 3, SECOND: [107] * 3}
    first, second = publish(warehouse, BDL_GAMES, WeeklyRows(wrong), [FIRST, SECOND])
    assert (first.published, second.published) == (False, True)
    assert "nba_raw.bdl_games.home_score, row 1" in first.refusals[0]
    assert "'12o' is not a whole number" in first.refusals[0]
    assert stored(warehouse) == {FIRST: [107] * 3, SECOND: [120] * 3}


def test_nothing_written_yet_is_an_error_that_says_what_to_do(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseError, match="materialize"):
        warehouse.read_weeks(BDL_GAMES, [FIRST])


def test_values_are_bound_and_never_part_of_the_query(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    hostile = "ATL' OR '1' = '1"
    asked = "SELECT COUNT(*) AS row_count FROM nba_raw.bdl_games WHERE home_team = @team"
    assert warehouse.query(asked, {"team": hostile})["row_count"].tolist() == [0]
    assert warehouse.query(asked, {"team": "ATL"})["row_count"].tolist() == [1]


def test_merge_updates_known_keys_and_inserts_new_ones(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    changed = games(FIRST, count=5, home_score=120).iloc[2:]  # one known game and two new ones
    assert warehouse.merge(BDL_GAMES, to_arrow(changed, BDL_GAMES)) == 3
    rows = warehouse.read_weeks(BDL_GAMES, [FIRST]).set_index("game_id")["home_score"].sort_index()
    assert rows.tolist() == [107, 107, 120, 120, 120]
    assert warehouse.merge(BDL_GAMES, to_arrow(changed, BDL_GAMES)) == 3
    assert len(warehouse.read_weeks(BDL_GAMES, [FIRST])) == 5


def test_merge_into_an_empty_warehouse_inserts(warehouse: Warehouse) -> None:
    assert warehouse.merge(BDL_GAMES, to_arrow(games(FIRST), BDL_GAMES)) == 3
    assert stored(warehouse) == {FIRST: [107] * 3}


def test_merge_of_no_rows_changes_nothing(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    assert warehouse.merge(BDL_GAMES, to_arrow(games(FIRST).iloc[:0], BDL_GAMES)) == 0
    assert stored(warehouse) == {FIRST: [107] * 3}


def test_merge_refuses_two_rows_of_one_key_and_changes_nothing(warehouse: Warehouse) -> None:
    write(warehouse, games(FIRST), [FIRST])
    twice = pd.concat([games(FIRST, home_score=120)] * 2)
    with pytest.raises(WarehouseError, match=r"nba_raw.bdl_games: 6 rows to merge have only 3 keys"):
        warehouse.merge(BDL_GAMES, to_arrow(twice, BDL_GAMES))
    assert stored(warehouse) == {FIRST: [107] * 3}


def write_a_week(open_warehouse: Callable[[], Warehouse], week: dt.date, home_score: int) -> None:
    write(open_warehouse(), games(week, home_score=home_score), [week])


def run_together(*calls: tuple[Callable[..., None], tuple[object, ...]]) -> list[int | None]:
    """Exit codes of one process for each call."""
    processes = [PROCESSES.Process(target=target, args=arguments) for target, arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=120)
    return [process.exitcode for process in processes]


def test_six_processes_that_write_six_weeks_at_once_all_succeed(storage: Storage) -> None:
    codes = run_together(*((write_a_week, (storage.open, week, 100 + n)) for n, week in enumerate(WEEKS)))
    assert codes == [0] * 6
    assert stored(storage.open()) == {week: [100 + number] * 3 for number, week in enumerate(WEEKS)}


def test_of_six_processes_that_write_one_week_at_once_one_wins_whole(storage: Storage) -> None:
    codes = run_together(*((write_a_week, (storage.open, FIRST, 100 + number)) for number in range(6)))
    assert codes == [0] * 6
    scores = stored(storage.open())[FIRST]
    assert len(scores) == 3
    assert len(set(scores)) == 1


def merge_a_game(open_warehouse: Callable[[], Warehouse], number: int) -> None:
    frame = games(FIRST, count=6).iloc[[number]].assign(home_score=100 + number)
    open_warehouse().merge(BDL_GAMES, to_arrow(frame, BDL_GAMES))


def test_six_processes_that_merge_a_row_each_end_in_one_table(storage: Storage) -> None:
    assert run_together(*((merge_a_game, (storage.open, number)) for number in range(6))) == [0] * 6
    assert sorted(stored(storage.open())[FIRST]) == [100, 101, 102, 103, 104, 105]


def rewrite_a_week(open_warehouse: Callable[[], Warehouse], times: int) -> None:
    for number in range(times):
        write_a_week(open_warehouse, FIRST, 100 + number)


@pytest.mark.parametrize("writer", ["another process", "another thread"])
def test_a_reader_during_writes_sees_a_whole_week_each_time(storage: Storage, writer: str) -> None:
    write_a_week(storage.open, FIRST, 99)
    start = PROCESSES.Process if writer == "another process" else threading.Thread
    writing = start(target=rewrite_a_week, args=(storage.open, 5))
    writing.start()
    seen = []
    while writing.is_alive():
        seen.append(stored(storage.open()).get(FIRST, []))
    writing.join()
    seen.append(stored(storage.open())[FIRST])
    assert {(len(scores), len(set(scores))) for scores in seen} == {(3, 1)}
    assert seen[-1] == [104] * 3
