import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.tables import BDL_GAMES
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly.publish import WeeklyRows, WeekResult
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import WEEK, league_week

FIRST, SECOND, THIRD, FOURTH = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(4)]


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(path=str(tmp_path / "nba.duckdb"))


def games(*weeks: dt.date, home_score: int = 107) -> pd.DataFrame:
    frame = pd.concat([league_week(week).games for week in weeks], ignore_index=True)
    return frame.assign(home_score=home_score)


def one_team(frame: pd.DataFrame, week: dt.date) -> pd.DataFrame:
    """In a game of the week a team plays against itself."""
    first = frame.index[frame["week"] == week][0]
    return frame.assign(home_team=frame["home_team"].where(frame.index != first, frame["visitor_team"]))


def put(warehouse: DuckDBWarehouse, frame: pd.DataFrame, *weeks: dt.date) -> list[WeekResult]:
    return publish(warehouse, BDL_GAMES, WeeklyRows(frame), weeks)


def stored(warehouse: DuckDBWarehouse) -> dict[dt.date, set[int]]:
    """The home scores of each stored week."""
    rows = warehouse.read_weeks(BDL_GAMES, WEEKS)
    return {week: set(of_week["home_score"]) for week, of_week in rows.groupby("week")}


def test_good_weeks_are_stored_and_told_with_their_rows_and_days(warehouse: DuckDBWarehouse) -> None:
    first, second = put(warehouse, games(FIRST, SECOND), FIRST, SECOND)
    assert (first.week, first.published, first.row_count, first.refusals) == (FIRST, True, 3, [])
    assert (second.first_date, second.last_date) == (SECOND, SECOND + dt.timedelta(days=6))
    assert stored(warehouse) == {FIRST: {107}, SECOND: {107}}


def test_a_refused_week_keeps_its_earlier_rows_and_says_why(warehouse: DuckDBWarehouse) -> None:
    put(warehouse, games(FIRST, SECOND), FIRST, SECOND)
    first, second = put(warehouse, one_team(games(FIRST, SECOND, home_score=120), FIRST), FIRST, SECOND)
    assert (first.published, second.published) == (False, True)
    assert first.refusals == ["final_scores: games_of_one_team 1 is outside the bound = 0"]
    assert stored(warehouse) == {FIRST: {107}, SECOND: {120}}


def test_when_every_week_is_refused_nothing_is_written(warehouse: DuckDBWarehouse) -> None:
    (result,) = put(warehouse, one_team(games(FIRST), FIRST), FIRST)
    assert not result.published
    assert stored(warehouse) == {}


def test_an_empty_week_is_published_with_no_rows_and_clears_what_was_there(warehouse: DuckDBWarehouse) -> None:
    postponed = games(SECOND).assign(status="Postponed", home_score=0, visitor_score=0)
    put(warehouse, pd.concat([games(FIRST), postponed], ignore_index=True), FIRST, SECOND)
    first, second = put(warehouse, games(FIRST), FIRST, SECOND)
    assert (second.published, second.row_count, second.first_date) == (True, 0, None)
    assert {verdict.outcome for verdict in second.verdicts} == {"pass"}
    assert stored(warehouse) == {FIRST: {107}}
    assert first.row_count == 3


def test_each_kind_of_failure_costs_only_its_week(warehouse: DuckDBWarehouse) -> None:
    put(warehouse, games(*WEEKS), *WEEKS)
    frame = one_team(games(FIRST, SECOND, FOURTH, home_score=120), FIRST).astype({"period": object})
    frame.loc[frame["week"] == SECOND, "period"] = "four"
    failed = {THIRD: "week 2021-12-31: the source did not answer"}
    results = publish(warehouse, BDL_GAMES, WeeklyRows(frame, failed), WEEKS)
    assert [result.published for result in results] == [False, False, False, True]
    refused, misfit, unfetched = (result.refusals[0] for result in results[:3])
    assert refused.startswith("final_scores: ")
    assert misfit.startswith("row_integrity: nba_raw.bdl_games.period, row 0 (game_id=")
    assert misfit.endswith("'four' is not a whole number")
    assert unfetched == "row_integrity: week 2021-12-31: the source did not answer"
    assert stored(warehouse) == {FIRST: {107}, SECOND: {107}, THIRD: {107}, FOURTH: {120}}


def test_rows_of_a_week_that_was_not_asked_for_are_refused_at_once(warehouse: DuckDBWarehouse) -> None:
    put(warehouse, games(FIRST), FIRST)
    with pytest.raises(ValueError, match=r"nba_raw.bdl_games: rows of weeks that are not in this run"):
        put(warehouse, games(FIRST, SECOND, home_score=120), FIRST)
    assert stored(warehouse) == {FIRST: {107}}


def test_results_come_in_calendar_order(warehouse: DuckDBWarehouse) -> None:
    results = put(warehouse, games(THIRD, FIRST), THIRD, SECOND, FIRST)
    assert [result.week for result in results] == [FIRST, SECOND, THIRD]
