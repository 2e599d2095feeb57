"""The checks of what is set aside, of lines sent twice and of lists that lack games, on right and on wrong weeks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from pydantic import PrivateAttr

from nba_assets.sources.interface import Fetched
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY, Table
from nba_assets.tables.quarantine import MOVED, TWIN
from nba_assets.weekly.incomplete import incomplete_weeks
from nba_assets.weekly.run_check import NAME as EVERY_WEEK_PUBLISHED
from nba_assets_tests.support.small_week import FETCHED_AT, WEEK, LeagueWeek, SmallLeague, league_week
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

NEXT = WEEK + dt.timedelta(days=7)
GAMES = 12


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[WeeklyRuns]:
    with weekly_runs(tmp_path / "project") as runs:
        yield runs


def outcome(runs: WeeklyRuns, table: Table, check: str, week: dt.date = WEEK) -> tuple[str, str]:
    """pass, WARN or ERROR, and what the check says."""
    evaluation = runs.executions(table, check, week)[0]["evaluation"]
    return "pass" if evaluation["success"] else evaluation["severity"], evaluation["description"]


def without_rows_of(games: int) -> LeagueWeek:
    week = league_week(games=GAMES)
    gone = week.games["game_id"].iloc[:games]
    week.box_scores = week.box_scores[~week.box_scores["game_id"].isin(gone)]
    return week


@pytest.mark.parametrize(("games", "expected"), [(0, "pass"), (1, "WARN"), (2, "ERROR")])
def test_games_without_rows_are_named_and_the_others_are_published(runs: WeeklyRuns, games: int, expected: str) -> None:
    runs.league.answer(WEEK, without_rows_of(games))
    assert runs.run(WEEK).success
    found, description = outcome(runs, BDL_PLAYER_BOXSCORES, "quarantined_games")
    assert found == expected
    first = f"game {WEEK.toordinal() * 100} of {WEEK}, BOS at ATL: final without box-score rows"
    assert (first in description) is (games > 0)
    for table, rows in ((PLAYER_GAME_SUMMARY, 30), (TEAM_GAME_SUMMARY, 2)):
        assert len(runs.warehouse.read_weeks(table, [WEEK])) == rows * (GAMES - games)
        assert {state for (state,) in runs.states(table, [WEEK]).values()} == {"SUCCEEDED"}
    incomplete = incomplete_weeks(runs.warehouse, WEEK, NEXT)
    assert incomplete == {} if not games else incomplete[WEEK].startswith(first)


def test_a_week_is_complete_again_once_its_games_come(runs: WeeklyRuns) -> None:
    runs.league.answer(WEEK, *[without_rows_of(1)] * 2, *[without_rows_of(0)] * 2)
    for _ in range(2):
        assert runs.run(WEEK).success
    assert outcome(runs, BDL_PLAYER_BOXSCORES, "quarantined_games")[0] == "pass"
    assert len(runs.warehouse.read_weeks(PLAYER_GAME_SUMMARY, [WEEK])) == 30 * GAMES
    assert incomplete_weeks(runs.warehouse, WEEK, NEXT) == {}


def test_where_no_game_can_be_used_the_week_is_refused_and_says_why(runs: WeeklyRuns) -> None:
    runs.league.answer(WEEK, without_rows_of(GAMES))
    told = failures(runs.run(WEEK))[f"bdl_player_boxscores_{EVERY_WEEK_PUBLISHED}"]
    assert f"looked at no rows although {GAMES} final games were played" in told
    assert "quarantined_games: share_of_final_games 1 is outside the bound <= 0.1: game " in told


@pytest.mark.parametrize(("rows", "expected"), [(0, "pass"), (1, "WARN"), (20, "ERROR")])
def test_rows_that_cannot_be_read_are_named(runs: WeeklyRuns, rows: int, expected: str) -> None:
    week = league_week(games=GAMES)
    bench = week.box_scores.query("minutes == '00'").index[:rows]
    week.box_scores.loc[bench, "minutes"] = "DNP"
    runs.league.answer(WEEK, week)
    assert runs.run(WEEK).success
    found, description = outcome(runs, BDL_PLAYER_BOXSCORES, "quarantined_rows")
    assert found == expected
    assert ("minutes 'DNP'" in description) is (rows > 0)


class Listing(SmallLeague):
    """Lists the right games, some rows that are none, and teams with so many games."""

    _aside: list[str] = PrivateAttr(default_factory=list)
    _fewer: dict[str, int] = PrivateAttr(default_factory=dict)

    def games(self, week: dt.date, *, refresh: bool) -> Fetched:
        facts = {"game_date": week, "payload": "{}", "fetched_at": FETCHED_AT, "player_id": None, "game_id": 1}
        rows = [{**facts, "rule": rule, "reason": f"game 1 is a {rule}"} for rule in self._aside]
        rights = super().games(week, refresh=refresh).rows
        return Fetched(rights, pd.DataFrame(rows)) if rows else Fetched(rights)

    def games_by_team(self, week: dt.date) -> pd.Series[int]:
        return pd.Series({"ATL": 82, "BOS": 82, "MIA": 83, **self._fewer})


@pytest.mark.parametrize(
    ("aside", "expected"),
    [
        pytest.param([], "pass", id="none"),
        pytest.param([MOVED], "pass", id="a moved game"),
        pytest.param([TWIN], "WARN", id="a second listing"),
        pytest.param(["unreadable row"], "ERROR", id="1 of 13 rows"),
    ],
)
def test_listed_rows_that_are_no_game_are_named(runs: WeeklyRuns, aside: list[str], expected: str) -> None:
    runs.league = league = Listing()
    league._aside = aside
    runs.league.answer(WEEK, league_week(games=GAMES))
    assert runs.run(WEEK).success
    found, description = outcome(runs, BDL_GAMES, "quarantined_listings")
    assert found == expected
    assert expected == "pass" or f"game 1 is a {aside[0]}" in description


@pytest.mark.parametrize(("fewer", "expected"), [({}, "pass"), ({"UTA": 81}, "WARN")])
def test_teams_with_fewer_games_than_most_are_named(runs: WeeklyRuns, fewer: dict[str, int], expected: str) -> None:
    runs.league = league = Listing()
    league._fewer = fewer
    runs.league.answer(WEEK)
    assert runs.run(WEEK).success
    found, description = outcome(runs, BDL_GAMES, "equal_schedules")
    assert found == expected
    assert expected == "pass" or "UTA has 81 of 82" in description


def test_the_lines_of_the_week_before_are_refused(runs: WeeklyRuns) -> None:
    again, before = league_week(NEXT), league_week(WEEK)
    again.box_scores["turnover"] = before.box_scores["turnover"]
    runs.league.answer(WEEK, before)
    runs.league.answer(NEXT, again)
    assert runs.run(WEEK).success
    told = failures(runs.run(NEXT))[f"bdl_player_boxscores_{EVERY_WEEK_PUBLISHED}"]
    assert f"week {NEXT}: no_repeated_lines: share_of_copied_lines " in told
    assert outcome(runs, BDL_PLAYER_BOXSCORES, "no_repeated_lines", WEEK)[0] == "pass"
