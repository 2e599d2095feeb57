"""What Dagit shows of each week after runs of every shape, and whether Dagster still needs our help for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from nba_assets.checks.catalogue import checks_of
from nba_assets.partitions import WEEKS as ALL_WEEKS
from nba_assets.sources.interface import Fetched
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.weekly.run_check import NAME as EVERY_WEEK_PUBLISHED
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES, WEEK, SmallLeague, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import WeeklyRuns, failures, weekly_runs

FIRST, SECOND, THIRD, FOURTH = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(4)]
SUCCEEDED, FAILED, MISSING = "SUCCEEDED", "FAILED", "MISSING"
CHECK, ROWS = "minutes_null_rate", "rows_per_final_game"
REFUSED = "minutes_null_rate: minutes_null_rate 1 is outside the bound < 0.01"


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[WeeklyRuns]:
    """Four weeks of the small league, none of them materialized yet."""
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        yield runs


def stored_rows(runs: WeeklyRuns) -> dict[dt.date, int]:
    rows = runs.warehouse.read_weeks(BDL_PLAYER_BOXSCORES, WEEKS)
    return {week: len(of_week) for week, of_week in rows.groupby("week")}


def every_check(states: dict[str, list[str]]) -> list[str]:
    """The states that all checks of a table have in common."""
    (common,) = {tuple(of_check) for of_check in states.values()}
    return list(common)


def test_one_week_is_materialized_and_checked_under_its_own_name(runs: WeeklyRuns) -> None:
    assert runs.run(SECOND).success
    for table in BOX_SCORE_TABLES:
        assert runs.published(table) == [SECOND]
        states = runs.states(table, WEEKS)
        assert set(states) == {check.name for check in checks_of(table)}
        assert every_check(states) == [MISSING, SUCCEEDED, MISSING, MISSING]


def test_a_range_is_one_run_with_a_result_for_each_week(runs: WeeklyRuns) -> None:
    result = runs.run(FIRST, THIRD)
    assert result.success
    for table in BOX_SCORE_TABLES:
        assert runs.published(table) == [FIRST, SECOND, THIRD]
        assert every_check(runs.states(table, WEEKS)) == [SUCCEEDED] * 3 + [MISSING]

    (execution,) = runs.executions(BDL_PLAYER_BOXSCORES, ROWS, SECOND)
    evaluation = execution["evaluation"]
    assert (evaluation["partition"], evaluation["success"]) == (f"{SECOND}", True)
    assert evaluation["targetMaterialization"]["runId"] == result.run_id
    told = {
        entry["label"]: entry.get("text", entry.get("intValue", entry.get("floatValue")))
        for entry in evaluation["metadataEntries"]
    }
    assert told["rows_looked_at"] == told["final_games"] == 3
    assert told[ROWS] == 30.0
    assert told[f"{ROWS} passes"] == ">= 24 and <= 42"
    assert told["reason"].startswith("rows_per_final_game 30 is within the bound >= 24 and <= 42; ")

    first, _, third = result.asset_materializations_for_node("nba_raw__bdl_player_boxscores")
    assert (first.partition, third.partition) == (f"{FIRST}", f"{THIRD}")
    numbers = {name: entry.value for name, entry in first.metadata.items()}
    assert numbers["dagster/partition_row_count"] == numbers["rows"] == 90
    assert (numbers["first_date"], numbers["last_date"]) == (f"{FIRST}", f"{FIRST + dt.timedelta(days=6)}")
    assert (numbers["minutes_null_rate"], numbers[ROWS]) == (0.0, 30.0)
    assert first.tags
    assert first.tags["dagster/code_version"]


def test_a_bad_week_of_a_range_keeps_its_rows_the_good_ones_go_on_and_a_repair_turns_it_green(
    runs: WeeklyRuns,
) -> None:
    first_run = runs.run(SECOND)
    runs.league.answer(SECOND, without_minutes(SECOND))
    result = runs.run(FIRST, THIRD)

    assert not result.success
    told = failures(result)
    of_this_run = (BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)
    assert set(told) == {f"{table.name}_{EVERY_WEEK_PUBLISHED}" for table in of_this_run}
    raw = told[f"bdl_player_boxscores_{EVERY_WEEK_PUBLISHED}"]
    assert "nba_raw.bdl_player_boxscores: 1 of 3 weeks were refused" in raw
    assert f"week {SECOND}: {REFUSED}" in raw
    assert f"{SECOND}" in told[f"player_game_summary_{EVERY_WEEK_PUBLISHED}"]

    assert stored_rows(runs) == {FIRST: 90, SECOND: 90, THIRD: 90}
    good = [f"{FIRST}", f"{THIRD}"]
    for table in of_this_run:
        events = result.asset_materializations_for_node("__".join(table.asset_key.path))
        assert [event.partition for event in events] == good, table.name
    assert runs.states(BDL_PLAYER_BOXSCORES, WEEKS)[CHECK] == [SUCCEEDED, FAILED, SUCCEEDED, MISSING]
    newest, oldest = runs.executions(BDL_PLAYER_BOXSCORES, CHECK, SECOND)
    assert [newest["status"], oldest["status"]] == [FAILED, SUCCEEDED]
    assert newest["evaluation"]["description"] == f"{SECOND}: minutes_null_rate 1 is outside the bound < 0.01"
    assert newest["evaluation"]["targetMaterialization"]["runId"] == first_run.run_id

    runs.league.answer(SECOND)
    assert runs.run(SECOND).success
    for table in BOX_SCORE_TABLES:
        assert every_check(runs.states(table, [FIRST, SECOND, THIRD])) == [SUCCEEDED] * 3


def test_a_week_that_another_run_publishes_meanwhile_still_counts_as_published(runs: WeeklyRuns) -> None:
    """Between the games and the box scores of the first run, a second one publishes the same games once more."""
    meanwhile = iter([lambda: runs.run(SECOND, tables=[BDL_GAMES])])

    class Overtaken(SmallLeague):
        def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
            for other_run in meanwhile:
                assert other_run().success
            return super().box_scores(week, closed=closed, refresh=refresh)

    runs.league = Overtaken()
    for week in WEEKS:
        runs.league.answer(week)
    assert runs.run(FIRST, THIRD).success
    assert runs.published(PLAYER_GAME_SUMMARY) == [FIRST, SECOND, THIRD]


def test_a_backfill_split_into_runs_has_the_same_results(runs: WeeklyRuns) -> None:
    runs.league.answer(THIRD, without_minutes(THIRD))
    assert [runs.run(FIRST, SECOND).success, runs.run(THIRD, FOURTH).success] == [True, False]
    assert stored_rows(runs) == {FIRST: 90, SECOND: 90, FOURTH: 90}
    assert runs.published(PLAYER_GAME_SUMMARY) == [FIRST, SECOND, FOURTH]
    assert runs.states(BDL_PLAYER_BOXSCORES, WEEKS)[CHECK] == [SUCCEEDED, SUCCEEDED, FAILED, SUCCEEDED]
    first, second, third, fourth = every_check(runs.states(PLAYER_GAME_SUMMARY, WEEKS))
    assert [first, second, fourth] == [SUCCEEDED] * 3
    assert third == "EXECUTION_FAILED", "not computed must not look like passed"

    runs.league.answer(THIRD)
    assert runs.run(THIRD).success
    assert every_check(runs.states(PLAYER_GAME_SUMMARY, WEEKS)) == [SUCCEEDED] * 4


def test_a_warning_is_no_failure_and_holds_nothing_back(runs: WeeklyRuns) -> None:
    few = league_week(FIRST)
    few.box_scores = few.box_scores.query("minutes != '00'")
    runs.league.answer(FIRST, few)
    assert runs.run(FIRST).success
    (execution,) = runs.executions(BDL_PLAYER_BOXSCORES, ROWS, FIRST)
    assert (execution["evaluation"]["success"], execution["evaluation"]["severity"]) == (False, "WARN")
    assert stored_rows(runs) == {FIRST: 60}


def test_the_check_of_a_run_can_be_executed_by_itself(runs: WeeklyRuns) -> None:
    assert runs.run(FIRST, SECOND).success
    alone = runs.definitions.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set(), asset_check_selection={dg.AssetCheckKey(BDL_GAMES.asset_key, EVERY_WEEK_PUBLISHED)}
    )
    (passed,) = alone.execute_in_process(instance=runs.instance).get_asset_check_evaluations()
    assert (passed.passed, passed.description) == (
        True,
        "the check was run over no weeks; the table holds everything it published",
    )
    with duckdb.connect(runs.warehouse.path) as connection:
        connection.execute(f"DELETE FROM nba_raw.bdl_games WHERE week = DATE '{SECOND}'")
    (failed,) = alone.execute_in_process(instance=runs.instance).get_asset_check_evaluations()
    assert not failed.passed
    assert f"published rows are missing in weeks {SECOND}; materialize them" in str(failed.description)


def test_a_week_that_upstream_never_published_is_a_clear_failure(runs: WeeklyRuns) -> None:
    in_a_fresh_project = runs.run(SECOND, tables=[PLAYER_GAME_SUMMARY])
    (told,) = failures(in_a_fresh_project).values()
    assert (
        f"an upstream table did not publish them: {SECOND}. They keep their earlier rows; materialize these weeks"
        in told
    )

    assert runs.run(FIRST, tables=[BDL_GAMES]).success
    result = runs.run(SECOND, tables=[PLAYER_GAME_SUMMARY])
    (told,) = failures(result).values()
    assert f"1 of 1 weeks were not computed, because an upstream table did not publish them: {SECOND}" in told
    assert "materialize these weeks upstream first" in told
    assert runs.published(PLAYER_GAME_SUMMARY) == []


RANGE = {"dagster/asset_partition_range_start": f"{FIRST}", "dagster/asset_partition_range_end": f"{THIRD}"}
SENTINEL_KEY = dg.AssetKey("sentinel")


@dg.asset(
    key=SENTINEL_KEY,
    partitions_def=ALL_WEEKS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("plain", asset=SENTINEL_KEY, partitions_def=ALL_WEEKS)],
)
def sentinel() -> dg.MaterializeResult:
    """An asset that does what Dagster's documentation says, without `week_events`."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="plain", passed=True)])


@pytest.fixture(scope="module")
def as_documented() -> Iterator[dg.DagsterInstance]:
    """What Dagster makes of that asset in a run over three weeks."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([sentinel], instance=instance, tags=RANGE).success
        yield instance


def test_dagster_still_stores_a_plain_check_result_of_a_range_without_its_weeks(
    as_documented: dg.DagsterInstance,
) -> None:
    history = as_documented.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(SENTINEL_KEY, "plain"), limit=10
    )
    passed = [record.partition for record in history if record.status == AssetCheckExecutionRecordStatus.SUCCEEDED]
    assert passed == [None], "Dagster has changed: see whether weekly_events.py is still needed"


def test_dagster_still_counts_every_week_of_a_range_as_materialized(as_documented: dg.DagsterInstance) -> None:
    weeks = as_documented.get_materialized_partitions(SENTINEL_KEY)
    assert weeks == {f"{FIRST}", f"{SECOND}", f"{THIRD}"}, (
        "Dagster has changed: see whether weekly_events.py is still needed"
    )
