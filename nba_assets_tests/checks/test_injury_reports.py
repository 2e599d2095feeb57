"""The checks of the injury report on a right week, and on weeks that are wrong in exactly one way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.checks.audit import Verdict, audit
from nba_assets.checks.catalogue import checks_of
from nba_assets.tables import BDL_GAMES, NBAC_INJURY_REPORT
from nba_assets.transforms.injury_reports import match_players, report_rows, with_reports
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_reports import FRIDAY, SUNDAY, THURSDAY, report, waiting
from nba_assets_tests.support.small_week import FETCHED_AT, WEEK, league_week
from nba_assets_tests.support.wrong_weeks import NEXT_FRIDAY, drop, repeat_first, set_values

LISTED = [f"ATL | Player {number} of ATL | Out | Rest" for number in range(15)]
LISTED += [f"BOS | Player {number} of BOS | Out | Rest" for number in range(15)]
REPORTS = [
    report(FRIDAY, *LISTED, waiting("BKN")),
    report(SUNDAY, *(line.replace("ATL", "BKN").replace("BOS", "CHA") for line in LISTED)),
    report(THURSDAY, *(line.replace("ATL", "CHI").replace("BOS", "CLE") for line in LISTED)),
]  # 91 rows, of which 90 name a player who is out
Verdicts = Callable[[pd.DataFrame], dict[str, Verdict]]


@pytest.fixture(scope="module")
def right() -> pd.DataFrame:
    stored = pd.DataFrame(columns=NBAC_INJURY_REPORT.column_names)
    rows = with_reports(stored, report_rows(REPORTS, FETCHED_AT))
    return rows.assign(player_id=match_players(rows, league_week().box_scores))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    """Three final games of the regular season on three days, and a week of play-offs after them."""
    warehouse = DuckDBWarehouse(path=f"{tmp_path_factory.mktemp('league')}/nba.duckdb")
    games = pd.concat([league_week().games, league_week(NEXT_FRIDAY).games.assign(postseason=True)])
    publish(warehouse, BDL_GAMES, WeeklyRows(games.reset_index(drop=True)), [WEEK, NEXT_FRIDAY])
    return warehouse


@pytest.fixture
def verdicts(warehouse: DuckDBWarehouse) -> Verdicts:
    """What the checks say of a frame, staged as the week's reports."""

    def judge(frame: pd.DataFrame) -> dict[str, Verdict]:
        with warehouse.stage(NBAC_INJURY_REPORT, to_arrow(frame, NBAC_INJURY_REPORT)) as staged:
            audited = audit(staged.query, NBAC_INJURY_REPORT, [WEEK], {NBAC_INJURY_REPORT.name: staged.name})
        return {verdict.check.name: verdict for verdict in audited[WEEK]}

    return judge


def test_every_check_passes_on_the_right_week_and_says_how_much_it_looked_at(
    verdicts: Verdicts, right: pd.DataFrame
) -> None:
    assert {name: (each.outcome, each.rows_looked_at) for name, each in verdicts(right).items()} == {
        "row_integrity": ("pass", 91),
        "every_parsed_row_stored": ("pass", 91),
        "unread_lines": ("pass", 91),
        "player_match_rate": ("pass", 90),
        "days_without_report": ("pass", 3),
    }
    assert {check.name for check in checks_of(NBAC_INJURY_REPORT)} == set(verdicts(right))


def unread(count: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return set_values("status == 'Not Yet Submitted' or team in ['CLE']", first=count, status="Unread")


@pytest.mark.parametrize(
    ("check", "outcome", "named", "change"),
    [
        pytest.param("row_integrity", "error", "", repeat_first("team == 'ATL'"), id="a row is there twice"),
        pytest.param(
            "row_integrity",
            "error",
            "",
            set_values("team in ['BKN', 'CHA'] and status == 'Out'", report_date=NEXT_FRIDAY),
            id="a report of next week",
        ),
        pytest.param("every_parsed_row_stored", "error", "2021-12-19 17:30", drop("team == 'CHA'", 1), id="a lost row"),
        pytest.param("unread_lines", "error", "", unread(1), id="1 of 91 lines unread"),
        pytest.param(
            "player_match_rate",
            "warn",
            "Player 0 of BOS, Player 1 of BOS",
            set_values("team == 'BOS'", 2, player_id=None),
            id="2 of 90 without a match",
        ),
        pytest.param(
            "player_match_rate",
            "error",
            "Player 0 of BOS, Player 1 of BOS",
            set_values("team == 'BOS'", 5, player_id=None),
            id="5 of 90 without a match",
        ),
        pytest.param(
            "days_without_report",
            "warn",
            "2021-12-19, 2021-12-23",
            drop("team in ['BKN', 'CHA', 'CHI', 'CLE'] and status == 'Out'"),
            id="two days in a row without a report",
        ),
        pytest.param(
            "days_without_report",
            "warn",
            "2021-12-17, 2021-12-23",
            drop("team in ['ATL', 'BOS', 'CHI', 'CLE'] and status == 'Out' or status == 'Not Yet Submitted'"),
            id="two days apart without a report",
        ),
        pytest.param(
            "days_without_report",
            "warn",
            "2021-12-19",
            drop("team in ['BKN', 'CHA'] and status == 'Out'"),
            id="a day without a report",
        ),
    ],
)
def test_a_wrong_week_is_found_by_its_check_and_told_by_name(
    verdicts: Verdicts,
    right: pd.DataFrame,
    check: str,
    outcome: str,
    named: str,
    change: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    verdict = verdicts(change(right))[check]
    assert verdict.outcome == outcome
    assert named in verdict.reason
    assert verdict.refuses is (check in {"row_integrity", "every_parsed_row_stored", "unread_lines"})


def test_a_share_of_one_percent_unread_passes(verdicts: Verdicts, right: pd.DataFrame) -> None:
    ten_more = [right.assign(report_time=f"1{number}:00") for number in range(10)]
    wrong = unread(9)(pd.concat([right, *ten_more], ignore_index=True))
    assert verdicts(wrong)["unread_lines"].outcome == "pass"


def test_three_days_in_a_row_without_a_report_are_an_error_that_hides_behind_no_other_check(
    verdicts: Verdicts, right: pd.DataFrame
) -> None:
    told = verdicts(right.iloc[:0])
    assert {name: verdict.outcome for name, verdict in told.items() if verdict.outcome != "pass"} == {
        "days_without_report": "error"
    }
    assert told["days_without_report"].reason == (
        "days_in_a_row_without_report 3 is outside the bound <= 2: 2021-12-17, 2021-12-19, 2021-12-23"
    )
    assert not told["days_without_report"].refuses
    assert told["unread_lines"].reason == "no rows to look at"


def test_reports_of_the_play_offs_may_list_nobody(warehouse: DuckDBWarehouse) -> None:
    audited = audit(warehouse.query, NBAC_INJURY_REPORT, [NEXT_FRIDAY])
    assert {(verdict.outcome, verdict.rows_looked_at) for verdict in audited[NEXT_FRIDAY]} == {("pass", 0)}


def test_the_table_is_there_for_readers_before_its_first_row(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")
    publish(warehouse, BDL_GAMES, WeeklyRows(league_week().games), [WEEK])
    assert warehouse.read_weeks(NBAC_INJURY_REPORT, [WEEK]).empty
