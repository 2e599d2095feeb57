import datetime as dt
import time
from pathlib import Path

import pandas as pd
import pytest
from pyrate_limiter import Limiter, Rate

from nba_assets.errors import SourceError
from nba_assets.league.teams import TEAMS
from nba_assets.sources.basketball_reference import COLUMNS, Rosters, parse_roster
from nba_assets_tests.conftest import ScriptedWeb

CELLS = ("number", "player", "pos", "height", "weight", "birth_date", "birth_country", "years_experience", "college")
DONCIC = {
    "number": "77",
    "player": '<a href="/players/d/doncilu01.html">Luka Dončić</a>',
    "pos": "PG",
    "height": "6-7",
    "weight": "230",
    "birth_date": "February 28, 1999",
    "birth_country": '<span class="f-i f-si">si</span>',
    "years_experience": "5",
    "college": "",
}
LIVELY = DONCIC | {
    "number": "2",
    "player": '<a href="/players/l/livelde01.html">Dereck Lively II</a>',
    "pos": "C",
    "birth_date": "February 12, 2004",
    "birth_country": '<span class="f-i f-us">us</span>',
    "years_experience": "R",
    "college": '<a href="/friv/colleges.fcgi?college=duke">Duke</a>',
}
UNKNOWN = dict.fromkeys(CELLS, "") | {"player": "Brandon Williams&nbsp;&nbsp;(TW)"}


TITLE = "2023-24 Dallas Mavericks Roster and Stats | Basketball-Reference.com"


def page(*players: dict[str, str], table: str = "roster", title: str = TITLE) -> str:
    rows = "".join(
        f'<tr ><th scope="row" data-stat="number">{player["number"]}</th>'
        + "".join(
            f'<td class="left " data-stat="{name}">{cell}</td>' for name, cell in player.items() if name != "number"
        )
        + "</tr>"
        for player in players
    )
    head = "".join(f'<th data-stat="{name}" scope="col">{name}</th>' for name in CELLS)
    return (
        f'<!DOCTYPE html><html><head><title>{title}</title></head><body><div id="all_roster"><table id="{table}">'
        f"<caption>Roster Table</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        "</table></div></body></html>"
    )


def hidden(whole: str) -> str:
    return whole.replace("<table", "<!-- \n<table").replace("</table>", "</table>\n-->")


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(page(DONCIC, LIVELY, UNKNOWN), id="text"),
        pytest.param(page(DONCIC, LIVELY, UNKNOWN).encode(), id="bytes"),
        pytest.param(hidden(page(DONCIC, LIVELY, UNKNOWN)), id="hidden in a comment"),
        pytest.param(page(DONCIC, LIVELY, UNKNOWN).replace("</tbody>", "").replace("</html>", ""), id="unclosed tags"),
        pytest.param(
            "<?xml version='1.0' encoding='latin-1'?>" + page(DONCIC, LIVELY, UNKNOWN), id="declared encoding"
        ),
        pytest.param(
            page(DONCIC, LIVELY, UNKNOWN).replace(
                "<body>", "<body><!----><table id='per_game'><tr><td>33</td></tr></table>"
            ),
            id="after other tables",
        ),
    ],
)
def test_a_roster_is_one_row_a_player(whole: str | bytes) -> None:
    roster = parse_roster(whole, team="DAL", season=2023)
    assert list(roster.columns) == COLUMNS
    assert roster.astype(object).where(roster.notna(), None).to_numpy().tolist() == [
        [2023, "DAL", "Luka Dončić", "luka doncic", "77", "PG", "6-7", 230, dt.date(1999, 2, 28), "SI", 5, None, False],
        [2023, "DAL", "Dereck Lively II", "dereck lively ii", "2", "C", "6-7", 230, dt.date(2004, 2, 12), "US", 0,
         "Duke", False],
        [2023, "DAL", "Brandon Williams", "brandon williams", *[None] * 8, True],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "printed"),
    [
        pytest.param("flag", '<span class="f-i f-si">si</span> SI', id="markup of 2026"),
        pytest.param("birth_country", '<span class="f-i f-si">si</span>', id="markup of before"),
    ],
)
def test_the_country_is_read_from_either_markup(country: str, printed: str) -> None:
    cells = {name: cell for name, cell in DONCIC.items() if name != "birth_country"}
    roster = parse_roster(page(cells | {country: printed}), team="DAL", season=2023)
    assert list(roster["birth_country"]) == ["SI"]


def test_cells_that_are_not_there_are_none() -> None:
    cells = {name: cell for name, cell in DONCIC.items() if name in ("number", "player")}
    roster = parse_roster(page(cells), team="DAL", season=2023)
    assert roster.astype(object).where(roster.notna(), None).to_numpy().tolist() == [
        [2023, "DAL", "Luka Dončić", "luka doncic", "77", *[None] * 7, False]
    ]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("<tr></tr>", id="empty"),
        pytest.param('<tr><th data-stat="number"></th><td data-stat="player"></td></tr>', id="empty cells"),
        pytest.param('<tr class="thead"><th data-stat="player">Player</th></tr>', id="headings again"),
        pytest.param('<tr><td colspan="9">Players on other contracts</td></tr>', id="spanning all columns"),
    ],
)
def test_a_row_without_a_player_is_skipped(row: str) -> None:
    roster = parse_roster(page(DONCIC, LIVELY).replace("<tbody>", f"<tbody>{row}"), team="DAL", season=2023)
    assert list(roster["player_name"]) == ["Luka Dončić", "Dereck Lively II"]


def test_two_way_is_seen_inside_the_link_too() -> None:
    roster = parse_roster(page(DONCIC | {"player": '<a href="#">Alex Fudge (TW)</a>'}), team="DAL", season=2023)
    assert roster[["player_name", "two_way"]].to_numpy().tolist() == [["Alex Fudge", True]]


@pytest.mark.parametrize(
    ("whole", "complaint"),
    [
        pytest.param("", "an empty page", id="empty"),
        pytest.param("<html><body>Rate limited</body></html>", "no table 'roster'", id="no table"),
        pytest.param(page(DONCIC, table="players"), "no table 'roster'", id="renamed table"),
        pytest.param(page(), "has no players", id="no players"),
        pytest.param(page({**DONCIC, "player": ""}), "the cell 'player' reads ''", id="no name"),
        pytest.param(
            page({name: cell for name, cell in DONCIC.items() if name != "player"}),
            "the cell 'player' reads 'None'",
            id="no cell of the name",
        ),
        pytest.param(
            page(DONCIC, title="2023-24 Boston Celtics Roster and Stats"),
            "is titled '2023-24 Boston Celtics Roster and Stats', not the roster of the 2023-24 Dallas Mavericks",
            id="another team's page",
        ),
        pytest.param(
            page(DONCIC, title="2022-23 Dallas Mavericks Roster and Stats"), "is titled '2022-23", id="last season"
        ),
        pytest.param(page(DONCIC, title="Rate Limited Request"), "'Rate Limited Request'", id="no title of a team"),
        pytest.param(page(DONCIC | {"weight": "230 lb"}), "Luka Dončić: weight is '230 lb'", id="weight with a unit"),
        pytest.param(
            page(DONCIC | {"birth_date": "1999-02-28"}), "birth_date is '1999-02-28'", id="another date format"
        ),
        pytest.param(page(DONCIC | {"years_experience": "2nd"}), "years_experience is '2nd'", id="experience in words"),
    ],
)
def test_a_page_of_another_shape_names_the_team_and_what_is_missing(whole: str, complaint: str) -> None:
    with pytest.raises(SourceError) as refused:
        parse_roster(whole, team="DAL", season=2023)
    assert str(refused.value).startswith("roster of DAL 2023")
    assert complaint in str(refused.value)


def rosters_at(web: ScriptedWeb, limiter: Limiter | None = None) -> Rosters:
    return Rosters(base_url=web.url, limiter=limiter, waits=(0, 0, 0))


@pytest.mark.parametrize(
    ("team", "season", "path"),
    [
        ("BOS", 2023, "/teams/BOS/2024.html"),
        ("BKN", 2021, "/teams/BRK/2022.html"),
        ("CHA", 2021, "/teams/CHO/2022.html"),
        ("PHX", 1999, "/teams/PHO/2000.html"),
    ],
)
def test_pages_are_named_by_the_sites_own_codes_and_the_end_year(
    team: str, season: int, path: str, web: ScriptedWeb
) -> None:
    web.answers = [(200, b"<html>")]
    assert rosters_at(web).fetch(team, season) == b"<html>"
    assert web.paths == [path]


@pytest.mark.parametrize(
    ("answer", "told", "requests"),
    [(404, "HTTP 404", 1), (403, "HTTP 403", 1), (503, "HTTP 503", 4), ("half", "Remote", 4)],
)
def test_a_team_that_cannot_be_had_is_an_error_for_that_team(
    answer: int | str, told: str, requests: int, web: ScriptedWeb
) -> None:
    web.answers = [answer]
    with pytest.raises(SourceError, match=f"^roster of MIA 2023: {told}"):
        rosters_at(web).fetch("MIA", 2023)
    assert len(web.paths) == requests


def test_a_passing_fault_is_tried_again(web: ScriptedWeb) -> None:
    web.answers = [429, 500, "drop", (200, b"<html>")]
    assert rosters_at(web).fetch("MIA", 2023) == b"<html>"


def test_a_page_beyond_ten_megabytes_is_refused(web: ScriptedWeb) -> None:
    web.answers = [(200, b" " * 10_000_001)]
    with pytest.raises(SourceError, match="roster of MIA 2023: more than 10,000,000 bytes"):
        rosters_at(web).fetch("MIA", 2023)


def test_repeated_requests_keep_to_the_limit_too(web: ScriptedWeb) -> None:
    web.answers = [500, 500, 500, (200, b"<html>")]
    start = time.monotonic()
    rosters_at(web, Limiter(Rate(2, 400))).fetch("MIA", 2023)
    assert time.monotonic() - start > 0.4
    assert len(web.paths) == 4


def test_the_default_limit_lets_twenty_requests_through_and_holds_the_next() -> None:
    limiter = Rosters().limiter
    assert limiter is not None
    assert [limiter.try_acquire("basketball-reference", blocking=False) for _ in range(21)] == [True] * 20 + [False]


def test_thirty_real_pages_are_read_within_five_seconds(seasons: Path, replay_url: str) -> None:
    rosters = Rosters(base_url=replay_url, limiter=None)
    start = time.monotonic()
    read = pd.concat([parse_roster(rosters.fetch(team, 2023), team=team, season=2023) for team in TEAMS])
    assert time.monotonic() - start < 5
    real = pd.read_parquet(seasons / "rosters.parquet").query("season == '2023-24'")
    assert sorted(zip(read["team"], read["player_name"], strict=True)) == sorted(
        zip(real["team"], real["player_name"], strict=True)
    )
    assert not read.duplicated(["team", "player_lookup"]).any()
