"""Publishing features: a week with a leaking feature is refused, and no other week is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pytest

from nba_assets.assets import features
from nba_assets.assets.features import make_features
from nba_assets.checks.model import NO_TARGET_LEAKAGE
from nba_assets.tables import NBAC_INJURY_REPORT
from nba_assets.tables.model import PLAYER_GAME_FEATURES
from nba_assets_tests.assets.test_weekly_assets import FIRST, SECOND, THIRD, WEEKS
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES, LeagueWeek, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import WeeklyRuns, weekly_runs

TABLES = (*BOX_SCORE_TABLES, NBAC_INJURY_REPORT, PLAYER_GAME_FEATURES)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[WeeklyRuns]:
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        yield runs


def judged(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The check's result for each week."""
    evaluations = [each for each in result.get_asset_check_evaluations() if each.check_name == NO_TARGET_LEAKAGE]
    return {str(each.partition): str(each.description) for each in evaluations}


def said(words: str, *weeks: dt.date) -> dict[str, str]:
    return {f"{week}": f"{week}: {words}" for week in weeks}


PASSED = "leaking_features 0 is within the bound = 0"


def test_features_of_earlier_days_pass_the_check(runs: WeeklyRuns) -> None:
    result = runs.run(FIRST, THIRD, tables=TABLES)
    assert result.success
    assert judged(result) == said(PASSED, *WEEKS)
    (execution,) = runs.executions(PLAYER_GAME_FEATURES, NO_TARGET_LEAKAGE, THIRD)
    numbers = {each["label"]: each.get("intValue") for each in execution["evaluation"]["metadataEntries"]}
    assert numbers["rows_looked_at"] == 30


def with_points_of_the_game(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Doubled, because a player of the small league scores the same in every game."""
    rows = make_features(*args, **kwargs)
    return rows.assign(points_avg_last_5=(2 * rows["points"]).fillna(rows["points_avg_last_5"]))


def test_a_week_with_a_leaking_feature_is_not_published_and_the_feature_is_named(
    runs: WeeklyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs.run(FIRST, SECOND, tables=TABLES).success
    before = runs.warehouse.read_weeks(PLAYER_GAME_FEATURES, WEEKS)
    monkeypatch.setattr(features, "make_features", with_points_of_the_game)
    result = runs.run(FIRST, THIRD, tables=TABLES)
    found = "leaking_features 1 is outside the bound = 0: points_avg_last_5 of"
    assert judged(result) == {f"{week}": f"{week}: {found} {week}" for week in WEEKS}
    pd.testing.assert_frame_equal(runs.warehouse.read_weeks(PLAYER_GAME_FEATURES, WEEKS), before)


def test_another_run_that_publishes_an_earlier_week_meanwhile_changes_nothing(
    runs: WeeklyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runs.run(FIRST, SECOND, tables=TABLES).success

    def while_another_run_clears_the_first_week(*args: Any, **kwargs: Any) -> pd.DataFrame:
        with duckdb.connect(runs.warehouse.path) as connection:
            connection.execute(f"DELETE FROM nba_analytics.player_game_summary WHERE week = DATE '{FIRST}'")
        return make_features(*args, **kwargs)

    monkeypatch.setattr(features, "make_features", while_another_run_clears_the_first_week)
    result = runs.run(THIRD, tables=TABLES)
    assert result.success
    assert judged(result) == said(PASSED, THIRD)


def unfinished(week: dt.date, status: str) -> LeagueWeek:
    """The week's second game is long past and not final."""
    league = league_week(week)
    second = league.games["game_id"].iloc[1]
    league.games.loc[league.games["game_id"] == second, "status"] = status
    league.box_scores = league.box_scores[league.box_scores["game_id"] != second]
    return league


@pytest.mark.parametrize("status", ["4th Qtr", "Final/OT", "2021-12-26T00:30:00Z"])
def test_a_past_game_that_is_not_final_is_no_leak(runs: WeeklyRuns, status: str) -> None:
    runs.league.answer(SECOND, unfinished(SECOND, status))
    result = runs.run(FIRST, THIRD, tables=TABLES)
    assert judged(result) == said(PASSED, *WEEKS)
    rows = runs.warehouse.read_weeks(PLAYER_GAME_FEATURES, [SECOND])
    assert rows.groupby("game_id")["played"].agg(lambda played: played.isna().all()).tolist() == [False, True, False]


def test_a_refused_week_of_the_range_is_no_leak(runs: WeeklyRuns) -> None:
    runs.league.answer(SECOND, without_minutes(SECOND))
    assert judged(runs.run(FIRST, THIRD, tables=TABLES)) == said(PASSED, FIRST, THIRD)


def test_a_run_without_earlier_weeks_is_no_leak(runs: WeeklyRuns) -> None:
    assert judged(runs.run(THIRD, tables=TABLES)) == said(PASSED, THIRD)


def test_a_week_of_future_games_says_that_there_was_nothing_to_measure(runs: WeeklyRuns) -> None:
    coming = league_week(SECOND)
    coming.games = coming.games.assign(status="2021-12-26T00:30:00Z", period=0, home_score=0, visitor_score=0)
    coming.box_scores = coming.box_scores.iloc[:0]
    runs.league.answer(SECOND, coming)
    result = runs.run(FIRST, SECOND, tables=TABLES)
    assert judged(result) == said(PASSED, FIRST) | said("no rows to look at", SECOND)
