"""The NBA's official injury reports: fetches the PDF and parses its rows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import pandas as pd
from pyrate_limiter import Limiter

from nba_assets.errors import UnreadableReport
from nba_assets.league.player_names import player_lookup
from nba_assets.league.teams import TEAMS, Team, team_named
from nba_assets.sources.http import HttpReader, Patience, every
from nba_assets.sources.injury_report_layout import MOST_BYTES, Cells, read_layout, squeezed
from nba_assets.sources.interface import EVENING, Report

COLUMNS = [
    "report_date", "report_time", "game_date", "game_time", "matchup", "team",
    "player_name", "status", "reason", "reason_category", "player_lookup",
]  # fmt: skip
NOT_YET_SUBMITTED = "Not Yet Submitted"
NOT_OF_THE_LEAGUE = "non-nbateam"  # squeezed
_PATIENCE_SECONDS = 120.0
# Reports are named by the hour ("05PM") before this date, and by the minute ("05_30PM") since.
_NAMES_CHANGED = date(2025, 12, 22)
_BOTH_NAMES = timedelta(days=14)  # try both names around the change, when the archive answered 403 for nine days

_STATUSES = {status.lower(): status for status in ("Out", "Questionable", "Doubtful", "Probable", "Available")}
# The first pattern found in the reason, in lower case and without blanks, decides.
_REASON_CATEGORIES = (
    ("g_league", r"g-?league"),
    ("suspension", r"suspension|suspended"),
    ("trade", r"^trade"),
    ("rest", r"^rest(?!ric)"),
    ("illness", r"healthandsafety|isolating|covid|(?<!injury/)illness|respiratory|gastro|vir(us|al)|flu-like"),
    ("illness", r"migraine|headache|asthma|sorethroat"),
    ("personal", r"^personal|^notwithteam|bereavement|family"),
    ("injury", r"injury|concussion|reconditioning"),
)


@dataclass
class InjuryReports:
    """The league's archive of reports, one for every hour; by default the report of 5:30 PM Eastern is read."""

    base_url: str = "https://ak-static.cms.nba.com"
    published_at: time = EVENING
    waits: Sequence[float] = (1, 2, 4)
    limiter: Limiter | None = field(default_factory=lambda: every(0.4))
    reader: HttpReader = field(init=False)

    def __post_init__(self) -> None:
        patience = Patience(_PATIENCE_SECONDS, self.waits)
        self.reader = HttpReader(self.base_url, patience=patience, limiter=self.limiter, most_bytes=MOST_BYTES)

    def fetch(self, report_date: date, at: time | None = None) -> bytes | None:
        """The PDF of that day and time; None for 403 or 404, with which the archive answers if it has none.

        It also answers 403 to a client that sends requests too fast: see `injury_report_archive`.
        """
        names = [self.url(report_date, at)]
        if abs(report_date - _NAMES_CHANGED) <= _BOTH_NAMES:
            names.append(self._url(report_date, at, by_minute=report_date < _NAMES_CHANGED))
        subject = f"injury report of {report_date}" + (f" at {at:%H:%M}" if at and at != EVENING else "")
        documents = (self.reader.get(name, subject=subject, absent=(403, 404)) for name in names)
        return next((document for document in documents if document is not None), None)

    def url(self, report_date: date, at: time | None = None) -> str:
        return self._url(report_date, at, by_minute=report_date >= _NAMES_CHANGED)

    def _url(self, report_date: date, at: time | None, *, by_minute: bool) -> str:
        clock = (at or self.published_at).strftime("%I_%M%p" if by_minute else "%I%p")
        return self.reader.url(f"/referee/injury/Injury-Report_{report_date}_{clock}.pdf")


def parse_report(pdf: bytes, *, source: str) -> Report:
    """The rows of the report. `source` (path or address) names it in an UnreadableReport."""
    layout = read_layout(pdf, source=source)
    published = _published(layout.title, source)
    table = _Table()
    table.read(layout.pages)
    rows = pd.DataFrame(table.rows, columns=COLUMNS[2:9])
    rows.insert(0, "report_date", published.date())
    rows.insert(1, "report_time", f"{published:%H:%M}")
    rows["reason_category"] = rows["reason"].map(reason_category)
    rows["player_lookup"] = rows["player_name"].map(player_lookup)
    return Report(published.date(), f"{published:%H:%M}", rows, table.unread_lines)


def reason_category(reason: str) -> str:
    """injury, illness, rest, g_league, suspension, personal, trade or other."""
    return next((name for name, pattern in _REASON_CATEGORIES if re.search(pattern, squeezed(reason))), "other")


def _published(title: str, source: str) -> datetime:
    stamp = re.search(r"(\d\d/\d\d/\d\d)(\d{1,2}:\d\d[ap]m)", squeezed(title))
    try:
        return datetime.strptime("".join(stamp.groups()) if stamp else "", "%m/%d/%y%I:%M%p")
    except ValueError as failure:
        raise UnreadableReport(f"{source}: no date and time of publication in the title '{title}'.") from failure


class _Table:
    """Parses rows in printed order and carries down what is printed only once: date, time, matchup and team."""

    def __init__(self) -> None:
        self.rows: list[list[object]] = []
        self.unread_lines: list[str] = []
        self._game_date: date | None = None
        self._game_time: str | None = None
        self._matchup: str | None = None
        self._team: Team | None = None
        self._of_the_league = True
        self._last_was_read = False

    def read(self, pages: list[list[Cells]]) -> None:
        for page, following in zip(pages, [*pages[1:], []], strict=True):
            if page and following and _is_start_of_reason(page[-1]) and _has_player(following[0]):
                # The page break is inside a row, above its player: the text before it belongs to his row.
                *place, _, _, reason = page.pop()
                *_, player, status, rest = following[0]
                first = [below or above for above, below in zip(place, following[0], strict=False)]
                following[0] = (*first, player, status, f"{reason} {rest}".strip())
            self._read_page(page)

    def _read_page(self, page: list[Cells]) -> None:
        for position, cells in enumerate(page):
            *others, reason = cells
            if position == 0 and self._last_was_read and not any(others):
                # The page break is inside a reason: the first line of the page is its end.
                self.rows[-1][-1] = f"{self.rows[-1][-1]} {reason}"
                continue
            self._carry(*cells[:4])
            if not self._of_the_league:
                continue
            row = self._read(cells)
            self._last_was_read = row is not None
            if row is not None:
                self.rows.append(row)
            else:
                self.unread_lines.append(" ".join(filter(None, cells)))

    def _read(self, cells: Cells) -> list[object] | None:
        if self._game_date is None or self._matchup is None or self._team is None:
            return None
        if self._team.abbreviation not in self._matchup.split("@"):
            return None
        player, status, reason = cells[4:]
        if squeezed(player + status + reason) == squeezed(NOT_YET_SUBMITTED):
            name, known_status, reason = "", NOT_YET_SUBMITTED, reason or player or status
        else:
            name, known_status = _first_name_first(player), _STATUSES.get(squeezed(status), "")
            if not name or not known_status:
                return None
        game = [self._game_date, self._game_time, self._matchup, self._team.abbreviation]
        return [*game, name, known_status, reason]

    def _carry(self, game_date: str, game_time: str, matchup: str, team: str) -> None:
        if game_date:
            self._game_date, self._game_time, self._matchup, self._team = _game_date(game_date), None, None, None
        if game_time:
            self._game_time, self._matchup, self._team = _game_time(game_time), None, None
        if matchup:
            self._matchup, self._team = _matchup(matchup), None
            self._of_the_league = self._matchup is None or not TEAMS.keys().isdisjoint(self._matchup.split("@"))
        if team:
            self._team = team_named(team)
            if squeezed(team) == NOT_OF_THE_LEAGUE:
                self._of_the_league = False
            elif self._team is not None:
                self._of_the_league = True


def _is_start_of_reason(cells: Cells) -> bool:
    *_, player, status, reason = cells
    return bool(reason) and not player and not status and squeezed(reason) != squeezed(NOT_YET_SUBMITTED)


def _has_player(cells: Cells) -> bool:
    *_, player, status, _ = cells
    return bool(player and status)


def _game_date(printed: str) -> date | None:
    try:
        return datetime.strptime(squeezed(printed), "%m/%d/%Y").date()
    except ValueError:
        return None


def _game_time(printed: str) -> str | None:
    """The 24-hour time. The report prints neither AM nor PM; NBA games start from noon to 11 PM Eastern."""
    clock = re.match(r"(\d{1,2}):(\d\d)", squeezed(printed))
    return f"{int(clock[1]) % 12 + 12}:{clock[2]}" if clock else None


def _matchup(printed: str) -> str | None:
    matchup = squeezed(printed).upper()
    return matchup if re.fullmatch(r"[A-Z]{3}@[A-Z]{3}", matchup) else None


_SUFFIX = r"(?:Jr\.?|Sr\.?|II|III|IV|V)"


def _first_name_first(printed: str) -> str:
    """ "Payton II, Gary" as "Gary Payton II"; "" if first and last name cannot be separated."""
    spaced = re.sub(rf"(?<=[^\W\dA-Z_])({_SUFFIX})(?=,|$)", r" \1", printed)
    *last, first = [part.strip() for part in spaced.split(",")]
    if not last:
        # Without a comma, only a single blank or a capital after a small letter separates the two names.
        halves = re.fullmatch(r"(\w+)(?: |(?<=[^\W\dA-Z_])(?=[A-Z]))(\w+)", spaced)
        last, first = ([halves[1]], halves[2]) if halves else ([], "")
    words = " ".join([first, *last]).split()
    suffixes = [word for word in words[1:] if re.fullmatch(_SUFFIX, word)]
    return " ".join([word for word in words if word not in suffixes] + suffixes)
