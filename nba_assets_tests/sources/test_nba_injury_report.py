import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.errors import SourceError, UnreadableReport
from nba_assets.league.player_names import player_lookup
from nba_assets.sources.interface import Report
from nba_assets.sources.nba_injury_report import (
    COLUMNS,
    NOT_YET_SUBMITTED,
    InjuryReports,
    parse_report,
    reason_category,
)
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.support.printed_report import CUT, HEADINGS, LEFTS, pdf, printed_report

GAME = ("01/04/2024", "07:30 (ET)", "MIL@SAS")
UNSUBMITTED = ("", "", "NOT YET SUBMITTED")
WALKER = ("", "", "", "San Antonio Spurs", "Walker, Ann", "Out", "Rest")


def read(*pages: Sequence[tuple[str, ...]]) -> Report:
    return parse_report(printed_report(*pages), source="a report")


def told(report: Report, *columns: str) -> list[tuple[object, ...]]:
    return list(report.rows[list(columns)].itertuples(index=False, name=None))


def test_a_row_says_everything_about_one_player_in_one_report() -> None:
    report = read([(*GAME, "Milwaukee Bucks", "Beauchamp, MarJon", "Out", "Injury/Illness - Left Knee; Sprain")])
    assert report.rows.to_dict("records") == [
        {
            "report_date": dt.date(2024, 1, 4),
            "report_time": "17:30",
            "game_date": dt.date(2024, 1, 4),
            "game_time": "19:30",
            "matchup": "MIL@SAS",
            "team": "MIL",
            "player_name": "MarJon Beauchamp",
            "status": "Out",
            "reason": "Injury/Illness - Left Knee; Sprain",
            "reason_category": "injury",
            "player_lookup": "marjon beauchamp",
        }
    ]
    assert (report.report_date, report.report_time, report.unread_lines) == (dt.date(2024, 1, 4), "17:30", [])


def test_date_time_matchup_and_team_carry_down_across_rows_and_pages() -> None:
    report = read(
        [
            (*GAME, "Milwaukee Bucks", "Beauchamp, MarJon", "Out", "Rest"),
            ("", "", "", "", "Crowder, Jae", "Doubtful", "Rest"),
            WALKER,
            ("", "", "DEN@GSW", "Denver Nuggets", "Cancar, Vlatko", "Out", "Rest"),
        ],
        [
            ("", "", "", "", "Jackson, Reggie", "Probable", "Rest"),
            ("", "", "", "Golden State Warriors", *UNSUBMITTED),
            ("", "10:00 (ET)", "TOR@SAC", "Toronto Raptors", *UNSUBMITTED),
            ("01/05/2024", "12:30 (ET)", "ATL@IND", "Atlanta Hawks", "Johnson, Jalen", "Available", "Rest"),
        ],
    )
    assert [
        (f"{day:%m-%d}", *row) for day, *row in told(report, "game_date", "game_time", "matchup", "team", "status")
    ] == [
        ("01-04", "19:30", "MIL@SAS", "MIL", "Out"),
        ("01-04", "19:30", "MIL@SAS", "MIL", "Doubtful"),
        ("01-04", "19:30", "MIL@SAS", "SAS", "Out"),
        ("01-04", "19:30", "DEN@GSW", "DEN", "Out"),
        ("01-04", "19:30", "DEN@GSW", "DEN", "Probable"),
        ("01-04", "19:30", "DEN@GSW", "GSW", NOT_YET_SUBMITTED),
        ("01-04", "22:00", "TOR@SAC", "TOR", NOT_YET_SUBMITTED),
        ("01-05", "12:30", "ATL@IND", "ATL", "Available"),
    ]
    assert report.unread_lines == []


def test_a_team_that_has_not_submitted_is_a_row_without_a_player() -> None:
    report = read([(*GAME, "Milwaukee Bucks", *UNSUBMITTED)])
    assert told(report, "team", "player_name", "player_lookup", "status", "reason", "reason_category") == [
        ("MIL", "", "", NOT_YET_SUBMITTED, "NOT YET SUBMITTED", "other")
    ]


@pytest.mark.parametrize(
    "reasons",
    [
        pytest.param(["Rest", "Rest"], id="one line each"),
        pytest.param(["Injury/Illness - Right Forearm;|Contusion", "Rest"], id="two lines, then one"),
        pytest.param(["Rest", "Injury/Illness - Right Forearm;|Contusion"], id="one line, then two"),
        pytest.param(
            ["Injury/Illness - Left|Knee; ACL|Surgery", "A|B", "C", "D|E|F"], id="three lines, then two, one, three"
        ),
        pytest.param(["A|B|C|D", "E", "F|G|H|I|J"], id="four and five lines"),
        pytest.param(["", "A|B", ""], id="no reason around two lines"),
    ],
)
def test_a_wrapped_reason_belongs_to_the_row_it_is_printed_around(reasons: list[str]) -> None:
    first, *others = reasons
    rows = [("", "", "", "", f"Player, No{number}", "Out", reason) for number, reason in enumerate(others)]
    report = read([(*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", first), *rows])
    assert list(report.rows["reason"]) == [reason.replace("|", " ") for reason in reasons]
    assert report.unread_lines == []


@pytest.mark.parametrize("next_reason", ["Rest", "Injury/Illness - Left|Knee; Sprain"])
def test_a_reason_cut_by_the_end_of_the_page_goes_on_in_the_next(next_reason: str) -> None:
    report = read(
        [(*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", f"Injury/Illness - Right Forearm;{CUT}Contusion")],
        [("", "", "", "San Antonio Spurs", "Walker, Ann", "Out", next_reason)],
    )
    assert told(report, "player_name", "reason") == [
        ("Jae Crowder", "Injury/Illness - Right Forearm; Contusion"),
        ("Ann Walker", next_reason.replace("|", " ")),
    ]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pages_are_read_as_a_reader_sees_them(rotation: int) -> None:
    rows = [
        (*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Injury/Illness - Left|Adductor; Surgery"),
        ("", "", "", "San Antonio Spurs", "Walker, Ann", "Questionable", "Rest"),
    ]
    report = parse_report(printed_report(rows, rows[:1], rotation=rotation), source="a report")
    assert report.unread_lines == []
    assert told(report, "game_time", "team", "player_name", "status", "reason") == [
        ("19:30", "MIL", "Jae Crowder", "Out", "Injury/Illness - Left Adductor; Surgery"),
        ("19:30", "SAS", "Ann Walker", "Questionable", "Rest"),
        ("19:30", "MIL", "Jae Crowder", "Out", "Injury/Illness - Left Adductor; Surgery"),
    ]


@pytest.mark.parametrize("reason", ["Injury/Illness - Left|Knee", "Injury/Illness|- Left|Knee", "Rest"])
def test_a_row_is_one_also_where_its_game_and_team_stand_beside_the_first_line_of_the_reason(reason: str) -> None:
    rows = [
        (*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", reason),
        ("", "", "", "San Antonio Spurs", "Walker, Ann", "Out", reason),
    ]
    report = parse_report(printed_report(rows, from_first_line=4), source="a report")
    assert report.unread_lines == []
    assert told(report, "team", "player_name", "reason") == [
        ("MIL", "Jae Crowder", reason.replace("|", " ")),
        ("SAS", "Ann Walker", reason.replace("|", " ")),
    ]


def test_a_reason_that_begins_on_the_page_before_its_player_belongs_to_him() -> None:
    report = read(
        [(*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest"), ("", "", "", "San Antonio Spurs", "", "", "Left")],
        [("", "", "", "", "Walker, Ann", "Out", "Knee"), ("", "", "", "", "Young, Bea", "Out", "Rest")],
    )
    assert report.unread_lines == []
    assert told(report, "team", "player_name", "reason") == [
        ("MIL", "Jae Crowder", "Rest"),
        ("SAS", "Ann Walker", "Left Knee"),
        ("SAS", "Bea Young", "Rest"),
    ]


def test_games_of_no_team_of_the_league_are_no_rows_and_not_unread() -> None:
    report = read(
        [
            ("02/19/2023", "07:30 (ET)", "UNK@UNK", "Non-NBA Team", *UNSUBMITTED),
            ("", "", "", "", *UNSUBMITTED),
            ("02/23/2023", "07:30 (ET)", "UNK@MIL", "Non-NBA Team", *UNSUBMITTED),
            ("", "", "", "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest"),
        ]
    )
    assert report.unread_lines == []
    assert told(report, "team", "player_name") == [("MIL", "Jae Crowder")]


def test_a_hyphen_at_the_end_of_a_line_does_not_swallow_the_next_line() -> None:
    report = read(
        [
            (*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Injury/Illness - Left Tibia; Non-|Displaced Fracture"),
            ("", "", "", "", "Poeltl, Jakob", "Out", "Injury/Illness - Covid-|Illness"),
        ]
    )
    assert told(report, "player_name", "reason") == [
        ("Jae Crowder", "Injury/Illness - Left Tibia; Non- Displaced Fracture"),
        ("Jakob Poeltl", "Injury/Illness - Covid- Illness"),
    ]


@pytest.mark.parametrize("lefts", [LEFTS, [left + 11 for left in LEFTS], (20, 85, 158, 232, 361, 484, 592)])
def test_columns_are_where_their_headings_are(lefts: Sequence[float]) -> None:
    row = (*GAME, "Minnesota Timberwolves", "Towns, Karl-Anthony", "Questionable", "Rest")
    report = parse_report(printed_report([(*row[:2], "MIN@HOU", *row[3:])], lefts=lefts), source="a report")
    assert told(report, "team", "player_name", "status") == [("MIN", "Karl-Anthony Towns", "Questionable")]


def test_blanks_swallowed_by_letter_spacing_change_nothing_but_the_reason() -> None:
    report = parse_report(
        printed_report(
            [
                (
                    "01/04/2024",
                    "07:30(ET)",
                    "OKC@HOU",
                    "OklahomaCityThunder",
                    "WilliamsIII,Kenrich",
                    "Out",
                    "GLeague-Two-Way",
                ),
                ("", "", "", "HoustonRockets", "", "", "NOTYETSUBMITTED"),
            ],
            title="InjuryReport:01/04/2405:30PM",
            headings=[heading.replace(" ", "") for heading in HEADINGS],
            footer="Page{page}of{pages}",
        ),
        source="a report",
    )
    assert told(report, "report_time", "team", "player_name", "status", "reason", "reason_category") == [
        ("17:30", "OKC", "Kenrich Williams III", "Out", "GLeague-Two-Way", "g_league"),
        ("17:30", "HOU", "", NOT_YET_SUBMITTED, "NOTYETSUBMITTED", "other"),
    ]


NAMES = {
    "Dončić, Luka": "Luka Dončić",
    "DončićLuka": "Luka Dončić",
    "Doncic Luka": "Luka Doncic",
    "Čančar, Vlatko": "Vlatko Čančar",
    "Porter Jr., Michael": "Michael Porter Jr.",
    "PorterJr.,Michael": "Michael Porter Jr.",
    "Jones, Jr., Derrick": "Derrick Jones Jr.",
    "Smith, Dennis Jr.": "Dennis Smith Jr.",
    "Payton II, Gary": "Gary Payton II",
    "PaytonII,Gary": "Gary Payton II",
    "Walker IV, Lonnie": "Lonnie Walker IV",
    "Morris Sr., Marcus": "Marcus Morris Sr.",
    "Gilgeous-Alexander, Shai": "Shai Gilgeous-Alexander",
    "VanVleet,Fred": "Fred VanVleet",
    "Mbah a Moute, Luc Richard": "Luc Richard Mbah a Moute",
    "Fox, De'Aaron": "De'Aaron Fox",
    "Tucker, P.J.": "P.J. Tucker",
    ", Nene": "Nene",
}


def test_names_come_first_name_first_with_their_suffix_last() -> None:
    rows = [("", "", "", "", printed, "Out", "Rest") for printed in NAMES]
    report = read([(*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest"), *rows])
    assert dict(zip(NAMES, report.rows["player_name"][1:], strict=True)) == NAMES
    assert list(report.rows["player_lookup"][1:]) == [player_lookup(name) for name in NAMES.values()]


@pytest.mark.parametrize(
    ("printed", "game_time"),
    [("12:00 (ET)", "12:00"), ("01:00 (ET)", "13:00"), ("7:30(ET)", "19:30"), ("10:30 (ET)", "22:30"), ("TBD", None)],
)
def test_game_times_are_of_the_24_hour_clock(printed: str, game_time: str | None) -> None:
    report = read([("01/04/2024", printed, "MIL@SAS", "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest")])
    assert list(report.rows["game_time"]) == [game_time]


@pytest.mark.parametrize(
    ("row", "unread"),
    [
        pytest.param(
            (*GAME, "Milwaukee Bucks", "Crowder, Jae", "Decision", "Rest"),
            "01/04/2024 07:30 (ET) MIL@SAS Milwaukee Bucks Crowder, Jae Decision Rest",
            id="unknown status",
        ),
        pytest.param(
            (*GAME, "Milwaukee Bucks", "Giannis", "Out", "Rest"),
            "01/04/2024 07:30 (ET) MIL@SAS Milwaukee Bucks Giannis Out Rest",
            id="a name that cannot be told apart",
        ),
        pytest.param(
            (*GAME, "Milwaukee Bucks", "", "Out", "Rest"),
            "01/04/2024 07:30 (ET) MIL@SAS Milwaukee Bucks Out Rest",
            id="no player",
        ),
        pytest.param(
            (*GAME, "Real Madrid", "Campazzo, Facundo", "Out", "Rest"),
            "01/04/2024 07:30 (ET) MIL@SAS Real Madrid Campazzo, Facundo Out Rest",
            id="no NBA team",
        ),
        pytest.param(
            (*GAME, "Boston Celtics", "Tatum, Jayson", "Out", "Rest"),
            "01/04/2024 07:30 (ET) MIL@SAS Boston Celtics Tatum, Jayson Out Rest",
            id="a team that is not in the game",
        ),
        pytest.param(
            (*GAME, "Milwaukee Bucks", "", "", "TEAM WILL SUBMIT LATE"),
            "01/04/2024 07:30 (ET) MIL@SAS Milwaukee Bucks TEAM WILL SUBMIT LATE",
            id="a remark",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_as_printed_and_the_others_are_read(
    row: tuple[str, ...], unread: str
) -> None:
    report = read([row, WALKER])
    assert report.unread_lines == [unread]
    assert told(report, "team", "player_name") == [("SAS", "Ann Walker")]


def test_no_player_is_booked_on_the_team_before_an_unreadable_one() -> None:
    report = read(
        [
            (*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest"),
            ("", "", "", "S.A. Spurs", "Walker, Ann", "Out", "Rest"),
            ("", "", "", "", "Collins, Zach", "Out", "Rest"),
            ("", "", "DEN@G.S.", "", "Cancar, Vlatko", "Out", "Rest"),
            ("", "", "DEN@GSW", "Denver Nuggets", "Jackson, Reggie", "Out", "Rest"),
        ]
    )
    assert told(report, "team", "player_name") == [("MIL", "Jae Crowder"), ("DEN", "Reggie Jackson")]
    assert report.unread_lines == [
        "S.A. Spurs Walker, Ann Out Rest",
        "Collins, Zach Out Rest",
        "DEN@G.S. Cancar, Vlatko Out Rest",
    ]


def test_a_report_without_games_has_the_columns_and_no_rows() -> None:
    report = read([])
    assert (list(report.rows.columns), len(report.rows), report.unread_lines) == (COLUMNS, 0, [])


@pytest.mark.parametrize(
    ("reason", "category"),
    [
        ("Injury/Illness - Left Acl; Tear", "injury"),
        ("Injury/Illness-RightAnkle;Sprain", "injury"),
        ("Injury/Illness - Left Achilles; Soreness", "injury"),
        ("Injury/Illness - Right Knee; Injury Management", "injury"),
        ("Injury/Illness - Left Knee; Fluid", "injury"),
        ("Concussion Protocol", "injury"),
        ("Injury/Illness - N/a; Illness", "illness"),
        ("Injury/Illness-Illness;Non-Covid", "illness"),
        ("Injury/Illness - N/A; Flu-Like Symptoms", "illness"),
        ("Injury/Illness - Illness; Migraine", "illness"),
        ("Health and Safety Protocols", "illness"),
        ("Not With Team - Self Isolating", "illness"),
        ("Rest", "rest"),
        ("Rest - Load Management", "rest"),
        ("GLeague-Two-Way", "g_league"),
        ("G League - On Assignment", "g_league"),
        ("League Suspension", "suspension"),
        ("Team Suspension", "suspension"),
        ("Personal Reasons", "personal"),
        ("Not With Team", "personal"),
        ("Trade Pending", "trade"),
        ("Coach's Decision", "other"),
        ("Return to Competition Reconditioning", "injury"),
        ("Ineligible To Play", "other"),
        ("-", "other"),
        ("", "other"),
    ],
)
def test_reasons_fall_into_eight_categories(reason: str, category: str) -> None:
    assert reason_category(reason) == category


ROWS = [(*GAME, "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest")]


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(b"", "not a PDF", id="empty"),
        pytest.param(b"<html><body>Access denied</body></html>", "not a PDF, it starts with b'<html>", id="HTML"),
        pytest.param(printed_report(ROWS, ROWS)[:1500], "cut off after 1,500 bytes", id="truncated"),
        pytest.param(b"%PDF-1.4\nrubbish\n%%EOF\n", "a damaged PDF", id="damaged"),
        pytest.param(b"%PDF-1.4\n" + b"0" * 20_000_001, "20,000,010 bytes", id="too large"),
        pytest.param(printed_report(*[[]] * 61), "61 pages", id="too many pages"),
        pytest.param(
            pdf([(20, 14 * n, "too much " * 60) for n in range(40)]), "characters on a page", id="too much on a page"
        ),
        pytest.param(pdf([(20, 20, "")]), "no text on page 1", id="a page without text"),
        pytest.param(printed_report(ROWS, title="Officials"), "no title 'Injury Report", id="no title"),
        pytest.param(printed_report(ROWS, title="Injury Report: today"), "no date and time", id="no date in the title"),
        pytest.param(printed_report(ROWS, headings=["Player", "Status"]), "no column headings", id="other columns"),
        pytest.param(
            printed_report(ROWS, footer="Page {page} of 2"),
            "page 1 of 1 is numbered 'Page 1 of 2'",
            id="a missing page",
        ),
    ],
)
def test_what_is_no_whole_report_is_refused_by_name(document: bytes, complaint: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        parse_report(document, source="landing/2024-01-04.pdf")
    assert str(refused.value).startswith("landing/2024-01-04.pdf: ")
    assert complaint in str(refused.value)


GENUINE = """
    MIL@SAS SAS Dominick Barlow|Questionable|G League - Two-Way
    MIL@SAS SAS Charles Bassey|Out|Injury/Illness - Left Acl; Tear
    MIL@SAS SAS Malaki Branham|Doubtful|Injury/Illness - Right Ankle; Sprain
    MIL@SAS SAS Sidy Cissoko|Out|G League - On Assignment
    MIL@SAS SAS Zach Collins|Out|Injury/Illness - Right Ankle; Sprain
    MIL@SAS SAS Mamadi Diakite|Questionable|G League - Two-Way
    MIL@SAS SAS David Duke Jr.|Out|G League - Two-Way
    MIL@SAS SAS Doug McDermott|Out|Injury/Illness - Right Forearm; Contusion
    DEN@GSW DEN Vlatko Cancar|Out|Injury/Illness - Left Knee; Surgery
    DEN@GSW DEN Reggie Jackson|Probable|Injury/Illness - Left Calf; Tightness
    DEN@GSW DEN Jalen Pickett|Out|G League - On Assignment
    DEN@GSW DEN Hunter Tyson|Out|G League - On Assignment
    DEN@GSW GSW Draymond Green|Out|League Suspension
    DEN@GSW GSW Gary Payton II|Out|Injury/Illness - Left Hamstring; Strain
"""


def test_the_genuine_report_is_read_to_the_last_row(seasons: Path) -> None:
    report = parse_report((seasons / "injury_report_sample.pdf").read_bytes(), source="sample")
    listed = report.rows[report.rows["status"] != NOT_YET_SUBMITTED]
    assert [f"{row.matchup} {row.team} {row.player_name}|{row.status}|{row.reason}" for row in listed.itertuples()] == [
        line.strip() for line in GENUINE.strip().splitlines()
    ]
    assert (report.report_date, report.report_time, report.unread_lines) == (dt.date(2024, 1, 4), "12:30", [])
    waiting = report.rows[report.rows["status"] == NOT_YET_SUBMITTED]
    assert waiting.groupby("game_date")["team"].count().to_dict() == {dt.date(2024, 1, 4): 1, dt.date(2024, 1, 5): 28}
    assert waiting["team"].iloc[[0, -1]].to_list() == ["MIL", "SAC"]
    boxes = box_rows(seasons, ["2023-24"], [dt.date(2024, 1, 4)])
    strangers = set(zip(listed["team"], listed["player_lookup"], strict=True)) - set(boxes["key"])
    assert strangers == {("SAS", "mamadi diakite")}  # questionable, did not play, and has no box row that day


def box_rows(seasons: Path, names: list[str], days: list[dt.date]) -> pd.DataFrame:
    boxes = pd.concat([pd.read_parquet(seasons / f"player_box_{name}.parquet") for name in names])
    boxes["game_date"] = pd.to_datetime(boxes["game_date"].astype(str)).dt.date
    boxes = boxes[boxes["game_date"].isin(days)]
    lookups = boxes["player_name"].map(player_lookup)
    return boxes.assign(key=pd.Series(zip(boxes["team"], lookups, strict=True), index=boxes.index))


@pytest.mark.parametrize(
    ("day", "row_count"), [("2022-10-19", 60), ("2023-01-05", 97), ("2023-02-18", 0)], ids=lambda value: f"{value}"
)
def test_the_genuine_upright_reports_are_read_to_the_last_row(day: str, row_count: int, seasons: Path) -> None:
    path = seasons.parent / "genuine" / f"Injury-Report_{day}_05PM.pdf"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    report = parse_report(path.read_bytes(), source=path.name)
    assert (f"{report.report_date}", len(report.rows), report.unread_lines) == (day, row_count, [])


@pytest.mark.parametrize("season", ["2020-21", "2021-22", "2022-23", "2023-24"])
def test_no_reported_absence_of_a_real_season_is_lost(season: str, seasons: Path, replay_url: str) -> None:
    boxes = pd.read_parquet(seasons / f"player_box_{season}.parquet")
    reported = boxes[boxes["status"] == "OUT_REPORTED"]["game_date"].astype(str).unique()
    days = [dt.date.fromisoformat(day) for day in sorted(reported)[::30]]
    out = box_rows(seasons, [season], days).query("status == 'OUT_REPORTED'")
    archive = InjuryReports(base_url=replay_url, limiter=None)
    for day in days:
        document = archive.fetch(day)
        assert document is not None, day
        report = parse_report(document, source=f"replay {day}")
        today = report.rows[(report.rows["game_date"] == day) & (report.rows["status"] == "Out")]
        expected = sorted(out[out["game_date"] == day]["key"])
        assert sorted(zip(today["team"], today["player_lookup"], strict=True)) == expected, day
        assert (report.report_date, report.unread_lines) == (day, [])


def archive_at(web: ScriptedWeb) -> InjuryReports:
    return InjuryReports(base_url=web.url, waits=(0, 0, 0), limiter=None)


DAY = dt.date(2024, 1, 4)


@pytest.mark.parametrize("status", [403, 404])
def test_a_day_without_a_report_is_none_and_not_asked_again(status: int, web: ScriptedWeb) -> None:
    web.answers = [status]
    assert archive_at(web).fetch(DAY) is None
    assert web.paths == ["/referee/injury/Injury-Report_2024-01-04_05PM.pdf"]


@pytest.mark.parametrize("fault", [429, 500, 503, "drop", "half"])
def test_a_passing_fault_is_tried_again(fault: int | str, web: ScriptedWeb) -> None:
    web.answers = [fault, fault, fault, (200, b"%PDF-1.4")]
    assert archive_at(web).fetch(DAY) == b"%PDF-1.4"
    assert len(web.paths) == 4


@pytest.mark.parametrize(("fault", "told"), [(503, "HTTP 503, 4 times"), ("drop", "RemoteProtocolError")])
def test_a_lasting_fault_is_an_error_after_four_requests(fault: int | str, told: str, web: ScriptedWeb) -> None:
    web.answers = [fault]
    with pytest.raises(SourceError, match=rf"^injury report of 2024-01-04: {told}.*05PM\.pdf"):
        archive_at(web).fetch(DAY)
    assert len(web.paths) == 4


@pytest.mark.parametrize("status", [301, 400, 401, 410])
def test_any_other_answer_is_an_error_at_once(status: int, web: ScriptedWeb) -> None:
    web.answers = [status]
    with pytest.raises(SourceError, match=f"injury report of 2024-01-04: HTTP {status} from http"):
        archive_at(web).fetch(DAY)
    assert len(web.paths) == 1


def test_a_server_that_asks_to_wait_an_hour_is_told_and_not_waited_for(web: ScriptedWeb) -> None:
    web.answers, web.headers = [429], {"Retry-After": "3600"}
    with pytest.raises(SourceError, match="asks to wait 3600 s"):
        archive_at(web).fetch(DAY)


def test_an_endless_answer_is_cut_short(web: ScriptedWeb) -> None:
    web.answers = [(200, b"0" * 20_000_001)]
    with pytest.raises(SourceError, match="more than 20,000,000 bytes"):
        archive_at(web).fetch(DAY)


def test_nobody_listening_is_an_error_that_names_the_day() -> None:
    with pytest.raises(SourceError, match=r"^injury report of 2024-01-04: ConnectError"):
        InjuryReports(base_url="http://127.0.0.1:9", waits=(0,)).fetch(DAY)


def test_the_waits_are_one_two_and_four_seconds() -> None:
    assert tuple(InjuryReports().waits) == (1, 2, 4)


@pytest.mark.parametrize(
    ("day", "hour", "name"),
    [
        (dt.date(2024, 1, 4), dt.time(17, 30), "Injury-Report_2024-01-04_05PM.pdf"),
        (dt.date(2024, 1, 4), dt.time(11, 30), "Injury-Report_2024-01-04_11AM.pdf"),
        (dt.date(2025, 12, 21), dt.time(17, 30), "Injury-Report_2025-12-21_05PM.pdf"),
        (dt.date(2025, 12, 22), dt.time(17, 30), "Injury-Report_2025-12-22_05_30PM.pdf"),
    ],
)
def test_reports_are_named_by_day_and_time(day: dt.date, hour: dt.time, name: str) -> None:
    address = InjuryReports(published_at=hour).url(day)
    assert address == f"https://ak-static.cms.nba.com/referee/injury/{name}"


def test_around_the_change_of_names_both_are_asked_for(web: ScriptedWeb) -> None:
    web.answer = lambda path: (200, b"%PDF") if path.endswith("_05PM.pdf") else (403, b"")
    archive = archive_at(web)
    assert archive.fetch(dt.date(2025, 12, 23)) == archive.fetch(dt.date(2025, 12, 21)) == b"%PDF"
    assert [path[-11:] for path in web.paths] == ["_05_30PM.pdf"[-11:], "23_05PM.pdf", "21_05PM.pdf"]
    assert archive.fetch(dt.date(2026, 1, 20)) is None
    assert len(web.paths) == 4


def test_requests_stay_under_three_a_second(web: ScriptedWeb) -> None:
    web.answers = [(200, b"%PDF")]
    archive = InjuryReports(base_url=web.url)
    start = time.monotonic()
    for number in range(6):
        archive.fetch(DAY + dt.timedelta(days=number))
    assert time.monotonic() - start > 5 / 3
