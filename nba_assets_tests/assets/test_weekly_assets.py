"""The weekly assets on wrong, late, empty or missing responses: what is stored and what is reported."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from nba_assets.errors import SourceError
from nba_assets.sources.balldontlie import RefusedRequest
from nba_assets.sources.interface import Fetched
from nba_assets.sources.many_weeks import fetch_weeks, gather
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    BDL_PLAYER_BOXSCORES_QUARANTINE,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
)
from nba_assets.weekly.run_check import NAME as EVERY_WEEK_PUBLISHED
from nba_assets_tests.support.small_week import NO_GAMES, WEEK, LeagueWeek, league_week
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]
ROWS = Fetched(pd.DataFrame({"game_id": [1, 2]}))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[WeeklyRuns]:
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        yield runs


def rows_by_week(runs: WeeklyRuns, table: object) -> dict[dt.date, int]:
    (known,) = [each for each in (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY) if each is table]
    rows = runs.warehouse.read_weeks(known, WEEKS)
    return {week: len(of_week) for week, of_week in rows.groupby("week")}


def test_weeks_are_yielded_as_they_arrive_with_the_errors_of_failed_ones() -> None:
    def ask(week: dt.date) -> Fetched:
        if week == SECOND:
            raise SourceError(f"week {week}: no answer")
        time.sleep(0.2 if week == FIRST else 0)
        return ROWS

    fetched = list(fetch_weeks(ask, WEEKS, in_flight=3))
    assert fetched[-1][0] == FIRST
    assert {week: str(rows) for week, rows in fetched if isinstance(rows, SourceError)} == {
        SECOND: f"week {SECOND}: no answer"
    }
    gathered = gather(BDL_GAMES, iter(fetched))
    assert gathered.rows["week"].tolist() == [FIRST, FIRST, THIRD, THIRD]
    assert gathered.failures == {SECOND: f"week {SECOND}: no answer"}


def test_no_more_weeks_are_in_flight_than_allowed() -> None:
    running: list[dt.date] = []
    most = 0

    def ask(week: dt.date) -> Fetched:
        nonlocal most
        running.append(week)
        most = max(most, len(running))
        time.sleep(0.02)
        running.remove(week)
        return ROWS

    assert len(list(fetch_weeks(ask, [FIRST + dt.timedelta(days=7 * n) for n in range(9)], in_flight=2))) == 9
    assert most == 2


def test_a_refused_request_ends_all_further_requests() -> None:
    asked = []

    def ask(week: dt.date) -> Fetched:
        asked.append(week)
        raise RefusedRequest("401: the key is not accepted")

    with pytest.raises(RefusedRequest, match="401"):
        list(fetch_weeks(ask, [FIRST + dt.timedelta(days=7 * n) for n in range(50)], in_flight=1))
    assert len(asked) < 5


def test_weeks_without_rows_give_the_columns_of_the_table() -> None:
    gathered = gather(BDL_GAMES, iter([(FIRST, Fetched(pd.DataFrame()))]))
    assert gathered.rows.empty
    assert list(gathered.rows.columns) == BDL_GAMES.column_names


def with_minutes(week: dt.date, text: str) -> LeagueWeek:
    wrong = league_week(week)
    wrong.box_scores.loc[0, "minutes"] = text
    return wrong


def as_text(week: dt.date) -> LeagueWeek:
    wrong = league_week(week)
    wrong.box_scores = wrong.box_scores.astype({"pts": object})
    wrong.box_scores.loc[0, "pts"] = "twenty"
    return wrong


def test_every_kind_of_wrong_response_costs_only_its_week_or_game_and_is_named(runs: WeeklyRuns) -> None:
    """A failed request, text in a number and minutes that are no time, in one run over three weeks."""
    assert runs.run(FIRST, THIRD).success
    runs.league.answer(FIRST, SourceError(f"week {FIRST}: the source did not answer"))
    runs.league.answer(SECOND, as_text(SECOND))
    runs.league.answer(THIRD, with_minutes(THIRD, "abc"))
    told = failures(runs.run(FIRST, THIRD))
    assert (
        f"week {FIRST}: row_integrity: week {FIRST}: the source did not answer"
        in told[f"bdl_games_{EVERY_WEEK_PUBLISHED}"]
    )
    assert (
        rows_by_week(runs, BDL_PLAYER_BOXSCORES) == rows_by_week(runs, PLAYER_GAME_SUMMARY) == dict.fromkeys(WEEKS, 90)
    )
    quarantined = runs.warehouse.read_weeks(BDL_PLAYER_BOXSCORES_QUARANTINE, WEEKS)
    rows = quarantined[~quarantined["whole_game"]].set_index("week")
    assert rows["rule"].to_dict() == dict.fromkeys([SECOND, THIRD], "unreadable number")
    assert rows.loc[SECOND, "reason"].endswith("Player 0 of ATL: pts 'twenty'")
    assert rows.loc[THIRD, "reason"].endswith("Player 0 of ATL: minutes 'abc'")
    games = quarantined[quarantined["whole_game"]]
    assert games.groupby("week")["game_id"].nunique().to_dict() == {SECOND: 1, THIRD: 1}
    assert runs.states(BDL_PLAYER_BOXSCORES, WEEKS)["quarantined_games"] == ["EXECUTION_FAILED", "FAILED", "FAILED"]
    assert runs.states(PLAYER_GAME_SUMMARY, WEEKS)["row_integrity"] == ["EXECUTION_FAILED", "SUCCEEDED", "SUCCEEDED"]


def test_a_refused_key_is_one_clear_failure_and_changes_nothing(runs: WeeklyRuns) -> None:
    runs.run(FIRST)
    runs.league.answer(FIRST, RefusedRequest("401: set BALLDONTLIE_API_KEY to a key of your account"))
    told = failures(runs.run(FIRST))
    assert (
        f"week {FIRST}: row_integrity: 401: set BALLDONTLIE_API_KEY to a key of your account"
        in (told[f"bdl_games_{EVERY_WEEK_PUBLISHED}"])
    )
    assert rows_by_week(runs, BDL_PLAYER_BOXSCORES) == {FIRST: 90}


def test_a_response_without_the_stored_games_clears_no_week(runs: WeeklyRuns) -> None:
    assert runs.run(FIRST, THIRD).success
    one_less = league_week(THIRD)
    one_less.games = one_less.games.drop(index=0)
    runs.league.answer(SECOND, NO_GAMES)
    runs.league.answer(THIRD, one_less)
    told = failures(runs.run(FIRST, THIRD))[f"bdl_games_{EVERY_WEEK_PUBLISHED}"]
    assert f"week {SECOND}: final_games_kept: final_games_gone 3 is outside the bound = 0: game " in told
    assert f"week {THIRD}: final_games_kept: final_games_gone 1 is outside the bound = 0: game " in told
    assert rows_by_week(runs, BDL_PLAYER_BOXSCORES) == dict.fromkeys(WEEKS, 90)
    assert runs.states(BDL_GAMES, WEEKS)["final_games_kept"] == ["SUCCEEDED", "FAILED", "FAILED"]


def test_a_scheduled_game_that_is_listed_no_more_is_named(runs: WeeklyRuns) -> None:
    coming, one_less = league_week(FIRST), league_week(FIRST)
    coming.games.loc[2, ["status", "home_score", "visitor_score"]] = "2021-12-24T00:30:00Z", 0, 0
    coming.box_scores = coming.box_scores[coming.box_scores["game_id"] != coming.games.loc[2, "game_id"]]
    one_less.games, one_less.box_scores = coming.games.drop(index=2), coming.box_scores
    called_off = league_week(FIRST)
    called_off.games, called_off.box_scores = coming.games.assign(), coming.box_scores
    called_off.games.loc[2, "status"] = "Postponed"
    runs.league.answer(FIRST, coming, coming, called_off, called_off, coming, coming, one_less, one_less)
    for outcome in (True, True, True, False):
        assert runs.run(FIRST).success
        (judged, *_) = runs.executions(BDL_GAMES, "final_games_kept", FIRST)
        assert judged["evaluation"]["success"] is outcome
    assert judged["evaluation"]["severity"] == "WARN"
    assert f"other_games_gone 1 is outside the bound = 0: game {coming.games.loc[2, 'game_id']} of 2021-12-23" in str(
        judged["evaluation"]["description"]
    )


def test_let_games_go_publishes_the_week_and_the_check_still_names_the_game(runs: WeeklyRuns) -> None:
    assert runs.run(FIRST, SECOND).success
    runs.league.answer(SECOND, NO_GAMES)
    assert runs.run(SECOND, let_games_go=True).success
    assert rows_by_week(runs, BDL_PLAYER_BOXSCORES) == {FIRST: 90}
    assert runs.states(BDL_GAMES, [SECOND])["final_games_kept"] == ["FAILED"]


def test_a_week_that_was_always_empty_is_a_gap_before_the_next_week(runs: WeeklyRuns) -> None:
    runs.league.answer(SECOND, NO_GAMES)
    assert runs.run(FIRST, THIRD).success
    assert runs.states(BDL_GAMES, WEEKS)["no_gap_in_season"] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    (judged, *_) = runs.executions(BDL_GAMES, "no_gap_in_season", THIRD)
    assert judged["evaluation"]["severity"] == "WARN"
    assert "no game between 2021-12-23 and 2021-12-31" in judged["evaluation"]["description"]


def test_weeks_without_games_and_with_future_games_succeed(runs: WeeklyRuns) -> None:
    to_come = league_week(SECOND)
    waiting = {"status": "2021-12-26T00:30:00Z", "period": 0, "home_score": 0, "visitor_score": 0}
    to_come.games = to_come.games.assign(**waiting)
    to_come.box_scores = to_come.box_scores.iloc[:0]
    runs.league.answer(FIRST, LeagueWeek(pd.DataFrame(), pd.DataFrame()))
    runs.league.answer(SECOND, to_come)
    assert runs.run(FIRST, SECOND).success
    assert rows_by_week(runs, BDL_GAMES) == {SECOND: 3}
    assert runs.published(PLAYER_GAME_SUMMARY) == [FIRST, SECOND]
    for week in (FIRST, SECOND):
        (execution,) = runs.executions(PLAYER_GAME_SUMMARY, "minutes_exactly_when_played", week)
        assert execution["evaluation"]["description"] == f"{week}: no games"


def test_nothing_is_computed_from_rows_that_are_not_those_published(runs: WeeklyRuns) -> None:
    assert runs.run(FIRST, SECOND).success
    with duckdb.connect(runs.warehouse.path) as connection:
        connection.execute(f"DELETE FROM nba_raw.bdl_games WHERE week = DATE '{SECOND}'")
        connection.execute(f"DELETE FROM nba_raw.bdl_player_boxscores WHERE week = DATE '{SECOND}'")
    told = failures(runs.run(FIRST, SECOND, tables=[PLAYER_GAME_SUMMARY]))
    refused = f" does not hold what was published: week {SECOND} has 0 rows of "
    assert "1 of 2 weeks were refused" in told[f"player_game_summary_{EVERY_WEEK_PUBLISHED}"]
    assert refused in told[f"player_game_summary_{EVERY_WEEK_PUBLISHED}"]
    assert rows_by_week(runs, PLAYER_GAME_SUMMARY) == {FIRST: 90, SECOND: 90}
    (told_again,) = failures(runs.run(SECOND, tables=[PLAYER_GAME_SUMMARY])).values()
    assert "does not hold what was published" in told_again


def test_a_warehouse_that_cannot_be_written_is_one_clear_failure(tmp_path: Path) -> None:
    with weekly_runs(tmp_path / "project") as runs:
        runs.league.answer(FIRST)
        (tmp_path / "project" / "sample.duckdb").mkdir()
        told = failures(runs.run(FIRST))
        assert set(told) == {
            f"{table.name}_{EVERY_WEEK_PUBLISHED}"
            for table in (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)
        }
        assert "sample.duckdb cannot be opened: " in told[f"bdl_games_{EVERY_WEEK_PUBLISHED}"]
        assert "materialize again" in told[f"bdl_games_{EVERY_WEEK_PUBLISHED}"]
