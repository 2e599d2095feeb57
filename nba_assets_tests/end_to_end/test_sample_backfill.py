"""`make backfill` as a newcomer runs it: the sample league, from the command line, in processes of its own."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from click.testing import CliRunner

from nba_assets.__main__ import cli
from nba_assets.definitions import build_definitions
from nba_assets.settings import Settings
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly.retries import INTERACTIVE
from nba_assets_tests.conftest import TellFault
from nba_assets_tests.end_to_end.conftest import FIRST, LAST, assert_same_rows
from nba_assets_tests.support.box_score_weeks import BOX_SCORE_TABLES
from nba_assets_tests.support.command_line import Project, finish

WEEKS = ["2021-12-10", "2021-12-17", "2021-12-24", "2021-12-31"]
HOLD_THE_FILE = (
    "import duckdb, sys\n"
    "held = duckdb.connect(sys.argv[1])\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)  # fmt: skip


def holding(path: Path) -> subprocess.Popen[str]:
    """Another program with the warehouse open; it lets go when its input ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pipe = subprocess.PIPE
    program = subprocess.Popen([sys.executable, "-c", HOLD_THE_FILE, str(path)], stdin=pipe, stdout=pipe, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "held\n"
    return program


def test_every_week_is_published_checked_and_reported(sample_weeks: Project) -> None:
    for table in BOX_SCORE_TABLES:
        assert sample_weeks.published_weeks(table) == WEEKS, table.name
    assert sample_weeks.rows_by_week(BDL_PLAYER_BOXSCORES) == sample_weeks.rows_by_week(PLAYER_GAME_SUMMARY)
    evaluations = [evaluation for evaluation in sample_weeks.evaluations() if evaluation.partition]
    assert {evaluation.partition for evaluation in evaluations} == set(WEEKS)
    assert [evaluation.description for evaluation in evaluations if not evaluation.passed] == []
    blind = [evaluation for evaluation in evaluations if not evaluation.metadata["rows_looked_at"].value]
    assert {evaluation.description for evaluation in blind} == {
        *(f"{week}: no rows to look at" for week in WEEKS)  # final_games_kept: nothing was stored before
    }


def test_the_whole_command_reports_and_a_second_run_leaves_the_same_rows(project: Project) -> None:
    done = project.backfill(FIRST, LAST)
    assert done.exit_code == 0, done.told
    assert "# Backfill report: SUCCESS" in done.report
    assert "4 of 4 weeks published" in done.report
    assert "adds up" in done.report
    assert "Traceback" not in done.told
    healthy = finish(project.start("health", "--first", FIRST, "--last", LAST))
    assert (healthy.exit_code, healthy.errors) == (0, "")
    assert healthy.report.startswith("# Data health: 4 of 4 weeks are complete")
    before = {table.name: project.rows(table) for table in BOX_SCORE_TABLES}
    assert project.box_scores(FIRST, LAST).exit_code == 0
    for table in BOX_SCORE_TABLES:
        pd.testing.assert_frame_equal(project.rows(table), before[table.name], obj=table.qualified_name)
    stale = finish(project.start("health", "--first", FIRST, "--last", "2022-01-13"))
    assert stale.exit_code == 1
    assert "stale: bdl_player_boxscores was published later" in stale.report
    assert "| 2022-01-07 | bdl_games, bdl_player_boxscores, team_game_summary and 7 more never run" in stale.report
    told = "every_past_week of nba_validation/data_health: never run: 2022-01-07; stale: 2021-12-10 to 2021-12-31"
    assert told in stale.errors


def test_backfills_a_schedule_and_a_person_at_once_do_not_collide(project: Project, sample_weeks: Project) -> None:
    """Two backfills of overlapping weeks, the two newest weeks as each morning, and one week of a person."""
    overlapping = [(WEEKS[0], "2021-12-30"), (WEEKS[1], LAST), (WEEKS[2], LAST), (WEEKS[1], WEEKS[1])]
    runs = [project.start_box_scores(first, last) for first, last in overlapping]
    for done in [finish(run) for run in runs]:
        assert done.exit_code == 0, done.told
    assert_same_rows(project, sample_weeks)


@pytest.mark.fault
def test_a_file_held_by_another_program_is_waited_for(project: Project, tell_fault: TellFault) -> None:
    other = holding(project.warehouse)
    run = project.start_box_scores(WEEKS[0], WEEKS[0])
    time.sleep(12)
    assert run.poll() is None, "it did not wait"
    other.communicate("")
    done = finish(run)
    assert done.exit_code == 0, done.told
    assert list(project.rows_by_week(PLAYER_GAME_SUMMARY)) == [WEEKS[0]]
    tell_fault("the warehouse is locked for 12 s", "nothing: the run succeeds", "waits for the other program")


def preflight(settings: Settings, week: str, wait_seconds: float = 60.0) -> str | None:
    """What the raw games told of their failure, if they failed."""
    warehouse = DuckDBWarehouse(path=str(settings.warehouse_path), wait_seconds=wait_seconds)
    definitions = build_definitions(settings, warehouse=warehouse)
    with dg.DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("preflight").execute_in_process(
            instance=instance, partition_key=week, raise_on_error=False, tags=INTERACTIVE
        )
    for event in result.all_events:
        if event.is_step_failure:
            told = event.step_failure_data.user_failure_data
            assert told is not None, event.step_failure_data.error_display_string
            return str(told.description)
    return None


@pytest.mark.fault
def test_a_file_held_for_too_long_is_told_by_its_holder(tmp_path: Path, tell_fault: TellFault) -> None:
    settings = Settings.from_environment({"NBA_DATA": str(tmp_path)})
    other = holding(settings.warehouse_path)
    told = preflight(settings, WEEKS[0], wait_seconds=1.0)
    other.communicate("")
    assert told is not None
    assert f"{settings.warehouse_path} cannot be opened" in told
    assert f"(process {other.pid}) kept it locked for the whole wait. Close it" in told
    tell_fault("the warehouse stays locked", told.replace(str(tmp_path), "…"), "the same command, once it is free")


@pytest.mark.fault
def test_a_disk_that_is_full_costs_the_new_week_only(tmp_path: Path, tell_fault: TellFault) -> None:
    """A limit on the size of files stands in for a full disk: the system refuses the write in both cases."""
    settings = Settings.from_environment({"NBA_DATA": str(tmp_path)})
    project = Project(tmp_path, {"NBA_SOURCE": "sample"})
    assert preflight(settings, WEEKS[0]) is None
    before = [project.rows(table) for table in (BDL_GAMES, BDL_PLAYER_BOXSCORES)]
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (128 * 1024, unlimited[1]))
    try:
        told = preflight(settings, WEEKS[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert told is not None
    assert f"{settings.warehouse_path} cannot be used" in told
    assert "Free space or fix permissions, then materialize again" in told
    for table, rows in zip((BDL_GAMES, BDL_PLAYER_BOXSCORES), before, strict=True):
        first_week = project.rows(table).query("week == @WEEKS[0]").reset_index(drop=True)
        pd.testing.assert_frame_equal(first_week, rows, obj=table.qualified_name)
    assert preflight(settings, WEEKS[1]) is None
    tell_fault("the disk is full", told.replace(str(tmp_path), "…"), "the same command, once there is space")


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param("2031-01-03", "2031-01-09", "week 2031-01-03 is not in the history", id="future"),
        pytest.param("2020-01-03", "2020-01-09", "set NBA_FIRST_WEEK for an earlier start", id="before the history"),
        pytest.param("2022-01-07", "2021-12-31", "no week is in the history", id="last before first"),
        pytest.param("2022-13-01", "2022-01-07", "Invalid value for '--first'", id="no date"),
    ],
)
def test_weeks_outside_the_history_are_told(first: str, last: str, told: str) -> None:
    done = CliRunner().invoke(cli, ["backfill", "--first", first, "--last", last])
    assert done.exit_code != 0
    assert told in done.stderr
    assert isinstance(done.exception, SystemExit), "a traceback"


def test_a_path_that_cannot_be_written_is_told(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    path = str(tmp_path / "file" / "nba.duckdb")
    done = project.backfill(WEEKS[0], WEEKS[0], NBA_WAREHOUSE_PATH=path)
    assert done.exit_code == 1
    assert f"{path} cannot be opened" in done.errors
    assert "Free space or fix permissions, then materialize again" in done.errors
    assert "Traceback" not in done.errors
