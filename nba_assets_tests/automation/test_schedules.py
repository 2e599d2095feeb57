"""Which weeks each schedule runs over, when it skips, and how Dagster's own scheduler handles its ticks."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import logging
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest
from dagster._core.scheduler.instigation import TickStatus
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs
from dagster._utils.schedules import schedule_execution_time_iterator

from nba_assets.automation.schedules import SCHEDULES
from nba_assets.definitions import build_definitions
from nba_assets.errors import SourceError
from nba_assets.partitions import FRIDAY, last_day
from nba_assets.settings import REPOSITORY, Settings
from nba_assets.tables import BDL_GAMES, WEEKLY_TABLES
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly.off_season import off_season
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import NO_GAMES, LeagueWeek, SmallLeague, league_week

EASTERN = ZoneInfo("US/Eastern")
RANGE = "dagster/asset_partition_range_"
WEEK = dt.date(2021, 12, 17)
BEFORE = dt.date(2021, 12, 10)
IN_SEASON = "2021-12-21T13:00Z"  # Tuesday 08:00 US/Eastern, in WEEK


class SlowLeague(SmallLeague):
    """Answers too late."""

    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        time.sleep(1.0)
        return pd.DataFrame()


@pytest.fixture
def league() -> SmallLeague:
    return SmallLeague()


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(path=f"{tmp_path}/sample.duckdb")


@functools.cache
def definitions() -> dg.Definitions:
    return build_definitions(Settings.from_environment({"NBA_DATA": "/nowhere"}))


def tick(name: str, at: str, source: SmallLeague, warehouse: DuckDBWarehouse) -> dg.RunRequest | str:
    """The schedule's run request at this moment, or its reason to skip."""
    asked = {"source": dg.ResourceDefinition.hardcoded_resource(source), "warehouse": warehouse}
    schedule = definitions().resolve_schedule_def(name)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=dt.datetime.fromisoformat(at),
            repository_def=definitions().get_repository_def(),
            resources={name: asked[name] for name in schedule.required_resource_keys},
        ) as context,
    ):
        answer = schedule.evaluate_tick(context)
    if not answer.run_requests:
        assert answer.skip_message
        return answer.skip_message
    (request,) = answer.run_requests
    return request


def weeks_of(tags: Mapping[str, str]) -> tuple[str, str]:
    return tags[f"{RANGE}start"], tags[f"{RANGE}end"]


@pytest.fixture(params=["Pacific/Auckland", "UTC", "US/Pacific"])
def _machine_zone(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_machine_zone")
@pytest.mark.parametrize(
    ("name", "at", "first", "last"),
    [
        pytest.param("morning", IN_SEASON, "2021-12-10", "2021-12-17", id="a Tuesday"),
        pytest.param("morning", "2021-12-23T13:00Z", "2021-12-10", "2021-12-17", id="Thursday, the week's last day"),
        pytest.param("friday", "2021-12-24T13:00Z", "2021-12-10", "2021-12-24", id="Friday opens a week"),
        pytest.param("morning", "2021-12-25T13:00Z", "2021-12-17", "2021-12-24", id="Saturday"),
        pytest.param("morning", "2021-12-24T04:59Z", "2021-12-10", "2021-12-17", id="23:59 of Thursday, Friday in UTC"),
        pytest.param("morning", "2021-12-24T05:00Z", "2021-12-17", "2021-12-24", id="00:00 of Friday"),
        pytest.param("morning", "2022-03-13T12:00Z", "2022-03-04", "2022-03-11", id="summer time begins"),
        pytest.param("morning", "2021-11-05T03:59Z", "2021-10-22", "2021-10-29", id="23:59 in summer time"),
        pytest.param("morning", "2021-11-07T13:00Z", "2021-10-29", "2021-11-05", id="summer time ends"),
        pytest.param("evening", "2021-12-23T23:00Z", "2021-12-17", "2021-12-17", id="an evening, Friday in Auckland"),
        pytest.param("friday", "2021-10-08T12:00Z", "2021-10-01", "2021-10-08", id="the history's second week"),
    ],
)
def test_weeks_follow_from_the_time_of_the_tick_in_us_eastern(
    league: SmallLeague, warehouse: DuckDBWarehouse, name: str, at: str, first: str, last: str
) -> None:
    for week in pd.date_range(first, last, freq="7D"):
        league.answer(week.date())
    request = tick(name, at, league, warehouse)
    assert isinstance(request, dg.RunRequest), request
    assert weeks_of(request.tags) == (first, last)


def ticks_of_2022(schedule: dg.ScheduleDefinition) -> list[dt.datetime]:
    start, end = (dt.datetime(year, 1, 1, tzinfo=EASTERN) for year in (2022, 2023))
    ticks = schedule_execution_time_iterator(
        start.timestamp(), schedule.cron_schedule, schedule.execution_timezone, ascending=True
    )
    return list(itertools.takewhile(lambda at: at < end, (tick.astimezone(EASTERN) for tick in ticks)))


def test_each_day_of_a_year_has_one_morning_and_every_schedule_starts_stopped() -> None:
    times = {schedule.name: ticks_of_2022(schedule) for schedule in SCHEDULES}
    mornings = sorted(times["morning"] + times["friday"])
    assert [at.date() for at in mornings] == [day.date() for day in pd.date_range("2022-01-01", "2022-12-31")]
    assert {(at.hour, at.minute) for at in mornings} == {(8, 0)}
    assert {at.weekday() for at in times["friday"]} == {FRIDAY}
    assert {(at.hour, at.minute) for at in times["evening"]} == {(18, 0)}
    assert len(times["evening"]) == len(times["evening_rosters"]) == 365
    assert {at.hour for at in times["health"]} == {12, 20}
    assert {schedule.default_status for schedule in SCHEDULES} == {dg.DefaultScheduleStatus.STOPPED}


def test_mornings_and_fridays_refresh_and_evenings_fetch_only_missing_reports(
    league: SmallLeague, warehouse: DuckDBWarehouse
) -> None:
    league.answer(WEEK)
    for name, asked in (("morning", {"nba_raw__bdl_games", "nba_raw__bdl_player_boxscores"}), ("evening", set())):
        request = tick(name, IN_SEASON, league, warehouse)
        assert isinstance(request, dg.RunRequest)
        ops = request.run_config.get("ops", {})
        assert asked <= set(ops)
        assert all(op == {"config": {"refresh": True}} for op in ops.values())
    rosters = tick("evening_rosters", IN_SEASON, league, warehouse)
    assert isinstance(rosters, dg.RunRequest)
    assert (rosters.partition_key, rosters.run_key) == ("2021-22", "evening_rosters 2021-12-21")


@pytest.mark.parametrize("name", ["morning", "friday", "evening", "evening_rosters"])
@pytest.mark.parametrize(
    ("at", "weeks"),
    [
        pytest.param("2022-08-16T12:00Z", "2022-08-05 and 2022-08-12", id="a summer"),
        pytest.param(IN_SEASON, "2021-12-10 and 2021-12-17", id="no calendar decides"),
    ],
)
def test_two_weeks_without_a_game_are_the_off_season(
    league: SmallLeague, warehouse: DuckDBWarehouse, name: str, at: str, weeks: str
) -> None:
    told = tick(name, at, league, warehouse)
    assert told == f"off-season: weeks {weeks} have no game, neither stored nor at the source"


def test_before_the_history_there_is_nothing_to_do(league: SmallLeague, warehouse: DuckDBWarehouse) -> None:
    told = tick("morning", "2021-09-21T12:00Z", league, warehouse)
    assert told == "the history begins after 2021-09-21: see NBA_FIRST_WEEK"


@pytest.mark.parametrize(
    ("before", "now", "off"),
    [
        pytest.param(NO_GAMES, league_week(WEEK), False, id="a season's first week"),
        pytest.param(league_week(BEFORE), NO_GAMES, False, id="its last, or the All-Star week"),
        pytest.param(NO_GAMES, SourceError("down"), False, id="the source is down: the run shows it"),
        pytest.param(NO_GAMES, NO_GAMES, True, id="off-season"),
    ],
)
def test_games_of_two_weeks_decide(
    league: SmallLeague,
    warehouse: DuckDBWarehouse,
    before: LeagueWeek,
    now: LeagueWeek | Exception,
    off: bool,
) -> None:
    league.answer(BEFORE, before)
    league.answer(WEEK, now)
    assert off_season([BEFORE, WEEK], league, warehouse) is off


def test_a_source_that_does_not_respond_in_time_is_no_off_season(warehouse: DuckDBWarehouse) -> None:
    assert off_season([BEFORE, WEEK], SlowLeague(), warehouse, patience=0.05) is False


def test_stored_games_are_no_off_season_whatever_the_source_lists(
    league: SmallLeague, warehouse: DuckDBWarehouse
) -> None:
    publish(warehouse, BDL_GAMES, WeeklyRows(league_week(BEFORE).games), [BEFORE])
    assert off_season([BEFORE, WEEK], league, warehouse) is False
    assert off_season([WEEK, last_day(WEEK) + dt.timedelta(days=1)], league, warehouse) is True


def test_the_evening_job_holds_every_table_that_reads_injury_reports() -> None:
    job = definitions().resolve_job_def("follow_injury_reports")
    tables = {key.path[-1] for key in job.asset_layer.executable_asset_keys}
    others = {"bdl_games", "bdl_player_boxscores", "team_game_summary", "xgboost_model"}
    assert tables == {table.name for table in WEEKLY_TABLES} - others | {"data_health"}


def test_dagster_s_scheduler_queues_one_run_for_a_tick_that_it_evaluates_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample league in another process: the scheduler daemon's own loop, from tick to queued run."""
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(REPOSITORY / "deploy" / "local" / "dagster.yaml", home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("NBA_DATA", str(tmp_path))
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        create_test_daemon_workspace_context(ModuleTarget("nba_assets.definitions", None, None, ""), instance) as work,
    ):
        (location,) = work.create_request_context().get_code_location_entries().values()
        assert location.code_location
        (repository,) = location.code_location.get_repositories().values()
        before, after = (dt.datetime(2021, 12, 21, hour, tzinfo=dt.UTC) for hour in (12, 14))
        with freeze_time(before):
            for schedule in repository.get_schedules():
                instance.start_schedule(schedule)

        def look() -> Sequence[dg.DagsterRun]:
            with freeze_time(after):
                list(launch_scheduled_runs(work, logging.getLogger(), after, {}))
            return instance.get_runs()

        (run,) = look()
        assert (run.job_name, run.status) == ("refresh_weeks", dg.DagsterRunStatus.QUEUED)
        assert weeks_of(run.tags) == ("2021-12-10", "2021-12-17")
        assert [each.run_id for each in look()] == [run.run_id]
        (state,) = [state for state in instance.all_instigator_state() if state.instigator_name == "morning"]
        (tick,) = instance.get_ticks(state.instigator_origin_id, state.selector_id)
        assert (tick.status, tick.run_keys) == (TickStatus.SUCCESS, ["morning 2021-12-21"])
        instance.update_tick(tick.with_status(TickStatus.STARTED))
        assert [each.run_id for each in look()] == [run.run_id], "a daemon that died before it noted the run"
