"""The alert sensors over failing runs and checks of the small league, with a webhook that is up or down."""

from __future__ import annotations

import datetime as dt
import html
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from nba_assets.alerting.incidents import TOO_OLD, AlertState
from nba_assets.automation.sensors import alert_sensors, observe_checks, tick
from nba_assets.definitions import build_definitions
from nba_assets.errors import SourceError
from nba_assets.settings import AlertSettings, Settings
from nba_assets.sources.balldontlie import RefusedRequest
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES
from nba_assets_tests.alerting.test_alerts import SECRET, serving, status, to_webhook, webhook
from nba_assets_tests.conftest import TellFault
from nba_assets_tests.support.emulators import free_port
from nba_assets_tests.support.small_week import WEEK, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import WeeklyRuns, weekly_runs

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]


@dataclass
class Watch:
    """Both sensors over a project's runs, posting to one webhook; their cursors are kept as the daemon keeps them."""

    runs: WeeklyRuns
    port: int = field(default_factory=free_port)
    cursors: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def look(self, answer: bytes | None = None) -> list[str]:
        """One tick of each sensor; the messages that arrived. answer: what the webhook says; without, it is down."""
        with ExitStack() as open_:
            server = open_.enter_context(serving(webhook(answer), self.port)) if answer else None
            for sensor in alert_sensors(to_webhook(self.port)):
                context = dg.build_sensor_context(self.runs.instance, cursor=self.cursors.get(sensor.name))
                done = sensor.evaluate_tick(context)
                assert done.cursor
                assert done.skip_message
                self.cursors[sensor.name], self.told[sensor.name] = done.cursor, done.skip_message
        return [html.unescape(json.loads(said)["text"]) for said in server.said] if server else []

    def look_and_hear(self) -> list[str]:
        return self.look(status(200))


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        yield Watch(runs)


REFUSED = (
    "FAILED: minutes_null_rate of nba_raw/bdl_player_boxscores, week 2021-12-24. "
    "minutes_null_rate 1 is outside the bound < 0.01\n"
    "http://dagit/assets/nba_raw/bdl_player_boxscores?view=checks&checkDetail=minutes_null_rate"
)


def test_a_refused_week_and_its_failed_run_are_one_incident_until_it_is_solved(watch: Watch) -> None:
    watch.runs.league.answer(SECOND, without_minutes(SECOND))
    assert not watch.runs.run(FIRST, THIRD).success
    assert watch.look_and_hear() == [REFUSED]
    assert watch.look_and_hear() == []
    assert not watch.runs.run(SECOND).success
    assert watch.look_and_hear() == [], "the same week failed again within the day"
    watch.runs.league.answer(SECOND)
    assert watch.runs.run(SECOND).success
    (solved,) = watch.look_and_hear()
    assert solved.startswith("SOLVED: minutes_null_rate of nba_raw/bdl_player_boxscores, week 2021-12-24 was the last")


def test_all_weeks_of_a_range_that_fail_one_check_are_one_message(watch: Watch) -> None:
    for week in WEEKS:
        watch.runs.league.answer(week, SourceError("the source did not answer"))
    watch.runs.run(FIRST, THIRD)
    games = [message for message in watch.look_and_hear() if "row_integrity" in message]
    assert [message.splitlines()[0] for message in games] == [
        "FAILED: row_integrity of nba_raw/bdl_games, 3 weeks: 2021-12-17, 2021-12-24, 2021-12-31. "
        "2021-12-17: the source did not answer"
    ]


def test_a_warning_is_no_incident(watch: Watch) -> None:
    few = league_week(FIRST)
    few.box_scores = few.box_scores.query("minutes != '00'")
    watch.runs.league.answer(FIRST, few)
    assert watch.runs.run(FIRST).success
    (execution,) = watch.runs.executions(BDL_PLAYER_BOXSCORES, "rows_per_final_game", FIRST)
    assert execution["evaluation"]["success"] is False
    assert watch.look_and_hear() == []


def test_a_refused_key_is_one_incident_of_the_check_it_fails(watch: Watch) -> None:
    watch.runs.league.answer(FIRST, RefusedRequest("401: set BALLDONTLIE_API_KEY to a key of your account"))
    watch.runs.run(FIRST, tables=[BDL_GAMES])
    (message,) = watch.look_and_hear()
    assert message.startswith(
        "FAILED: row_integrity of nba_raw/bdl_games, week 2021-12-17. "
        "401: set BALLDONTLIE_API_KEY to a key of your account"
    )
    watch.runs.run(FIRST, tables=[BDL_GAMES])
    assert watch.look_and_hear() == []
    watch.runs.league.answer(FIRST)
    assert watch.runs.run(FIRST, tables=[BDL_GAMES]).success
    (solved,) = watch.look_and_hear()
    assert solved.startswith("SOLVED: row_integrity of nba_raw/bdl_games, week 2021-12-17")


def test_a_week_that_upstream_never_published_is_an_incident_of_every_week_published(watch: Watch) -> None:
    assert watch.runs.run(FIRST, tables=[BDL_GAMES]).success
    watch.runs.run(FIRST, SECOND, tables=[BDL_PLAYER_BOXSCORES])
    gate = "every_week_published of nba_raw/bdl_player_boxscores"
    (message,) = watch.look_and_hear()
    assert message.startswith(f"FAILED: {gate}, week 2021-12-24. it was not published, and no check of the run says")
    assert watch.runs.run(FIRST, SECOND).success
    (solved,) = watch.look_and_hear()
    assert solved.startswith(f"SOLVED: {gate}, week 2021-12-24")


def test_a_killed_run_is_reported_without_a_step(watch: Watch) -> None:
    run = watch.runs.instance.create_run_for_job(dg.job(name="daily")(lambda: None))
    watch.runs.instance.report_run_failed(run, "The process of this run was killed.")
    assert watch.look_and_hear() == [
        f"FAILED: job daily. The process of this run was killed.\nhttp://dagit/runs/{run.run_id}"
    ]


@pytest.mark.fault
@pytest.mark.parametrize("answer", [None, status(500), b"nonsense"], ids=["refused", "500", "garbage"])
def test_no_message_is_lost_while_the_webhook_is_down_and_its_address_never_appears(
    watch: Watch,
    answer: bytes | None,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    tell_fault: TellFault,
    request: pytest.FixtureRequest,
) -> None:
    watch.runs.league.answer(FIRST, without_minutes(FIRST))
    watch.runs.run(FIRST)
    watch.look(answer)
    assert watch.told["failed_checks"] == "1 finished runs read, 0 messages sent, 1 kept for later"
    watch.look(answer)
    watch.runs.league.answer(FIRST)
    watch.runs.run(FIRST)
    watch.look(answer)
    verbs = [message.split(":")[0] for message in watch.look_and_hear()]
    assert verbs == ["FAILED", "SOLVED"]
    assert watch.look_and_hear() == []
    assert SECRET not in "".join(watch.told.values()) + "".join(watch.cursors.values())
    assert SECRET not in "".join(capfd.readouterr())
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
    case = request.node.callspec.id
    tell_fault(f"the alert webhook is down: {case}", "the tick: '1 kept for later'", "told by a later tick, in order")


def test_a_first_tick_after_weeks_counts_old_failures_and_reports_new_ones(watch: Watch) -> None:
    for week in (FIRST, SECOND):
        watch.runs.league.answer(week, without_minutes(week))
    watch.runs.run(FIRST)
    later = time.time() + TOO_OLD + 60
    messages: list[str] = []
    silent = AlertSettings.read({"NBA_DAGIT_URL": "http://dagit"})
    told = tick(watch.runs.instance, ledger := AlertState(), observe_checks, silent, later, messages.append)
    assert told == "1 finished runs read, 1 messages sent, 0 kept for later"
    assert messages == [
        "LEFT OUT: 1 failure from more than 7 days ago, still open, of minutes_null_rate of "
        "nba_raw/bdl_player_boxscores. Look at the asset checks and runs in Dagit."
    ]
    watch.runs.run(SECOND)
    tick(watch.runs.instance, ledger, observe_checks, silent, time.time(), messages.append)
    assert [message.split(". ")[0] for message in messages[1:]] == [
        "FAILED: minutes_null_rate of nba_raw/bdl_player_boxscores, week 2021-12-24 (now 2 in all)"
    ]


def test_the_sensors_are_part_of_the_project_and_start_stopped() -> None:
    sensors = build_definitions(Settings.from_environment({})).sensors or []
    assert {sensor.name for sensor in sensors} >= {"failed_checks", "failed_runs"}
    stopped = alert_sensors(AlertSettings.read({"NBA_DAGIT_URL": "http://dagit"}))
    assert {sensor.default_status for sensor in stopped} == {dg.DefaultSensorStatus.STOPPED}
