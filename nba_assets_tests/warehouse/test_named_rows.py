"""What a failed check names, which SQL puts together: the same words in the same order on every warehouse."""

import datetime as dt

import pandas as pd

from nba_assets.checks.audit import audit
from nba_assets.tables import BDL_GAMES, NBAC_INJURY_REPORT, Table
from nba_assets.transforms.injury_reports import match_players, report_rows, with_reports
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_reports import FRIDAY, SUNDAY, report
from nba_assets_tests.support.small_week import FETCHED_AT, WEEK, league_week

UNKNOWN = ("Zed Vane", "Öz Duran", "de Colo", "Åke Ek", "Abe Lee")
REPORTS = [
    report(FRIDAY, *(f"ATL | {player} | Out | Rest" for player in UNKNOWN), "BOS | Player 1 of BOS | Out | Rest"),
    report(SUNDAY, "BKN | Zed Vane | Out | Rest", "CHA | Player 1 of CHA | Out | Rest"),
]


def told(warehouse: Warehouse, table: Table, rows: pd.DataFrame) -> dict[str, str]:
    """What the checks that do not pass name in the rows, staged as the week's."""
    with warehouse.stage(table, to_arrow(rows, table)) as staged:
        verdicts = audit(staged.query, table, [WEEK], {table.name: staged.name})[WEEK]
    return {verdict.check.name: verdict.reason.rpartition(": ")[2] for verdict in verdicts if verdict.outcome != "pass"}


def test_games_that_are_gone_and_gaps_are_named_in_the_same_words(warehouse: Warehouse) -> None:
    earlier, week = league_week(WEEK - dt.timedelta(days=21)).games, league_week(games=5).games
    publish(warehouse, BDL_GAMES, WeeklyRows(earlier), [WEEK - dt.timedelta(days=21)])
    publish(warehouse, BDL_GAMES, WeeklyRows(week), [WEEK])
    saturday, monday = week["game_id"].tolist()[3:]
    assert told(warehouse, BDL_GAMES, week.iloc[:3]) == {
        "final_games_kept": f"game {saturday} of 2021-12-18, game {monday} of 2021-12-20",
        "no_gap_in_season": "no game between 2021-12-02 and 2021-12-17",
    }


def test_what_is_wrong_in_reports_is_named_in_the_same_words(warehouse: Warehouse) -> None:
    league = league_week(games=5)  # on Friday, Sunday, Thursday, Saturday and Monday
    publish(warehouse, BDL_GAMES, WeeklyRows(league.games), [WEEK])
    stored = pd.DataFrame(columns=NBAC_INJURY_REPORT.column_names)
    rows = with_reports(stored, report_rows(REPORTS, FETCHED_AT))
    rows = rows.assign(player_id=match_players(rows, league.box_scores))
    unknown = rows[~rows["player_name"].str.startswith("Player")].sample(frac=1, random_state=1)
    assert told(warehouse, NBAC_INJURY_REPORT, unknown) == {
        "every_parsed_row_stored": "2021-12-17 17:30, 2021-12-19 17:30",
        "player_match_rate": "Abe Lee, Zed Vane, de Colo, Åke Ek, Öz Duran",
        "days_without_report": "2021-12-18, 2021-12-20, 2021-12-23",
    }
