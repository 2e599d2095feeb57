"""Backfills of the real seasons through the API client, and what interrupts or confuses them."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    MODEL_COMPARISON,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
    Table,
)
from nba_assets_tests.end_to_end.conftest import FIRST, LAST, assert_same_rows
from nba_assets_tests.support.box_score_weeks import BOX_SCORE_TABLES
from nba_assets_tests.support.command_line import Project, Replay, Run, StartReplay, finish, replay_project, replaying

PAGES = 17 + 17 + 15 + 20  # the stats of four weeks


def weeks(*rows: int) -> dict[str, int]:
    return dict(zip(("2021-12-10", "2021-12-17", "2021-12-24", "2021-12-31"), rows, strict=True))


def kill_when(reached: Callable[[], bool], run: Run) -> None:
    deadline = time.monotonic() + 120
    while not reached():
        assert run.poll() is None, "it ended before"
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    assert finish(run).exit_code == -signal.SIGKILL


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        pytest.param(BDL_GAMES, weeks(49, 48, 39, 53), id="games"),
        pytest.param(BDL_PLAYER_BOXSCORES, weeks(1660, 1683, 1474, 1994), id="box scores"),
        pytest.param(PLAYER_GAME_SUMMARY, weeks(1660, 1683, 1474, 1994), id="player summaries"),
        pytest.param(TEAM_GAME_SUMMARY, weeks(98, 96, 78, 106), id="team summaries"),
    ],
)
def test_each_week_has_its_rows(table: Table, rows: dict[str, int], real_weeks: Project) -> None:
    assert real_weeks.rows_by_week(table) == rows


def test_no_check_of_real_weeks_fails(real_weeks: Project) -> None:
    judged = [evaluation for evaluation in real_weeks.evaluations() if evaluation.partition]
    assert len({(evaluation.asset_check_key, evaluation.partition) for evaluation in judged}) == len(judged) >= 4 * 12
    assert [evaluation.description for evaluation in judged if not evaluation.passed] == []


def test_the_key_is_nowhere_in_what_a_run_wrote(winter: Replay, tmp_path: Path) -> None:
    project = replay_project(tmp_path / "var", winter, BALLDONTLIE_API_KEY="a-very-secret-key")
    done = project.box_scores("2021-12-24", "2021-12-24")
    assert done.exit_code == 0, done.told
    written = [path for path in project.data.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if b"a-very-secret-key" in path.read_bytes()] == []
    assert "a-very-secret-key" not in done.told


def test_a_killed_backfill_goes_on_where_it_was(real_weeks: Project, winter: Replay, tmp_path: Path) -> None:
    project = replay_project(tmp_path / "var", winter)
    before = len(winter.requests)
    asked = lambda: sum("/stats" in path for path, _ in winter.requests[before:])  # noqa: E731
    landed = project.data / "landing"
    moments: dict[str, Callable[[], bool]] = {
        "among the first pages": lambda: asked() >= 12,
        "between pages": lambda: len(list(landed.rglob("stats-*.json"))) >= 40,
        "after the raw weeks": lambda: len(project.published_weeks(BDL_PLAYER_BOXSCORES)) == 4,
        "after the summaries": lambda: len(project.published_weeks(PLAYER_GAME_SUMMARY)) == 4,
    }
    for reached in moments.values():
        kill_when(reached, project.start_box_scores(FIRST, LAST))
    assert PAGES <= asked() <= PAGES + 2 * 4  # of each of four weeks in flight one page may be lost in each kill
    complete = asked()
    done = project.box_scores(FIRST, LAST)
    assert done.exit_code == 0, done.told
    assert asked() == complete
    assert_same_rows(project, real_weeks)


def test_a_refused_key_is_one_clear_error(replay: StartReplay, tmp_path: Path) -> None:
    locked = replay("--since", "2022-04-01", "--today", "2022-05-01", "--key", "another")
    project = replay_project(tmp_path / "var", locked)
    done = project.box_scores("2022-04-01", "2022-04-28")
    assert done.exit_code == 1
    assert "Traceback" not in done.told
    assert "answered HTTP 401: the key was refused: set BALLDONTLIE_API_KEY" in done.errors
    assert "week 2022-04-" in done.errors
    assert {status for _, status in locked.requests} == {401}
    assert len(locked.requests) <= 4  # the weeks in flight, once each


def test_weeks_with_few_games_and_none(replay: StartReplay, tmp_path: Path) -> None:
    """All-Star week, whose only games are on its last day; and the summer."""
    quiet = replay("--since", "2022-02-01", "--today", "2022-08-01")
    project = replay_project(tmp_path / "var", quiet)
    for first, last in (("2022-02-18", "2022-02-24"), ("2022-06-10", "2022-07-07")):
        done = project.box_scores(first, last)
        assert done.exit_code == 0, done.told
    assert project.rows_by_week(BDL_GAMES) == {"2022-02-18": 7, "2022-06-10": 3}
    assert project.rows_by_week(TEAM_GAME_SUMMARY) == {"2022-02-18": 14, "2022-06-10": 6}
    assert set(project.published_weeks(PLAYER_GAME_SUMMARY)) == {
        "2022-02-18", "2022-06-10", "2022-06-17", "2022-06-24", "2022-07-01",
    }  # fmt: skip
    july = [evaluation for evaluation in project.evaluations() if evaluation.partition == "2022-07-01"]
    assert july
    reasons = {evaluation.metadata["reason"].value for evaluation in july}
    listed = "teams_with_fewer_games 0 is within the bound = 0"
    assert reasons == {"no games", "no rows to look at", listed}
    assert all(evaluation.passed for evaluation in july)


def test_the_week_in_progress_is_completed_later(shared: Path, real_weeks: Project, tmp_path: Path) -> None:
    with replaying(shared, "--since", "2021-10-01", "--today", "2021-12-28") as tuesday:
        project = replay_project(tmp_path / "var", tuesday)
        done = project.box_scores("2021-12-17", "2021-12-30")
        assert done.exit_code == 0, done.told
    games = project.rows(BDL_GAMES)
    unplayed = games[games["status"] != "Final"]
    assert len(games) == 48 + 39
    assert len(unplayed) == 19
    assert unplayed["game_date"].min() == pd.Timestamp("2021-12-28")
    assert unplayed["home_score"].eq(0).all()
    assert project.rows_by_week(TEAM_GAME_SUMMARY) == {"2021-12-17": 96, "2021-12-24": 2 * (39 - 19)}
    assert project.rows(PLAYER_GAME_SUMMARY)["game_date"].max() == pd.Timestamp("2021-12-27")
    landed = {path.parent.name for path in (project.data / "landing").rglob("*.json")}
    assert landed == {"2021-12-17"}
    with replaying(shared, "--since", "2021-10-01", "--port", tuesday.url.rpartition(":")[2]) as later:
        done = project.box_scores("2021-12-17", "2021-12-30")
        assert done.exit_code == 0, done.told
        assert {path for path, _ in later.requests if "2021-12-17" in path} == set()
    for table in BOX_SCORE_TABLES:
        finished = real_weeks.rows(table)
        finished = finished[finished["week"].between("2021-12-17", "2021-12-24")].reset_index(drop=True)
        pd.testing.assert_frame_equal(project.rows(table), finished, obj=table.qualified_name)


def assert_right_to_the_row(project: Project, reasons: str) -> None:
    assert len(project.rows(BDL_PLAYER_BOXSCORES)) == len(project.rows(PLAYER_GAME_SUMMARY)) == 131_159
    assert len(project.rows(TEAM_GAME_SUMMARY)) == 2 * 3_897
    ours = {table.asset_key for table in (*BOX_SCORE_TABLES, VALIDATION_METRICS)}
    evaluations = project.evaluations()
    judged = [evaluation for evaluation in evaluations if evaluation.asset_key in ours]
    assert len(judged) > 135 * 12
    assert [evaluation.description for evaluation in judged if not evaluation.passed] == []
    (decision,) = [evaluation for evaluation in evaluations if evaluation.check_name == "decision"]
    assert str(decision.metadata["reasons"].value).startswith(reasons)


def test_three_seasons_of_box_scores_are_a_success_to_the_row(replay: StartReplay, tmp_path: Path) -> None:
    project = replay_project(tmp_path / "var", replay("--since", "2021-10-01", "--today", "2024-05-01"))
    done = project.box_scores("2021-10-01", "2024-04-30", "--metrics", "--report")
    assert done.exit_code == 0, done.told
    # Without the injury reports, which are a table of the report too.
    assert_right_to_the_row(project, "135 of 135 weeks are not published by every table")


FLOORS = {"v1": 4.59, "v3": 4.58, "v4": 4.56, "v5": 4.34, "v6": 4.31}  # mean absolute error


@pytest.mark.long
def test_three_seasons_with_the_model_are_a_success(replay: StartReplay, tmp_path: Path) -> None:
    project = replay_project(tmp_path / "var", replay("--since", "2021-10-01", "--today", "2024-05-01"))
    done = project.backfill("2021-10-01", "2024-04-30", timeout=900)
    assert done.exit_code == 0, done.told
    assert "# Backfill report: SUCCESS" in done.report
    assert "135 of 135 weeks published" in done.report
    for measure, value in (
        ("summary rows", "131,159"),
        ("raw rows", "131,159"),
        ("games", "3,897"),
        ("player-games played", "82,393"),
        ("minutes NULL rate", "37.2%"),
    ):
        assert f"| {measure} | {value} |" in done.report
    assert_right_to_the_row(project, "every bound is met")
    scores = project.rows(MODEL_COMPARISON).set_index("contender")
    assert {name: mae for name, mae in scores["mae"].items() if mae > FLOORS.get(str(name), 9.0)} == {}
    assert scores.loc["v5", "interval_high"] < 0
    assert scores.loc["v6", "regression_interval_high"] < 0
    leaks = [each for each in project.evaluations() if each.check_name == "no_target_leakage"]
    assert len(leaks) == 135 and all(each.passed for each in leaks)
