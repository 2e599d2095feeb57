"""Basketball-Reference's team pages: the roster of one team and season. Merging and storing belong to the assets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import httpx
import pandas as pd
from lxml import etree, html
from pyrate_limiter import Duration, Limiter, Rate

from nba_assets.player_names import player_lookup
from nba_assets.sources.download import download, web_client
from nba_assets.sources.errors import SourceError
from nba_assets.teams import TEAMS

COLUMNS = [
    "season", "team", "player_name", "player_lookup", "number", "position", "height", "weight",
    "birth_date", "birth_country", "years_experience", "college", "two_way",
]  # fmt: skip

_MOST_BYTES = 10_000_000
_REQUESTS_PER_MINUTE = 20  # the site's stated limit; who exceeds it is shut out for an hour
_CELLS = (
    "number", "player", "pos", "height", "weight", "birth_date", "birth_country", "years_experience", "college"
)  # fmt: skip


def twenty_a_minute() -> Limiter:
    return Limiter(Rate(_REQUESTS_PER_MINUTE, Duration.MINUTE))


@dataclass(frozen=True)
class Rosters:
    """The site's team pages, asked for one after the other; every request waits for `limiter` if there is one."""

    base_url: str = "https://www.basketball-reference.com"
    limiter: Limiter | None = field(default_factory=twenty_a_minute)
    waits: Sequence[float] = (5, 10, 20)
    http: httpx.Client = field(default_factory=web_client)

    def fetch(self, team: str, season: int) -> bytes:
        """The page of a team (abbreviation) in the season that starts in the year `season`."""
        page = download(
            self.http,
            f"{self.base_url.rstrip('/')}/teams/{TEAMS[team].basketball_reference}/{season + 1}.html",
            subject=f"roster of {team} {season}",
            size_limit=_MOST_BYTES,
            waits=self.waits,
            before_each=self._wait,
        )
        assert page is not None  # nothing counts as absent: a 404 is an error for its team
        return page

    def _wait(self) -> None:
        if self.limiter is not None:
            self.limiter.try_acquire("basketball-reference")


def parse_roster(page: str | bytes, *, team: str, season: int) -> pd.DataFrame:
    """COLUMNS for each player in the page's roster table.

    Heights are feet-inches ("6-8"), weights pounds, countries two letters, `number` the jersey as printed; what a cell
    leaves empty is None. A SourceError names the team and what is missing when the page has another shape.
    """
    table = _roster_table(page, f"roster of {team} {season}")
    players = [_player(row, team, season) for row in table.iterfind(".//tr") if row.find("td") is not None]
    if not players:
        raise SourceError(f"roster of {team} {season}: the table 'roster' has no players; look at the page.")
    rows = pd.DataFrame(players, columns=COLUMNS)
    return rows.astype({"weight": "Int64", "years_experience": "Int64"})


def _roster_table(page: str | bytes, subject: str) -> html.HtmlElement:
    raw = page.encode() if isinstance(page, str) else page
    parser = html.HTMLParser(encoding="utf-8")
    try:
        document = html.document_fromstring(raw, parser=parser)
    except etree.ParserError as failure:
        raise SourceError(f"{subject}: an empty page; fetch it again.") from failure
    # The site hides some tables in comments, which a script unwraps in the browser.
    comments = [comment.text or "" for comment in document.iter(etree.Comment)]
    hidden = [html.fromstring(comment) for comment in comments if "<table" in comment]
    for part in [document, *hidden]:
        for table in part.xpath("descendant-or-self::table[@id='roster']"):
            return table
    raise SourceError(f"{subject}: no table 'roster' on the page; has its markup changed?")


def _player(row: html.HtmlElement, team: str, season: int) -> list[object]:
    cells = {cell.get("data-stat"): cell for cell in row.iterfind("*")}
    missing = [name for name in _CELLS if name not in cells]
    if missing:
        raise SourceError(f"roster of {team} {season}: a row without {', '.join(missing)}; has the markup changed?")
    text = {name: " ".join(cells[name].text_content().split()) for name in _CELLS}
    printed, _, contract = text["player"].partition("(")
    name = printed.strip()
    subject = f"roster of {team} {season}, {name or 'a row without a name'}"
    if not name:
        raise SourceError(f"{subject}: the cell 'player' reads '{text['player']}'; has the markup changed?")
    experience = "0" if text["years_experience"] == "R" else text["years_experience"]
    return [
        season, team, name, player_lookup(name), text["number"] or None, text["pos"] or None, text["height"] or None,
        _whole(text["weight"], "weight", subject), _birth_date(text["birth_date"], subject),
        text["birth_country"][-2:].upper() or None, _whole(experience, "years_experience", subject),
        text["college"] or None, contract.startswith("TW"),
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
