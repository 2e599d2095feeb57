"""data_health over a real history: every state of a week, from the warehouse's and Dagster's records."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from nba_assets.errors import SourceError
from nba_assets.partitions import WEEK as WEEK_LONG
from nba_assets.partitions import league_today, week_of
from nba_assets.reports.health import State
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, WEEKLY_TABLES, XGBOOST_MODEL
from nba_assets.tables.asset_keys import DATA_HEALTH
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Publication
from nba_assets_tests.support.small_week import WEEK, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

COMPLETE, REFUSED, OLD_CODE, FAILED, NO_ANSWER, NEVER_RUN, NO_GAMES = [
    WEEK + dt.timedelta(days=7 * index) for index in range(7)
]
LAST = NO_GAMES + dt.timedelta(days=7)
ALL = list(WEEKLY_TABLES)


@dataclass
class Health:
    """What data_health reported on the weeks up to LAST."""

    text: str
    counts: Mapping[str, object]
    checks: dict[str, dg.AssetCheckEvaluation]
    success: bool

    def line(self, week: dt.date) -> str:
        (line,) = [line for line in self.text.splitlines() if line.startswith(f"| {week} |")]
        return line


def health(runs: WeeklyRuns, first: dt.date = COMPLETE, last: dt.date = LAST) -> Health:
    result = runs.definitions.resolve_job_def("data_health").execute_in_process(
        instance=runs.instance,
        run_config={
            "ops": {"nba_validation__data_health": {"config": {"first_date": f"{first}", "last_date": f"{last}"}}}
        },
        raise_on_error=False,
    )
    (told,) = result.asset_materializations_for_node("__".join(DATA_HEALTH.path))
    counts = {str(state): told.metadata[state].value for state in State}
    checks = {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}
    return Health(str(told.metadata["weeks by state"].value), counts, checks, result.success)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeeklyRuns]:
    """A league that plays every week except NO_GAMES; the weeks up to NO_ANSWER were run, not all successfully."""
    folder = tmp_path_factory.mktemp("health") / "project"
    with weekly_runs(folder, COMPLETE, REFUSED, OLD_CODE, NEVER_RUN, LAST) as runs:
        runs.league.answer(FAILED, without_minutes(FAILED))
        runs.league.answer(NO_ANSWER, SourceError("nothing but errors"))
        assert runs.run(COMPLETE, OLD_CODE, tables=ALL).success
        assert not runs.run(FAILED, tables=ALL).success
        assert not runs.run(NO_ANSWER, tables=ALL).success
        yield runs


def test_an_untouched_history_is_complete(runs: WeeklyRuns) -> None:
    told = health(runs, COMPLETE, OLD_CODE)
    assert told.counts == dict.fromkeys(State, 0) | {State.COMPLETE: 3}
    assert told.text.startswith("# Data health: 3 of 3 weeks are complete")
    assert told.success
    assert told.checks["every_past_week"].passed
    assert told.checks["every_past_week"].metadata["rows_looked_at"].value == 3


def test_every_state_follows_from_real_runs(runs: WeeklyRuns) -> None:
    runs.league.answer(REFUSED, without_minutes(REFUSED))
    assert not runs.run(REFUSED, tables=[BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY]).success
    games = league_week(OLD_CODE).games.assign(week=OLD_CODE)
    with runs.warehouse.stage(BDL_GAMES, to_arrow(games, BDL_GAMES)) as staged:
        staged.publish([OLD_CODE], Publication("an older run", "an older one"))
    told = health(runs)
    assert told.counts == dict.fromkeys(State, 1) | {
        State.FAILED: 2,
        State.NEVER_RUN: 2,
        State.ROWS_MISSING: 0,
        State.LOG_DISAGREES: 0,
    }
    assert "bdl_player_boxscores incomplete: keeps earlier rows: minutes_null_rate" in told.line(REFUSED)
    assert "player_game_summary incomplete: keeps earlier rows: run" in told.line(REFUSED)
    assert "bdl_games stale: its code has changed since" in told.line(OLD_CODE)
    assert "stale: bdl_games was published later" in told.line(OLD_CODE)
    assert "bdl_player_boxscores failed: minutes_null_rate: minutes_null_rate 1" in told.line(FAILED)
    assert "read its failed checks, repair the source" in told.line(FAILED)
    assert "bdl_games failed: row_integrity: nothing but errors" in told.line(NO_ANSWER)
    assert f"| {NEVER_RUN}, {LAST} | bdl_games, bdl_player_boxscores, team_game_summary and 7 more never" in told.text

    check = told.checks["every_past_week"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert check.description == (
        f"failed: {FAILED} to {NO_ANSWER}; incomplete: {REFUSED}; never run: {NEVER_RUN}, {LAST}; stale: {OLD_CODE}"
    )
    assert told.success, "it tells of failures, it is none"


def test_missing_rows_are_reported_whatever_the_log_says(tmp_path: Path) -> None:
    with weekly_runs(tmp_path / "project", COMPLETE, REFUSED, OLD_CODE) as project:
        assert project.run(COMPLETE, OLD_CODE, tables=ALL).success
        kept = tmp_path / "kept.duckdb"
        shutil.copy(project.warehouse.path, kept)
        assert project.run(OLD_CODE, tables=ALL).success
        shutil.copy(kept, project.warehouse.path)
        with duckdb.connect(project.warehouse.path) as connection:
            connection.execute(f"DELETE FROM nba_analytics.team_game_summary WHERE week = DATE '{REFUSED}'")
        project.instance.report_runless_asset_event(dg.AssetMaterialization(BDL_GAMES.asset_key, partition=f"{FAILED}"))
        told = health(project, COMPLETE, FAILED)
        assert "team_game_summary rows missing: 0 of 6 published rows are stored" in told.line(REFUSED)
        assert "log and tables disagree: Dagster's log names publication " in told.line(OLD_CODE)
        assert "bdl_games log and tables disagree: marked as materialized by hand" in told.line(FAILED)
        assert told.checks["every_past_week"].severity == dg.AssetCheckSeverity.ERROR

        Path(project.warehouse.path).unlink()
        gone = health(project, COMPLETE, OLD_CODE)
        assert gone.counts == dict.fromkeys(State, 0) | {State.LOG_DISAGREES: 3}


def test_data_health_fails_if_it_cannot_read_and_calls_no_week_complete(tmp_path: Path) -> None:
    with weekly_runs(tmp_path / "project", COMPLETE) as project:
        assert project.run(COMPLETE, tables=ALL).success
        Path(project.warehouse.path).write_bytes(b"no database" * 1000)
        result = project.definitions.resolve_job_def("data_health").execute_in_process(
            instance=project.instance, raise_on_error=False
        )
        assert not result.asset_materializations_for_node("__".join(DATA_HEALTH.path))
        told = failures(result)["__".join(DATA_HEALTH.path)]
        assert "sample.duckdb cannot be opened" in told
        assert "Put a copy back in its place, or move it away and backfill again; nothing was changed" in told


def test_a_run_of_the_week_in_progress_is_what_makes_it_fresh(runs: WeeklyRuns) -> None:
    this_week = week_of(league_today())
    before = health(runs).checks["freshness"]
    assert (before.passed, before.description) == (
        True,
        f"off-season: weeks {this_week - WEEK_LONG} and {this_week} have no game",
    )
    runs.league.answer(this_week)
    never = health(runs).checks["freshness"]
    assert (never.passed, never.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert never.description == f"week {this_week} was published by " + ", ".join(
        f"{table.name} never" for table in WEEKLY_TABLES if table is not XGBOOST_MODEL
    )
    assert runs.run(this_week, tables=ALL).success
    fresh = health(runs).checks["freshness"]
    assert (fresh.passed, fresh.description) == (True, f"week {this_week} was published by every table in time")
    assert fresh.metadata["rows_looked_at"].value == len(WEEKLY_TABLES) - 1


def test_data_health_itself_has_a_freshness_policy(runs: WeeklyRuns) -> None:
    """Policies do not suit the weekly tables: any week counts, summers fail, and a table that never ran does not."""
    policies = {
        spec.key: spec.freshness_policy
        for spec in runs.definitions.resolve_all_asset_specs()
        if spec.freshness_policy is not None
    }
    assert policies == {
        DATA_HEALTH: dg.FreshnessPolicy.time_window(
            fail_window=dt.timedelta(hours=48), warn_window=dt.timedelta(hours=24)
        )
    }
