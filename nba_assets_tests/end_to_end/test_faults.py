"""Every fault we know of, done to a backfill: no row is lost, and the table at the end says what a person saw.

`make faults` runs them all; `make test` leaves out the ones marked `long`.
"""

import os
import random
import signal
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from nba_assets.tables import PLAYER_GAME_SUMMARY
from nba_assets_tests.conftest import TellFault
from nba_assets_tests.end_to_end.conftest import FIRST, LAST, assert_same_rows
from nba_assets_tests.support.breaking_proxy import Kind, breaking
from nba_assets_tests.support.command_line import Backfill, Project, Replay, api_project, finish, replaying

pytestmark = pytest.mark.fault
FEW, MANY = 3, 20  # kills


BROKEN = [(kind, share) for kind in get_args(Kind) for share in (0.01, 0.1, 0.5)]
IN_EVERY_RUN = ("drop", 0.1)


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        pytest.param(*each, id=f"{each[1]:.0%} {each[0]}", marks=[] if each == IN_EVERY_RUN else pytest.mark.long)
        for each in BROKEN
    ],
)
def test_an_api_that_breaks_answers(
    kind: Kind, share: float, winter: Replay, real_weeks: Project, tmp_path: Path, tell_fault: TellFault
) -> None:
    with breaking(winter.url, kind, share) as api:
        project = api_project(tmp_path / "var", api.url)
        done = project.box_scores(FIRST, LAST)
    assert done.exit_code == 0, done.told
    assert api.broken
    assert_same_rows(project, real_weeks)
    tell_fault(
        f"API: {share:.0%} {kind}",
        "nothing: the run succeeds",
        f"asks again: {api.broken} of {api.asked} answers broken",
    )


@pytest.mark.parametrize("kills", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.long)])
def test_a_run_that_is_killed_at_random_moments(
    kills: int, project: Project, sample_weeks: Project, tell_fault: TellFault
) -> None:
    moments, killed = random.Random(kills), 0
    for _ in range(kills):
        run = project.start_box_scores(FIRST, LAST)
        try:
            run.wait(timeout=moments.uniform(2.0, 9.0))
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            killed += 1
        finish(run)
    assert killed
    done = project.box_scores(FIRST, LAST)
    assert done.exit_code == 0, done.told
    assert_same_rows(project, sample_weeks)
    tell_fault(f"kill -9 at {killed} random moments", "the shell's 'Killed'", "the same command")


def test_the_same_backfill_launched_twice(project: Project, sample_weeks: Project, tell_fault: TellFault) -> None:
    runs = [project.start_box_scores(FIRST, LAST) for _ in range(2)]
    for done in [finish(run) for run in runs]:
        assert done.exit_code == 0, done.told
    assert_same_rows(project, sample_weeks)
    tell_fault(
        "the same backfill launched twice", "nothing: both succeed", "the second waits for the first, table by table"
    )


def test_a_clock_that_is_moved(shared: Path, real_weeks: Project, tmp_path: Path, tell_fault: TellFault) -> None:
    """A week in progress is stored; the clock goes three months on, then back to before the week, then is right."""

    def at(clock: str, last: str, module: str = "nba_assets_tests.support.box_score_weeks") -> Backfill:
        asked = ["backfill", "--first", FIRST, "--last", last] if module == "nba_assets" else [FIRST, last]
        return finish(project.start(clock, module, *asked, module="nba_assets_tests.support.moved_clock"))

    season = ("--since", "2021-10-01")
    with replaying(shared, *season, "--today", "2021-12-28") as tuesday:
        project = api_project(tmp_path / "var", tuesday.url)
        port = tuesday.url.rpartition(":")[2]
        assert at("2021-12-28", "2021-12-30").exit_code == 0
        stored = project.rows_by_week(PLAYER_GAME_SUMMARY)
        assert at("2022-03-28", "2021-12-30").exit_code == 0
        assert project.rows_by_week(PLAYER_GAME_SUMMARY) == stored
        early = at("2021-12-20", "2021-12-30", module="nba_assets")
        assert early.exit_code == 1
        assert "week 2021-12-24 is not in the history" in early.errors
    with replaying(shared, *season, "--today", "2022-05-01", "--port", port):
        done = at("2022-05-01", LAST)
        assert done.exit_code == 0, done.told
    assert_same_rows(project, real_weeks)
    (told,) = [line for line in early.errors.splitlines() if "is not in the history" in line]
    tell_fault("the clock goes three months on, and back", told.strip(), "the same command at the right time")
