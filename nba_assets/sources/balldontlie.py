"""balldontlie.io: games and box scores over HTTP, within its rate limit; finished weeks are kept in landing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pandas as pd
from pydantic import Field, PrivateAttr

from nba_assets.errors import SourceError
from nba_assets.partitions import last_day, league_today
from nba_assets.sources.http import HttpReader, Patience, Refused, per_minute
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.sources.landing import Landing
from nba_assets.tables import COUNTING_STATS

PER_PAGE = 100
MOST_PAGES = 400  # a week has about 20; more mean that the cursor never ends
MOST_BYTES = 20_000_000
CLOSED_AFTER = dt.timedelta(days=2)
PLAYED = "Final"
MONTHS_OF_PLAY = (11, 12, 1, 2, 3)  # a response without games is not kept for a week in these months
TIER_NEEDED = "box scores need the ALL-STAR tier or GOAT, the free tier has games and teams only"
REFUSED_REQUESTS = {
    400: "the request was not understood: check NBA_FIRST_WEEK and the base URL",
    401: "the key was refused: set BALLDONTLIE_API_KEY to a valid key",
    403: f"the key may not read this: {TIER_NEEDED}",
    404: "there is nothing at this address: check BALLDONTLIE_BASE_URL",
}


class RefusedRequest(SourceError):
    """A response that refuses the request; other weeks would be refused too."""


class Balldontlie(BoxScoreSource):
    """The API at `base_url`.

    landing: folder or bucket URL of kept responses, in a subfolder named like the host. requests_per_minute: the limit
    of the key's tier, 60 for ALL-STAR, kept in any span of a minute. give_up_seconds: how long a page is retried before
    its week fails; more than a minute, which 429 may last. answer_seconds: timeout of a whole response.
    """

    api_key: str = Field(repr=False)
    base_url: str
    landing: str
    requests_per_minute: int = 60
    weeks_in_flight: int = 8
    give_up_seconds: float = 180.0
    answer_seconds: float = 60.0
    _reader: HttpReader = PrivateAttr()
    _landing: Landing = PrivateAttr()
    _key_is_valid: bool = PrivateAttr(default=False)

    def setup_for_execution(self, context: Any) -> None:
        self.open()

    def teardown_after_execution(self, context: Any) -> None:
        self._reader.close()

    def open(self) -> None:
        self._reader = HttpReader(
            self.base_url,
            headers={"Authorization": self.api_key.strip()},
            patience=Patience(self.give_up_seconds),
            limiter=per_minute(self.requests_per_minute, a_second=2 * max(1, self.requests_per_minute // 60)),
            most_bytes=MOST_BYTES,
            answer_seconds=self.answer_seconds,
        )
        self._landing = Landing.for_host(self.landing, self.base_url)

    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        kept = None if refresh else self._landing.page(week, "games", 1)
        pages = [kept] if kept else list(self._pages("games", week, start=1, cursor=None))
        rows = [row for page in pages for row in _rows(_game, page, week)]
        final = all(row["status"] == PLAYED for row in rows)
        plausible = bool(rows) or week.month not in MONTHS_OF_PLAY
        if not kept and len(pages) == 1 and final and plausible and _is_over(week):
            self._landing.keep(week, "games", 1, pages[0])
        return pd.DataFrame(rows)

    def box_scores(self, week: dt.date, *, closed: bool, refresh: bool) -> pd.DataFrame:
        keeps = closed and _is_over(week)
        if refresh:
            self._landing.quarantine(week, "stats", "replaced")
        number, cursor, rows = 0, None, []
        while keeps and (page := self._landing.page(week, "stats", number + 1)):
            number, cursor = number + 1, _next_cursor(page)
            rows += _rows(_box_row, page, week)
            if cursor is None:
                return pd.DataFrame(rows)
        for page in self._pages("stats", week, start=number + 1, cursor=cursor):
            rows += _rows(_box_row, page, week)
            number += 1
            if keeps:
                self._landing.keep(week, "stats", number, page)
        return pd.DataFrame(rows)

    def quarantine(self, week: dt.date) -> None:
        for kind in ("games", "stats"):
            self._landing.quarantine(week, kind, "refused")

    def _pages(self, kind: str, week: dt.date, *, start: int, cursor: int | None) -> Iterator[dict[str, Any]]:
        for _ in range(start, MOST_PAGES):
            query: dict[str, str | int] = {
                "start_date": f"{week}",
                "end_date": f"{last_day(week)}",
                "per_page": PER_PAGE,
            }
            if cursor is not None:
                query["cursor"] = cursor
            page = {"fetched_at": dt.datetime.now(dt.UTC).isoformat(), "body": self._fetch(kind, query, week)}
            yield page
            following = _next_cursor(page)
            if following is None:
                return
            if following == cursor:
                break
            cursor = following
        raise SourceError(f"week {week}: {self.base_url}/v1/{kind} returns pages without end, last cursor {cursor}")

    def _fetch(self, kind: str, query: dict[str, str | int], week: dt.date) -> dict[str, Any]:
        url = self._reader.url(f"/v1/{kind}", query)
        try:
            body = self._reader.fetch(url, subject=f"week {week}", read=_page_of)
        except Refused as refused:
            raise RefusedRequest(f"week {week}: {self._advice(refused.status, kind, url)}") from None
        assert body is not None  # no status counts as absent
        self._key_is_valid = True
        return body

    def _advice(self, status: int | None, kind: str, url: str) -> str:
        if status is None:
            return f"{url} is no valid request: check BALLDONTLIE_BASE_URL and BALLDONTLIE_API_KEY"
        advice = REFUSED_REQUESTS.get(status, "this is not a response of the API: check BALLDONTLIE_BASE_URL")
        if status == 401 and kind == "stats":
            # A wrong key gets the same response, but a key that could read games is not wrong.
            too_low = f"the key's tier is too low: {TIER_NEEDED}"
            advice = too_low if self._key_is_valid else f"{advice}. If it is valid, {too_low}"
        return f"{url} answered HTTP {status}: {advice}"


def _page_of(body: bytes) -> dict[str, Any]:
    try:
        page = orjson.loads(body)
    except ValueError as error:
        raise ValueError("a response that is not JSON") from error
    if not isinstance(page, dict) or not isinstance(page.get("data"), list):
        raise ValueError("JSON without a list of data")
    return page


def _next_cursor(page: dict[str, Any]) -> int | None:
    meta = page["body"].get("meta")
    return meta.get("next_cursor") if isinstance(meta, dict) else None


def _is_over(week: dt.date) -> bool:
    """Whether the week ended more than two days ago, the time in which most corrections come."""
    return last_day(week) + CLOSED_AFTER < league_today()


def _rows(
    read: Callable[[dict[str, Any]], dict[str, Any]], page: dict[str, Any], week: dt.date
) -> list[dict[str, Any]]:
    fetched_at = pd.Timestamp(page["fetched_at"])
    rows = []
    for row in page["body"]["data"]:
        try:
            rows.append({**read(row), "fetched_at": fetched_at})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            ident = row.get("id") if isinstance(row, dict) else repr(row)[:80]
            raise SourceError(
                f"week {week}: row {ident} of balldontlie cannot be read ({type(error).__name__}: {error}). "
                "Materialize the week with refresh: true; if it fails again, the API has changed its format"
            ) from error
    return rows


def _game(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "game_id": row["id"],
        "game_date": dt.date.fromisoformat(row["date"][:10]),
        "season": row["season"],
        "postseason": row["postseason"],
        "status": row["status"],
        "tipoff": pd.Timestamp(row["datetime"]) if row.get("datetime") else pd.NaT,
        "period": row["period"],
        "home_team": row["home_team"]["abbreviation"],
        "visitor_team": row["visitor_team"]["abbreviation"],
        "home_score": row["home_team_score"],
        "visitor_score": row["visitor_team_score"],
    }


def _box_row(row: dict[str, Any]) -> dict[str, Any]:
    player, game = row["player"], row["game"]
    return {
        "game_id": game["id"],
        "player_id": player["id"],
        "game_date": dt.date.fromisoformat(game["date"][:10]),
        "season": game["season"],
        "player_name": f"{player['first_name']} {player['last_name']}".strip(),
        "team": row["team"]["abbreviation"],
        "position": player.get("position"),
        "minutes": row["min"],
        **{stat: row[stat] for stat in COUNTING_STATS},
        "plus_minus": row.get("plus_minus"),  # missing in older kept responses
    }
