"""What is tried again and what is not, in runs that nobody waits for, and in runs that somebody does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import google.api_core.exceptions as google
import pytest

from nba_assets.checks.catalogue import checks_of
from nba_assets.errors import SourceError, SourceUnavailable, WarehouseError, WarehouseUnavailable
from nba_assets.sources.balldontlie import RefusedRequest
from nba_assets.tables import BDL_GAMES, PLAYER_GAME_SUMMARY
from nba_assets.warehouse.bigquery_errors import translate_errors
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly import retries
from nba_assets.weekly.retries import INTERACTIVE
from nba_assets_tests.end_to_end.test_sample_backfill import holding
from nba_assets_tests.support.small_week import WEEK, LeagueWeek, league_week
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]
NOT_ANSWERED = SourceUnavailable("the source did not answer")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeeklyRuns]:
    """Runs as a schedule makes them, that wait a moment instead of minutes."""
    monkeypatch.setattr(retries, "WAITS", (0.1, 0.1))
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        runs.tags = {}
        yield runs


def one_team(week: dt.date) -> LeagueWeek:
    wrong = league_week(week)
    wrong.games = wrong.games.assign(home_team="ATL", visitor_team="ATL")
    return wrong


def tries(result: dg.ExecuteInProcessResult) -> int:
    return 1 + sum(event.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY for event in result.all_events)


def evaluated(result: dg.ExecuteInProcessResult) -> list[tuple[str, str]]:
    """Week and check of each evaluation, however often it was made."""
    evaluations = [
        event.asset_check_evaluation_data
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return sorted((each.partition, each.check_name) for each in evaluations if each.partition)


def test_a_source_that_is_back_in_time_costs_nothing(runs: WeeklyRuns) -> None:
    runs.league.answer(FIRST, NOT_ANSWERED, NOT_ANSWERED, league_week(FIRST))
    result = runs.run(FIRST)
    assert result.success
    assert tries(result) == 3
    assert runs.published(PLAYER_GAME_SUMMARY) == [FIRST]


def test_only_the_weeks_that_may_pass_are_tried_again_and_each_is_published_and_evaluated_once(
    runs: WeeklyRuns,
) -> None:
    runs.league.answer(SECOND, NOT_ANSWERED, league_week(SECOND))
    runs.league.answer(THIRD, one_team(THIRD))
    result = runs.run(FIRST, THIRD, tables=[BDL_GAMES])
    assert tries(result) == 2
    assert runs.league.asked == [FIRST, SECOND, THIRD, SECOND]
    published = [event.partition for event in result.asset_materializations_for_node("nba_raw__bdl_games")]
    assert published == [f"{FIRST}", f"{SECOND}"]
    checks = [check.name for check in checks_of(BDL_GAMES)]
    assert evaluated(result) == sorted((f"{week}", check) for week in WEEKS for check in checks)
    (told,) = failures(result).values()
    assert f"1 of 3 weeks were refused and keep their earlier rows:\n  week {THIRD}: final_scores" in told


def test_a_source_that_stays_away_is_told_in_the_end_and_good_weeks_stand(runs: WeeklyRuns) -> None:
    runs.league.answer(SECOND, NOT_ANSWERED)
    result = runs.run(FIRST, THIRD)
    assert tries(result) == 3
    assert runs.published(PLAYER_GAME_SUMMARY) == [FIRST, THIRD]
    told = failures(result)["bdl_games_every_week_published"]
    assert f"week {SECOND}: row_integrity: the source did not answer" in told


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(RefusedRequest("401: set BALLDONTLIE_API_KEY"), id="key refused"),
        pytest.param(SourceError("week 2021-12-17: row 7 cannot be read"), id="unreadable"),
        pytest.param(one_team(FIRST), id="refused by a check"),
    ],
)
def test_what_cannot_pass_is_not_tried_again(runs: WeeklyRuns, answer: LeagueWeek | Exception) -> None:
    runs.league.answer(FIRST, answer)
    result = runs.run(FIRST)
    assert not result.success
    assert tries(result) == 1
    assert runs.league.asked == [FIRST]


def test_nobody_is_kept_waiting_at_the_terminal(runs: WeeklyRuns) -> None:
    runs.tags = INTERACTIVE
    runs.league.answer(FIRST, NOT_ANSWERED)
    result = runs.run(FIRST)
    assert tries(result) == 1
    assert "the source did not answer" in failures(result)["bdl_games_every_week_published"]


def test_a_file_that_another_program_holds_may_be_free_later(tmp_path: Path) -> None:
    other = holding(tmp_path / "nba.duckdb")
    with pytest.raises(WarehouseUnavailable, match="kept it locked for the whole wait"):
        DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb", wait_seconds=0.2).read_weeks(BDL_GAMES, [FIRST])
    other.communicate("")


def test_a_path_that_is_no_file_will_not_become_one(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError) as problem:
        DuckDBWarehouse(path=f"{tmp_path}").read_weeks(BDL_GAMES, [FIRST])
    assert type(problem.value) is WarehouseError


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        pytest.param(google.BadRequest("Could not serialize access due to concurrent update"), True, id="conflict"),
        pytest.param(google.TooManyRequests("slow down"), True, id="rate limit"),
        pytest.param(google.ServiceUnavailable("try later"), True, id="503"),
        pytest.param(google.Unauthorized("who are you"), False, id="401"),
        pytest.param(google.Forbidden("not yours"), False, id="403"),
        pytest.param(google.NotFound("no such dataset"), False, id="404"),
        pytest.param(google.BadRequest("Syntax error"), False, id="wrong statement"),
    ],
)
def test_bigquery_may_answer_later_what_it_refused_for_a_passing_reason(
    answer: google.GoogleAPICallError, passes: bool
) -> None:
    with pytest.raises(WarehouseError) as problem, translate_errors("MERGE nba_raw.bdl_games"):
        raise answer
    assert isinstance(problem.value, WarehouseUnavailable) is passes
