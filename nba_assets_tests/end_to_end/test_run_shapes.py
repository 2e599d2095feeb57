"""Every kind of week through every job, over the whole graph: nothing but a refused week makes a run fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from nba_assets.automation.jobs import JOBS, week_range_tags
from nba_assets.tables import WEEKLY_TABLES
from nba_assets.tables.asset_keys import DATA_HEALTH
from nba_assets.weekly.publications import newest_publications
from nba_assets.weekly.run_check import NAME as EVERY_WEEK_PUBLISHED
from nba_assets_tests.support.small_week import WEEK, LeagueWeek, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]
OVER_SEASONS = "rosters"


def only_scheduled(week: dt.date) -> LeagueWeek:
    answer = league_week(week)
    waiting = {"status": f"{week}T00:30:00Z", "period": 0, "home_score": 0, "visitor_score": 0}
    return LeagueWeek(answer.games.assign(**waiting), answer.box_scores.iloc[:0])


def without_result(status: str, with_rows: bool) -> Callable[[dt.date], LeagueWeek]:
    """A week whose first game has no result although its day has passed, with or without its box scores."""

    def answer(week: dt.date) -> LeagueWeek:
        played = league_week(week)
        played.games.loc[0, "status"] = status
        if not with_rows:
            unplayed = played.games.loc[0, "game_id"]
            played.box_scores = played.box_scores[played.box_scores["game_id"] != unplayed].reset_index(drop=True)
        return played

    return answer


def all_star_break(week: dt.date) -> LeagueWeek:
    """One game, on the week's last day."""
    played = league_week(week, games=3)
    (last,) = played.games.loc[played.games["game_date"] == week + dt.timedelta(days=6), "game_id"]
    return LeagueWeek(
        played.games[played.games["game_id"] == last].reset_index(drop=True),
        played.box_scores[played.box_scores["game_id"] == last].reset_index(drop=True),
    )


def nothing(week: dt.date) -> LeagueWeek:
    return LeagueWeek(pd.DataFrame(), pd.DataFrame())


SHAPES: dict[str, tuple[Callable[[dt.date], LeagueWeek], Callable[[dt.date], LeagueWeek], bool]] = {
    # what the first two weeks are, what the newest is, and whether the newest is to be refused
    "no games at all": (nothing, nothing, False),
    "no games before the first played week": (nothing, league_week, False),
    "only scheduled games": (only_scheduled, only_scheduled, False),
    "scheduled after played": (league_week, only_scheduled, False),
    "played": (league_week, league_week, False),
    "a quiet week after played": (league_week, nothing, False),
    "all-star break": (league_week, all_star_break, False),
    "newest week refused": (league_week, without_minutes, True),
    "past game in its fourth quarter for ever": (without_result("4th Qtr", True), league_week, False),
    "past game Final/OT without rows": (without_result("Final/OT", False), league_week, False),
    "past game with a time as status": (league_week, without_result("2021-12-17T00:30:00Z", False), False),
    "past game postponed on its old date": (without_result("Postponed", False), league_week, False),
}


def run(runs: WeeklyRuns, job: str) -> dg.ExecuteInProcessResult:
    return runs.definitions.resolve_job_def(job).execute_in_process(
        instance=runs.instance,
        partition_key="2021-22" if job == OVER_SEASONS else None,
        tags={**runs.tags, **({} if job in (OVER_SEASONS, "data_health") else week_range_tags(WEEKS))},
        raise_on_error=False,
    )


def failed_checks(result: dg.ExecuteInProcessResult) -> set[tuple[str | None, str]]:
    """Week and name of each check of a weekly table that failed, without warnings.

    The small league has no injury reports, which days_without_report rightly calls an error.
    """
    tables = {table.asset_key for table in WEEKLY_TABLES}
    return {
        (each.partition, each.check_name)
        for each in result.get_asset_check_evaluations()
        if not each.passed
        and each.severity == dg.AssetCheckSeverity.ERROR
        and each.asset_key in tables
        and each.check_name != "days_without_report"
    }


OTHER_JOBS = tuple(job.name for job in JOBS if job.name != "backfill")
IN_EVERY_TEST_RUN = ("no games at all", "newest week refused")


def run_shape(shape: str, folder: Path, *jobs: str) -> None:
    """Each job over three weeks of this shape in one project; what must hold of each run, and of the tables then."""
    earlier, newest, refused = SHAPES[shape]
    with weekly_runs(folder / "project") as runs:
        for week in WEEKS:
            runs.league.answer(week, (newest if week == THIRD else earlier)(week))
        for job in jobs:
            result = run(runs, job)
            told = failures(result)
            assert {step for step in told if not step.endswith(EVERY_WEEK_PUBLISHED)} == set(), f"{job}: {told}"
            assert not any("Traceback" in text or "an unexpected error" in text for text in told.values()), (
                f"{job}: {told}"
            )
            if not refused:
                assert (failed_checks(result), result.success) == (set(), True), f"{job}: {told}"
            if DATA_HEALTH in result.job_def.asset_layer.executable_asset_keys:
                assert result.asset_materializations_for_node("__".join(DATA_HEALTH.path)), job
        weeks = [FIRST, SECOND] if refused else WEEKS
        published = newest_publications(runs.warehouse.query, WEEKLY_TABLES, WEEKS)
        assert published["intact"].all()
        assert set(published.groupby("week").size().loc[weeks]) == {len(WEEKLY_TABLES)}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_backfill_takes_every_kind_of_week(shape: str, tmp_path: Path) -> None:
    run_shape(shape, tmp_path, "backfill")


@pytest.mark.parametrize(
    "shape",
    [pytest.param(shape, marks=[] if shape in IN_EVERY_TEST_RUN else pytest.mark.long) for shape in SHAPES],
)
def test_every_job_takes_every_kind_of_week(shape: str, tmp_path: Path) -> None:
    run_shape(shape, tmp_path, "backfill", *OTHER_JOBS)


def test_an_error_nobody_expected_costs_its_week_and_its_traceback_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nba_assets.transforms import summaries

    usual = summaries.team_game_summary

    def broken(games: pd.DataFrame, box_scores: pd.DataFrame) -> pd.DataFrame:
        if (games["week"] == SECOND).any():
            raise ZeroDivisionError("a fault of ours")
        return usual(games, box_scores)

    monkeypatch.setattr(summaries, "team_game_summary", broken)
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        result = run(runs, "backfill")
        told = failures(result)["team_game_summary_" + EVERY_WEEK_PUBLISHED]
        refused = f"refused and keep their earlier rows:\n  week {SECOND}: row_integrity: an unexpected error"
        assert f"1 of 3 weeks were {refused}" in told
        assert "ZeroDivisionError: a fault of ours" in told
        assert "Traceback" not in told
        log = [entry.user_message for entry in runs.instance.all_logs(result.run_id)]
        assert any("Traceback" in message and "ZeroDivisionError: a fault of ours" in message for message in log)
        assert result.asset_materializations_for_node("__".join(DATA_HEALTH.path))
        published = newest_publications(runs.warehouse.query, WEEKLY_TABLES, WEEKS)
        assert set(published.loc[published["week"] != SECOND].groupby("week").size()) == {len(WEEKLY_TABLES)}
