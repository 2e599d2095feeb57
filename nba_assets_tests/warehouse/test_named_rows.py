"""What a failed check names, which SQL puts together: the same words in the same order on every warehouse."""

import pandas as pd

from nba_assets.checks import audit
from nba_assets.injury_reports import match_players, report_rows, with_reports
from nba_assets.publishing import WeeklyRows, publish
from nba_assets.tables import BDL_GAMES, NBAC_INJURY_REPORT
from nba_assets.warehouse.frames import conform
from nba_assets.warehouse.interface import Warehouse
from nba_assets_tests.small_reports import FRIDAY, SUNDAY, report
from nba_assets_tests.small_week import FETCHED_AT, WEEK, league_week

UNKNOWN = ("Zed Vane", "Öz Duran", "de Colo", "Åke Ek", "Abe Lee")
REPORTS = [
    report(FRIDAY, *(f"ATL | {player} | Out | Rest" for player in UNKNOWN), "BOS | Player 1 of BOS | Out | Rest"),
    report(SUNDAY, "BKN | Zed Vane | Out | Rest", "CHA | Player 1 of CHA | Out | Rest"),
]


def test_what_is_wrong_is_named_in_the_same_words(warehouse: Warehouse) -> None:
    league = league_week(games=5)  # on Friday, Sunday, Thursday, Saturday and Monday
    publish(warehouse, BDL_GAMES, WeeklyRows(league.games), [WEEK])
    stored = pd.DataFrame(columns=NBAC_INJURY_REPORT.column_names)
    rows = with_reports(stored, report_rows(REPORTS, FETCHED_AT))
    rows = rows.assign(player_id=match_players(rows, league.box_scores))
    unknown = rows[~rows["player_name"].str.startswith("Player")].sample(frac=1, random_state=1)
    with warehouse.stage(NBAC_INJURY_REPORT, conform(unknown, NBAC_INJURY_REPORT)) as staged:
        verdicts = audit(staged.query, NBAC_INJURY_REPORT, [WEEK], {NBAC_INJURY_REPORT.name: staged.name})[WEEK]
    told = {verdict.check.name: verdict.reason.rpartition(": ")[2] for verdict in verdicts if verdict.outcome != "pass"}
    assert told == {
        "every_parsed_row_stored": "2021-12-17 17:30, 2021-12-19 17:30",
        "player_match_rate": "Abe Lee, Zed Vane, de Colo, Åke Ek, Öz Duran",
        "days_without_report": "2021-12-18, 2021-12-20, 2021-12-23",
    }
