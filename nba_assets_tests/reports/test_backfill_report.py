import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.reports import backfill_text as report_text
from nba_assets.reports.backfill_report import (
    BOUNDS,
    FAILURE,
    HAND_OFF_FIRST,
    HAND_OFF_LAST,
    NOT_JUDGED,
    PARTIAL,
    SUCCESS,
    Report,
    backfill_report,
)
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, VALIDATION_METRICS
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets_tests.support.small_week import WEEK, league_week

FIRST, SECOND, THIRD = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(3)]
LAST_DAY = THIRD + dt.timedelta(days=6)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """Three weeks of three games, from 17 December to 6 January."""
    weeks = [league_week(week) for week in WEEKS]
    warehouse = DuckDBWarehouse(path=str(tmp_path / "nba.duckdb"))
    for table, frames in (
        (BDL_GAMES, [week.games for week in weeks]),
        (BDL_PLAYER_BOXSCORES, [week.box_scores for week in weeks]),
        (PLAYER_GAME_SUMMARY, [week.player_summary for week in weeks]),
    ):
        with warehouse.stage(table, to_arrow(pd.concat(frames), table)) as staged:
            staged.publish(WEEKS)
    return warehouse


def change_summary(warehouse: DuckDBWarehouse, changed: pd.DataFrame) -> None:
    with warehouse.stage(PLAYER_GAME_SUMMARY, to_arrow(changed, PLAYER_GAME_SUMMARY)) as staged:
        staged.publish(WEEKS)


def summary(warehouse: DuckDBWarehouse) -> pd.DataFrame:
    return warehouse.read_weeks(PLAYER_GAME_SUMMARY, WEEKS)


def report_on(warehouse: DuckDBWarehouse, published: set[dt.date] | None = None) -> Report:
    return backfill_report(warehouse, FIRST, LAST_DAY, WEEKS, set(WEEKS) if published is None else published)


def test_right_weeks_are_a_success_with_these_numbers(warehouse: DuckDBWarehouse) -> None:
    report = report_on(warehouse)
    assert report.decision == SUCCESS
    assert report.measures == {
        "summary rows": 270,
        "games": 9,
        "player-games played": 180,
        "raw rows": 270,
        "minutes NULL rate": pytest.approx(1 / 3),
        "coverage of raw rows": 1.0,
        "highest NULL rate of a month": pytest.approx(1 / 3),
        "farthest month from its season's median NULL rate": 0.0,
    }
    months = report.months[["season", "year", "month", "row_count", "games"]]
    assert months.to_numpy().tolist() == [[2021, 2021, 12, 210, 7], [2021, 2022, 1, 60, 2]]
    assert report.reasons == ["minutes NULL rate 33.3% is better than expected"]


def test_the_spot_checks_are_the_best_score_and_the_longest_game(warehouse: DuckDBWarehouse) -> None:
    best, longest = report_on(warehouse).spot_checks
    assert best.right
    assert best.title == f"Most points by a player: BOS at ATL, {FIRST}"
    assert best.findings == (
        "BOS: 10 of 15 played, 105 points of 105, 240 minutes of 240",
        "ATL: 10 of 15 played, 107 points of 107, 240 minutes of 240",
        "best: Player 0 of ATL, 26 points",
    )
    assert longest.title.startswith("Most periods: CHA at BKN")
    assert longest.findings[0] == "CHA: 10 of 15 played, 105 points of 105, 265 minutes of 265"


def test_points_that_do_not_add_up_are_a_failure_by_name(warehouse: DuckDBWarehouse) -> None:
    rows = summary(warehouse)
    change_summary(warehouse, rows.assign(pts=rows["pts"].where(rows.index != rows["pts"].idxmax(), 40)))
    report = report_on(warehouse)
    assert (report.decision, report.decisions["spot checks"]) == (FAILURE, FAILURE)
    assert f"spot check: Most points by a player: BOS at ATL, {FIRST} does not add up" in report.reasons


def test_a_month_of_nulls_does_not_hide_in_the_average(warehouse: DuckDBWarehouse) -> None:
    """60 of 270 rows more without minutes leave the whole range under its bound of 60 %."""
    rows = summary(warehouse)
    january = rows["game_date"] >= dt.date(2022, 1, 1)
    change_summary(warehouse, rows.assign(minutes_played=rows["minutes_played"].where(~january)))
    report = report_on(warehouse)
    assert report.measures["minutes NULL rate"] == pytest.approx((70 + 60) / 270)
    assert report.decisions["highest NULL rate of a month"] == FAILURE
    assert report.decision == FAILURE


def test_raw_rows_that_the_summary_lacks_are_reported(warehouse: DuckDBWarehouse) -> None:
    rows = summary(warehouse)
    change_summary(warehouse, rows[rows["week"] == FIRST])
    report = report_on(warehouse)
    assert report.measures["coverage of raw rows"] == pytest.approx(1 / 3)
    assert report.decisions["coverage of raw rows"] == FAILURE
    assert "coverage of raw rows 0.333333 is outside >= 0.7 and <= 1" in report.reasons


def test_a_week_that_is_not_published_makes_the_report_partial_and_is_named(warehouse: DuckDBWarehouse) -> None:
    report = report_on(warehouse, published={FIRST, THIRD})
    assert (report.decision, report.unpublished) == (PARTIAL, [SECOND])
    assert "1 of 3 weeks are not published by every table" in report.reasons
    assert f"Not published: {SECOND}. Read their failed checks." in report_text.markdown(report)


def measured(warehouse: DuckDBWarehouse, *outcomes: str) -> None:
    """One metric of the raw box scores in each week, with these outcomes."""
    rows = pd.DataFrame(
        {
            "week": week,
            "table_name": "nba_raw.bdl_player_boxscores",
            "check_name": "team_points_match_score",
            "metric": "team_scores_not_matched",
            "value": 1.0,
            "rows_looked_at": 6,
            "outcome": outcome,
            "passes": "= 0",
            "blocking": False,
        }
        for week, outcome in zip(WEEKS, outcomes, strict=True)
    )
    with warehouse.stage(VALIDATION_METRICS, to_arrow(rows, VALIDATION_METRICS)) as staged:
        staged.publish(WEEKS)


def test_failed_checks_are_counted_and_the_worst_is_named(warehouse: DuckDBWarehouse) -> None:
    measured(warehouse, "error", "pass", "error")
    report = report_on(warehouse)
    assert report.decision == PARTIAL
    assert report.reasons[0] == (
        "2 checks of published weeks failed, the most often team_points_match_score of nba_raw.bdl_player_boxscores: "
        f"2 weeks, the first {FIRST}"
    )
    text = report_text.markdown(report)
    assert "2 failed and 0 warned, counted by week." in text
    assert f"| nba_raw.bdl_player_boxscores | team_points_match_score | error | 2 | {FIRST} |" in text


def test_a_warning_is_counted_and_changes_no_decision(warehouse: DuckDBWarehouse) -> None:
    measured(warehouse, "pass", "warn", "pass")
    report = report_on(warehouse)
    assert report.decision == SUCCESS
    assert "0 failed and 1 warned, counted by week." in report_text.markdown(report)


def test_weeks_in_which_nobody_played_are_a_success_that_says_so(warehouse: DuckDBWarehouse) -> None:
    summer = [week + dt.timedelta(days=210) for week in WEEKS]
    report = backfill_report(warehouse, summer[0], summer[-1], summer, set(summer))
    assert (report.decision, report.reasons) == (SUCCESS, ["no game was played"])
    text = report_text.markdown(report)
    assert "| minutes NULL rate | no games | <= 0.45 | not judged |" in text
    assert "| games | 0 | | | |" in text
    assert "%" not in text.partition("## Volume")[0]


def test_no_rows_at_all_are_a_failure(warehouse: DuckDBWarehouse) -> None:
    change_summary(warehouse, summary(warehouse).iloc[:0])
    report = report_on(warehouse, published=set())
    assert report.decision == FAILURE
    assert report.decisions["spot checks"] == FAILURE
    assert report.measures["minutes NULL rate"] == 1.0


AT_THE_BOUNDS = [
    # measure, value, decision
    ("summary rows", 99_999, FAILURE),
    ("summary rows", 100_000, PARTIAL),
    ("summary rows", 120_000, SUCCESS),
    ("summary rows", 131_159, SUCCESS),
    ("summary rows", 150_000, SUCCESS),
    ("raw rows", 79_999, FAILURE),
    ("raw rows", 80_000, SUCCESS),
    ("minutes NULL rate", 0.20, SUCCESS),
    ("minutes NULL rate", 0.45, SUCCESS),
    ("minutes NULL rate", 0.451, PARTIAL),
    ("minutes NULL rate", 0.60, PARTIAL),
    ("minutes NULL rate", 0.601, FAILURE),
    ("coverage of raw rows", 0.69, FAILURE),
    ("coverage of raw rows", 0.70, SUCCESS),
    ("coverage of raw rows", 1.0, SUCCESS),
    ("coverage of raw rows", 1.01, FAILURE),
    ("highest NULL rate of a month", 0.899, SUCCESS),
    ("highest NULL rate of a month", 0.90, FAILURE),
    ("farthest month from its season's median NULL rate", 0.25, SUCCESS),
    ("farthest month from its season's median NULL rate", 0.251, PARTIAL),
]


@pytest.mark.parametrize(("measure", "value", "decision"), AT_THE_BOUNDS)
def test_decisions_change_exactly_at_the_designed_bounds(measure: str, value: float, decision: str) -> None:
    (bound,) = [bound for bound in BOUNDS if bound.measure == measure]
    assert bound.decide(value, HAND_OFF_FIRST, HAND_OFF_LAST) == decision


def test_volume_is_judged_only_over_the_range_it_was_stated_for(warehouse: DuckDBWarehouse) -> None:
    decisions = report_on(warehouse).decisions
    assert [measure for measure, decision in decisions.items() if decision == NOT_JUDGED] == [
        "summary rows",
        "raw rows",
    ]


def test_the_report_reads_as_markdown_with_a_table_of_months(warehouse: DuckDBWarehouse) -> None:
    text = report_text.markdown(report_on(warehouse))
    assert text.startswith("# Backfill report: SUCCESS\n")
    assert "| 2021-22 | 2021-12 | 210 | 7 | 140 | 33.3% |" in text
    assert "| **2021-22** | **all** | **270** | **9** | **180** | **33.3%** |" in text
    assert "3 of 3 weeks published." in text
    assert "DOES NOT ADD UP" not in text


def test_the_chart_is_a_picture_that_markdown_can_hold(warehouse: DuckDBWarehouse) -> None:
    months = report_on(warehouse).months
    assert report_text.as_image(report_text.months_chart(months)).startswith("(data:image/png;base64,iVBOR")
