"""What is made of a report's rows: as stored, matched to players, and who it rules out of which game."""

import datetime as dt

import pandas as pd
import pytest

from nba_assets.sources import interface
from nba_assets.sources.interface import Report
from nba_assets.tables import NBAC_INJURY_REPORT
from nba_assets.transforms.injury_reports import (
    absences,
    match_players,
    report_rows,
    reports_stored,
    reports_wanted,
    with_absence_reasons,
    with_reports,
)
from nba_assets.warehouse.frames import to_arrow
from nba_assets_tests.support.small_reports import FRIDAY, FRIDAY_REPORT, SUNDAY, SUNDAY_REPORT, report, waiting
from nba_assets_tests.support.small_week import FETCHED_AT, WEEK, league_week

NOTHING = pd.DataFrame(columns=NBAC_INJURY_REPORT.column_names)


def stored(*reports: Report) -> pd.DataFrame:
    """The rows as the table has them, everyone matched to the small league's player."""
    rows = with_reports(NOTHING, report_rows(reports, FETCHED_AT))
    players = [league_week().box_scores.assign(week=week) for week in set(rows["week"])]
    return rows.assign(player_id=match_players(rows, pd.concat(players)))


def test_unread_lines_are_rows_with_their_text_and_a_lookup_of_their_own() -> None:
    read = report(FRIDAY, "ATL | Player 10 of ATL | Out | Rest", unread=("S.A. Spurs Out", "a remark"))
    rows = report_rows([read], FETCHED_AT)
    told = rows[["game_date", "team", "player_lookup", "status", "reason", "rows_in_report"]]
    assert told.to_numpy().tolist() == [
        [FRIDAY, "ATL", "player 10 of atl", "Out", "Rest", 3],
        [FRIDAY, "", "unread 1", "Unread", "S.A. Spurs Out", 3],
        [FRIDAY, "", "unread 2", "Unread", "a remark", 3],
    ]
    to_arrow(rows.assign(player_id=None), NBAC_INJURY_REPORT)


def test_a_player_listed_twice_keeps_both_lines_and_one_key() -> None:
    twice = report(FRIDAY, "ATL | Al Lee | Out | Rest", "ATL | Al Lee | Doubtful | Rest")
    rows = report_rows([twice], FETCHED_AT)
    assert rows[["player_lookup", "status", "reason"]].to_numpy().tolist() == [
        ["al lee", "Out", "Rest"],
        ["unread 1", "Unread", "Al Lee Doubtful Rest"],
    ]
    assert set(rows["rows_in_report"]) == {2}


@pytest.mark.parametrize("reports", [[], [report(FRIDAY)]], ids=["no report", "a report of nobody"])
def test_where_nobody_is_listed_there_are_no_rows(reports: list[Report]) -> None:
    assert report_rows(reports, FETCHED_AT).empty
    none = with_reports(NOTHING, report_rows(reports, FETCHED_AT)).assign(player_id=None)
    assert to_arrow(none, NBAC_INJURY_REPORT).num_rows == 0
    assert len(with_reports(stored(FRIDAY_REPORT), report_rows(reports, FETCHED_AT))) == 4


def test_reports_are_added_and_a_report_read_again_replaces_only_itself() -> None:
    both = stored(FRIDAY_REPORT, SUNDAY_REPORT)
    corrected = report(SUNDAY, "BKN | Player 12 of BKN | Out | Rest", "CHA | Player 14 of CHA | Out | Rest")
    again = with_reports(both, report_rows([corrected], FETCHED_AT))
    assert len(both) == 5
    assert again.groupby("report_date")["reason"].apply(list)[SUNDAY] == ["Rest", "Rest"]
    assert (again["report_date"] == FRIDAY).sum() == 4


def test_a_day_is_stored_when_every_row_it_had_is_there() -> None:
    rows = stored(FRIDAY_REPORT, SUNDAY_REPORT)
    assert reports_stored(rows) == {(FRIDAY, interface.EVENING), (SUNDAY, interface.EVENING)}
    assert reports_stored(rows.drop(index=0)) == {(SUNDAY, interface.EVENING)}
    assert reports_stored(NOTHING) == set()


@pytest.mark.parametrize(
    ("tipoff", "also"),
    [
        pytest.param("2021-12-17T17:00Z", dt.time(11, 30), id="noon"),
        pytest.param("2021-12-17T17:10Z", dt.time(11, 30), id="ten past noon"),
        pytest.param("2021-12-17T17:30Z", dt.time(11, 30), id="published as the game tips off is too late"),
        pytest.param("2021-12-17T17:31Z", dt.time(12, 30), id="a minute later is not"),
        pytest.param("2021-12-17T22:30Z", dt.time(16, 30), id="half past five"),
        pytest.param("2021-12-17T22:31Z", None, id="after the evening's report"),
        pytest.param("2021-12-18T03:00Z", None, id="ten in the evening"),
        pytest.param("2021-12-19T18:00Z", None, id="played on another day"),
        pytest.param("2021-12-17T05:10Z", None, id="ten past midnight"),
        pytest.param(None, None, id="no moment known"),
    ],
)
def test_a_game_before_the_evening_wants_the_newest_report_before_it(tipoff: str | None, also: dt.time | None) -> None:
    games = pd.DataFrame({"game_date": [FRIDAY], "tipoff": pd.to_datetime([tipoff], utc=True)})
    assert reports_wanted(games, FRIDAY) == {(FRIDAY, interface.EVENING)} | ({(FRIDAY, also)} if also else set())
    assert reports_wanted(games, FRIDAY - dt.timedelta(days=1)) == set()


PLAYERS = pd.DataFrame(
    [
        (WEEK, "ATL", "Luka Dončić", 1),
        (WEEK, "BOS", "Jalen Green", 2),
        (WEEK, "CHI", "Jalen Green", 3),
        (WEEK, "DAL", "Gary Payton II", 4),
        (WEEK, "DAL", "Gary Payton", 5),
        (WEEK - dt.timedelta(days=7), "DEN", "Old Timer", 6),
        (WEEK, "NOP", "Herbert Jones", 7),
        (WEEK, "TOR", "Jakob Pöltl", 8),
        (WEEK, "HOU", "Ming Yao", 9),
        (WEEK, "POR", "Alexandre Lee", 10),
        (WEEK, "POR", "Lee Alex", 11),
        (WEEK, "ORL", "Moritz Wagner", 12),
        (WEEK, "WAS", "Moe Wagner", 13),
    ],
    columns=["week", "team", "player_name", "player_id"],
)


@pytest.mark.parametrize(
    ("team", "name", "player"),
    [
        pytest.param("ATL", "Luka Doncic", 1, id="without accents"),
        pytest.param("MIA", "Luka Doncic", 1, id="on another team"),
        pytest.param("CHI", "Jalen Green", 3, id="one of two by his team"),
        pytest.param("MIA", "Jalen Green", None, id="one of two on another team"),
        pytest.param("DAL", "Gary Payton II", None, id="two of a name on one team"),
        pytest.param("DEN", "Old Timer", None, id="only in another week"),
        pytest.param("ATL", "Nobody Known", None, id="a stranger"),
        pytest.param("ATL", "", None, id="nobody named"),
        pytest.param("NOP", "Herb Jones", 7, id="by his nickname"),
        pytest.param("MIA", "Herb Jones", None, id="by his nickname on another team"),
        pytest.param("TOR", "Jakob Poeltl", 8, id="without the umlaut"),
        pytest.param("HOU", "Yao Ming", 9, id="family name first"),
        pytest.param("POR", "Alex Lee", None, id="two of the team fit"),
        pytest.param("ORL", "Moe Wagner", 13, id="the name as it is comes first"),
    ],
)
def test_players_are_matched_by_team_and_name_then_by_name(team: str, name: str, player: int | None) -> None:
    rows = report_rows([report(FRIDAY, f"{team} | {name} | Out | Rest")], FETCHED_AT)
    (matched,) = match_players(rows, PLAYERS)
    assert (None if pd.isna(matched) else matched) == player


GAMES = league_week().games  # ATL against BOS on Friday, BKN against CHA on Sunday
EARLY = "12-17 12:00 | ATL | Player 10 of ATL"
EVENING = "12-17 19:30 | ATL | Player 10 of ATL"
THE_DAY_BEFORE = FRIDAY - dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("reports", "told"),
    [
        pytest.param([report(FRIDAY, f"{EVENING} | Out | Rest")], [("Rest", True)], id="before tip-off"),
        pytest.param([report(FRIDAY, f"{EVENING} | Doubtful | Rest")], [], id="only doubtful"),
        pytest.param(
            [report(THE_DAY_BEFORE, f"{EVENING} | Out | Rest"), report(FRIDAY, f"{EVENING} | Available | Rest")],
            [],
            id="the newest report counts",
        ),
        pytest.param(
            [report(THE_DAY_BEFORE, f"{EVENING} | Out | Rest"), report(FRIDAY, waiting("ATL"))],
            [("Rest", True)],
            id="a team that has not submitted says nothing",
        ),
        pytest.param([report(FRIDAY, f"{EARLY} | Out | Rest")], [("Rest", False)], id="after a game at noon"),
        pytest.param(
            [report(THE_DAY_BEFORE, f"{EARLY} | Out | Rest"), report(FRIDAY, f"{EARLY} | Out | Trade Pending")],
            [("Rest", True)],
            id="the last before a game at noon",
        ),
        pytest.param(
            [report(FRIDAY, f"{EARLY} | Out | Rest"), report(FRIDAY, f"{EARLY} | Out | Trade Pending", time="20:30")],
            [("Rest", False)],
            id="else the first after it",
        ),
        pytest.param([report(SUNDAY, "12-19 19:30 | ATL | Player 10 of ATL | Out | Rest")], [], id="no game that day"),
        pytest.param([report(FRIDAY, "ATL | A Stranger | Out | Rest")], [], id="a player without a match"),
    ],
)
def test_who_is_ruled_out_is_what_the_newest_report_before_tip_off_says(
    reports: list[Report], told: list[tuple[str, bool]]
) -> None:
    out = absences(stored(*reports), GAMES)
    assert list(out[["reason", "before_tipoff"]].itertuples(index=False, name=None)) == told
    assert set(out["player_id"]) <= {10}


def test_an_absence_names_game_player_team_and_reason() -> None:
    out = absences(stored(FRIDAY_REPORT, SUNDAY_REPORT), GAMES)
    first, second = GAMES[["game_id", "game_date"]].head(2).itertuples(index=False, name=None)
    boston, brooklyn = 111, 212
    assert out.to_numpy().tolist() == [
        [*first, 10, "ATL", "Injury/Illness - Left Knee; Sprain", "injury", True],
        [*first, boston, "BOS", "G League - Two-Way", "g_league", True],
        [*second, brooklyn, "BKN", "League Suspension", "suspension", True],
    ]


def test_without_reports_nobody_is_ruled_out() -> None:
    assert absences(NOTHING, GAMES).empty
    assert absences(stored(FRIDAY_REPORT), GAMES.iloc[:0]).empty


def test_the_reason_is_told_of_who_did_not_play_only() -> None:
    out = absences(stored(report(FRIDAY, f"{EVENING} | Out | Rest", "ATL | Player 0 of ATL | Out | Rest")), GAMES)
    summary = with_absence_reasons(league_week().player_summary, out)
    told = summary[summary["absence_reason"].notna()]
    assert set(out["player_id"]) == {0, 10}
    assert told[["player_id", "played", "absence_reason"]].to_numpy().tolist() == [[10, False, "Rest"]]


def test_who_was_ruled_out_without_a_reason_is_told_from_who_was_not_used() -> None:
    out = absences(stored(report(FRIDAY, f"{EVENING} | Out | ")), GAMES)
    summary = with_absence_reasons(league_week().player_summary, out)
    assert summary["absence_reason"].dropna().to_list() == ["No reason given"]


@pytest.mark.parametrize("known", [PLAYERS, PLAYERS.iloc[:0]], ids=["players", "no players"])
def test_a_week_without_reports_or_without_players_matches_nobody(known: pd.DataFrame) -> None:
    rows = with_reports(NOTHING, report_rows([], FETCHED_AT))
    assert match_players(rows, known).empty
    assert match_players(rows, known).dtype == "Int64"
