"""Basketball-Reference's team pages: fetches and parses the roster of one team and season."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

import pandas as pd
from pyrate_limiter import Limiter

from nba_assets.errors import SourceError
from nba_assets.league.player_names import player_key
from nba_assets.league.teams import TEAMS, team_named
from nba_assets.partitions import season_name
from nba_assets.sources.http import HttpReader, Patience, per_minute

if TYPE_CHECKING:
    from lxml import html

COLUMNS = [
    "season", "team", "player_name", "player_lookup", "number", "position", "height", "weight",
    "birth_date", "birth_country", "years_experience", "college", "two_way",
]  # fmt: skip

_MOST_BYTES = 10_000_000
_PATIENCE_SECONDS = 120.0
_REQUESTS_PER_MINUTE = 20  # the site's stated limit; it blocks a client that exceeds it for an hour
_COUNTRY_CELLS = ("flag", "birth_country")  # since 2026, and before 2026
_TITLE = re.compile(r"(?P<season>\d{4}-\d\d) (?P<team>.+?) Roster\b")


def twenty_a_minute() -> Limiter:
    return per_minute(_REQUESTS_PER_MINUTE)


@dataclass
class Rosters:
    """The site's team pages; `limiter`, if any, limits the requests."""

    base_url: str = "https://www.basketball-reference.com"
    limiter: Limiter | None = field(default_factory=twenty_a_minute)
    waits: Sequence[float] = (5, 10, 20)
    reader: HttpReader = field(init=False)

    def __post_init__(self) -> None:
        patience = Patience(_PATIENCE_SECONDS, self.waits)
        self.reader = HttpReader(
            self.base_url, patience=patience, limiter=self.limiter, most_bytes=_MOST_BYTES, blocking_statuses=(403,)
        )

    def fetch(self, team: str, season: int) -> bytes:
        """The page of a team (abbreviation) in the season that starts in the year `season`."""
        url = self.reader.url(f"/teams/{TEAMS[team].basketball_reference}/{season + 1}.html")
        page = self.reader.get(url, subject=f"roster of {team} {season}")
        assert page is not None  # no status counts as absent: a 404 is an error
        return page


def parse_roster(page: str | bytes, *, team: str, season: int) -> pd.DataFrame:
    """COLUMNS for each player in the page's roster table.

    Heights are in feet-inches ("6-8"), weights in pounds, countries two letters, `number` the jersey as printed; an
    empty or missing cell is None. A page of another team or season, or with another layout, is a SourceError.
    """
    subject = f"roster of {team} {season}"
    document = _document(page, subject)
    table = _roster_table(document, subject)
    _refuse_other_page(document, team, season)
    rows = [_cells(row) for row in table.iterfind(".//tr")]
    players = [_player(cells, team, season) for cells in rows if any(cells.values())]
    if not players:
        raise SourceError(f"{subject}: the table 'roster' has no players; look at the page.")
    return pd.DataFrame(players, columns=COLUMNS).astype({"weight": "Int64", "years_experience": "Int64"})


def _document(page: str | bytes, subject: str) -> html.HtmlElement:
    from lxml import etree, html  # only who reads a page shall load it

    raw = page.encode() if isinstance(page, str) else page
    try:
        return html.document_fromstring(raw, parser=html.HTMLParser(encoding="utf-8"))
    except etree.ParserError as failure:
        raise SourceError(f"{subject}: an empty page; fetch it again.") from failure


def _refuse_other_page(document: html.HtmlElement, team: str, season: int) -> None:
    printed = " ".join(document.findtext(".//title", "").split())
    title = _TITLE.search(printed)
    named = team_named(title["team"]) if title else None
    if title is None or named is not TEAMS[team] or title["season"] != season_name(season):
        raise SourceError(
            f"roster of {team} {season}: the page is titled '{printed}', not the roster of the "
            f"{season_name(season)} {TEAMS[team].full_name}. It was not stored; look at the page."
        )


def _roster_table(document: html.HtmlElement, subject: str) -> html.HtmlElement:
    from lxml import etree, html

    # The site puts some tables into comments, which a script unwraps in the browser.
    comments = [comment.text or "" for comment in document.iter(etree.Comment)]
    hidden = [html.fromstring(comment) for comment in comments if "<table" in comment]
    for part in [document, *hidden]:
        for table in part.xpath("descendant-or-self::table[@id='roster']"):
            return table
    raise SourceError(f"{subject}: no table 'roster' on the page; has its markup changed?")


def _cells(row: html.HtmlElement) -> dict[str, str]:
    """The text of each cell by its name; empty for a heading or a row that spans columns."""
    cells = list(row.iterfind("*"))
    if row.find("td") is None or any(cell.get("colspan", "1") != "1" for cell in cells):
        return {}
    return {cell.get("data-stat"): " ".join(cell.text_content().split()) for cell in cells}


def _player(text: dict[str, str], team: str, season: int) -> list[object]:
    printed, _, contract = text.get("player", "").partition("(")
    name = printed.strip()
    subject = f"roster of {team} {season}, {name or 'a row without a name'}"
    if not name:
        raise SourceError(f"{subject}: the cell 'player' reads '{text.get('player')}'; has the markup changed?")
    experience = text.get("years_experience", "")
    country = next((text[cell] for cell in _COUNTRY_CELLS if text.get(cell)), "")
    return [
        season, team, name, player_key(name), text.get("number") or None, text.get("pos") or None,
        text.get("height") or None, _whole(text.get("weight", ""), "weight", subject),
        _birth_date(text.get("birth_date", ""), subject), country[-2:].upper() or None,
        _whole("0" if experience == "R" else experience, "years_experience", subject),
        text.get("college") or None, contract.startswith("TW"),
    ]  # fmt: skip


def _whole(printed: str, name: str, subject: str) -> int | None:
    try:
        return int(printed) if printed else None
    except ValueError as failure:
        raise SourceError(f"{subject}: {name} is '{printed}', not a whole number.") from failure


def _birth_date(printed: str, subject: str) -> date | None:
    try:
        return datetime.strptime(printed, "%B %d, %Y").date() if printed else None
    except ValueError as failure:
        raise SourceError(f"{subject}: birth_date is '{printed}', not like 'February 28, 1999'.") from failure
