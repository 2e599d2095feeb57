"""A person and a program at a running Dagit: the graph, a week, a backfill, its checks, and a week that went wrong."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Page, expect

from nba_assets_tests.conftest import EXAMPLE
from nba_assets_tests.support.command_line import Project
from nba_assets_tests.support.dagit import (
    expect_backfill_succeeds,
    expect_run_succeeds,
    launch,
    open_check,
    open_lineage,
    open_runs,
    open_week,
    visible,
)
from nba_assets_tests.support.forgotten_minutes import run_raw_weeks
from nba_assets_tests.support.told_run import told_run

SUMMARY, BOX_SCORES = "nba_analytics/player_game_summary", "nba_raw/bdl_player_boxscores"
SUMMARY_AND_ALL_IT_NEEDS = f'+key:"{SUMMARY}"'
WEEK = "2021-11-12"
SIX_WEEKS = ("2021-12-17", "2021-12-24", "2021-12-31", "2022-01-07", "2022-01-14", "2022-01-21")
BEFORE, FORGOTTEN, AFTER = "2022-02-25", "2022-03-04", "2022-03-11"


@pytest.fixture(scope="session")
def failed_run(shown: Project, dagit: str) -> str:
    """The run of three raw weeks of which the middle one came without minutes."""
    return run_raw_weeks(shown, BEFORE, AFTER, forgotten=FORGOTTEN)


def test_the_graph_shows_groups_and_opens_one_into_its_assets(dagit: str, page: Page) -> None:
    open_lineage(page, dagit)
    graph = page.locator("svg foreignObject")
    for group in ("1_raw", "2_analytics", "6_validation"):
        expect(graph.get_by_text(group, exact=True)).to_be_visible()
    graph.get_by_text("2_analytics", exact=True).click()
    for asset in ("player_ga.*_summary", "team_ga.*_summary"):  # seen from afar, long names lose their middle
        expect(graph.get_by_text(re.compile(f"^{asset}$"))).to_be_visible()


def test_a_week_is_materialized_with_all_it_needs(dagit: str, page: Page) -> None:
    launch(page, dagit, SUMMARY_AND_ALL_IT_NEEDS, WEEK)
    expect_run_succeeds(page)

    page.goto(f"{dagit}/assets/{SUMMARY}?view=partitions")
    open_week(page, WEEK)
    for number in ("rows", "first_date", "last_date", "minutes_null_rate"):
        expect(page.get_by_text(number, exact=True).first).to_be_visible()


def test_a_backfill_of_six_weeks_has_a_check_result_for_each(dagit: str, page: Page) -> None:
    launch(page, dagit, SUMMARY_AND_ALL_IT_NEEDS, f"[{SIX_WEEKS[0]}...{SIX_WEEKS[-1]}]")
    expect_backfill_succeeds(page)

    open_check(page, dagit, SUMMARY, "minutes_null_rate")
    for week in SIX_WEEKS:
        open_week(page, week)
        expect(page.get_by_text(f"{week}: minutes_null_rate 0.").first).to_be_visible()
        expect(visible(page, "Passed").first).to_be_visible()
        expect(visible(page, "rows_looked_at")).to_be_visible()


def test_the_page_of_a_run_shows_what_it_logs_while_it_runs(shown: Project, dagit: str, page: Page) -> None:
    with told_run(Path(shown.environment["DAGSTER_HOME"])) as run:
        page.goto(f"{dagit}/runs/{run.run_id}")
        expect(visible(page, "STEP_START").first).to_be_visible()
        for number in range(3):
            run.tell(f"event {number}")
            expect(visible(page, f"event {number}")).to_be_visible()
        expect(visible(page, "Started").first).to_be_visible()
    expect_run_succeeds(page)


def test_a_failed_week_is_found_in_three_clicks(dagit: str, failed_run: str, page: Page) -> None:
    page.goto(dagit)
    open_runs(page)
    page.get_by_role("link", name=failed_run[:8]).first.click()
    reason = page.get_by_text(f"week {FORGOTTEN}: minutes_null_rate: minutes_null_rate 1 is outside the bound < 0.01")
    expect(reason.first).to_be_visible()
    page.get_by_text("View full message").last.click()
    expect(
        page.get_by_role("dialog").get_by_text("1 of 3 weeks were refused and keep their earlier rows")
    ).to_be_visible()


def test_the_check_shows_which_week_failed_and_why(dagit: str, failed_run: str, page: Page) -> None:
    open_check(page, dagit, BOX_SCORES, "minutes_null_rate")
    for week, outcome in ((BEFORE, "Passed"), (FORGOTTEN, "Failed"), (AFTER, "Passed")):
        open_week(page, week)
        expect(visible(page, outcome).last).to_be_visible()
        expect(page.get_by_text(f"{week}: minutes_null_rate").first).to_be_visible()
    open_week(page, FORGOTTEN)
    expect(visible(page, f"{FORGOTTEN}: minutes_null_rate 1 is outside the bound < 0.01")).to_be_visible()


def test_a_program_backfills_weeks_and_reads_their_checks(dagit: str) -> None:
    asked = ["--url", dagit, "--first", "2022-11-04", "--last", "2022-11-24", "--every", "0.5"]
    ended = subprocess.run(
        [sys.executable, str(EXAMPLE), *asked, "nba_raw/bdl_games", BOX_SCORES], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    launched, *progress, _, first, second, third = ended.stdout.splitlines()
    assert launched.endswith(": 3 weeks of 2 assets")
    assert "COMPLETED_SUCCESS" in progress[-1]
    for week, line in (("2022-11-04", first), ("2022-11-11", second), ("2022-11-18", third)):
        name, passed, of, *_ = line.replace(" of ", " ").split()
        assert (name, passed) == (week, of)


def test_a_program_reads_why_a_week_failed(dagit: str, failed_run: str, example: ModuleType) -> None:
    results = list(example.Dagit(dagit).check_results(BOX_SCORES, [BEFORE, FORGOTTEN]))
    assert [result for result in results if result.outcome != "passed"] == [
        example.CheckResult(
            BOX_SCORES, "minutes_null_rate", FORGOTTEN, "failed", "minutes_null_rate 1 is outside the bound < 0.01"
        )
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--first", "2022-11-05", "--last", "2022-11-06"],
            "no Friday of the history lies in 2022-11-05 to 2022-11-06",
        ),
        (["--first", "2022-11-04", "--last", "2022-11-04", "nba_raw/games"], "Dagit knows no asset nba_raw/games"),
    ],
    ids=["dates without a Friday", "an unknown asset"],
)
def test_a_program_is_told_what_it_asked_wrong(dagit: str, arguments: list[str], told: str) -> None:
    ended = subprocess.run([sys.executable, str(EXAMPLE), "--url", dagit, *arguments], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr


def test_a_program_is_told_that_dagit_is_not_running() -> None:
    asked = ["--url", "http://127.0.0.1:1", "--first", "2022-11-04", "--last", "2022-11-04"]
    ended = subprocess.run([sys.executable, str(EXAMPLE), *asked], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "start Dagit with `make dev`" in ended.stderr
