"""balldontlie.io: games and box-score rows over HTTP, within its rate limit; closed weeks are kept in landing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pandas as pd
from pydantic import Field, PrivateAttr
from upath import UPath

from nba_assets.errors import SourceError
from nba_assets.partitions import last_day, league_today
from nba_assets.sources.http import HttpReader, Patience, Refused, at_most
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.sources.landing import Landing
from nba_assets.tables import COUNTING_STATS

PER_PAGE = 100
MOST_PAGES = 400  # a week has about 20; a cursor that never ends is an answer gone wrong
MOST_BYTES = 20_000_000
CLOSED_AFTER = dt.timedelta(days=2)
PLAYED = "Final"
MONTHS_OF_PLAY = (11, 12, 1, 2, 3)  # no games in such a week is an answer to ask for again, not one to keep
TIERS = "box scores need the ALL-STAR tier or GOAT, the free tier has games and teams only"
REFUSED_REQUESTS = {
    400: "the request was not understood: check NBA_FIRST_WEEK and the base URL",
    401: "the key was refused: set BALLDONTLIE_API_KEY to a valid key",
    403: f"the key may not read this: {TIERS}",
    404: "there is nothing at this address: check BALLDONTLIE_BASE_URL",
}


class RefusedRequest(SourceError):
    """An answer that asking again cannot change, for any week."""


class Balldontlie(BoxScoreSource):
    """The API at `base_url`.

    landing: folder or bucket URL of kept answers, used below a folder named like the host. requests_per_minute: of the
    key's tier, 60 for ALL-STAR; never exceeded, whichever minute is looked at. give_up_seconds: how long one page is
    tried again before its week fails; a minute of 429 must fit in. answer_seconds: how long one answer may
    take, however slowly it comes.
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
    _key_is_good: bool = PrivateAttr(default=False)

    def setup_for_execution(self, context: Any) -> None:
        self.open()

    def teardown_after_execution(self, context: Any) -> None:
        self._reader.close()

    def open(self) -> None:
        self._reader = HttpReader(
            self.base_url,
            headers={"Authorization": self.api_key.strip()},
            patience=Patience(self.give_up_seconds),
            limiter=at_most(self.requests_per_minute, a_second=2 * max(1, self.requests_per_minute // 60)),
            most_bytes=MOST_BYTES,
            answer_seconds=self.answer_seconds,
        )
        self._landing = Landing(UPath(self.landing) / urlsplit(self.base_url).netloc.replace(":", "_"))

    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        kept = None if refresh else self._landing.page(week, "games", 1)
        pages = [kept] if kept else list(self._pages("games", week, start=1, cursor=None))
        rows = [row for page in pages for row in _rows(_game, page, week)]
        final = all(row["status"] == PLAYED for row in rows)
        believed = bool(rows) or week.month not in MONTHS_OF_PLAY
        if not kept and len(pages) == 1 and final and believed and _over(week):
            self._landing.keep(week, "games", 1, pages[0])
        return pd.DataFrame(rows)

    def box_scores(self, week: dt.date, *, closed: bool, refresh: bool) -> pd.DataFrame:
        keeps = closed and _over(week)
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
            page = {"fetched_at": dt.datetime.now(dt.UTC).isoformat(), "body": self._ask(kind, query, week)}
            yield page
            following = _next_cursor(page)
            if following is None:
                return
            if following == cursor:
                break
            cursor = following
        raise SourceError(f"week {week}: {self.base_url}/v1/{kind} pages without end, last cursor {cursor}")

    def _ask(self, kind: str, query: dict[str, str | int], week: dt.date) -> dict[str, Any]:
        url = self._reader.url(f"/v1/{kind}", query)
        try:
            answer = self._reader.ask(url, subject=f"week {week}", read=_page_of)
        except Refused as refused:
            raise RefusedRequest(f"week {week}: {self._advice(refused.status, kind, url)}") from None
        assert answer is not None  # nothing counts as absent
        self._key_is_good = True
        return answer

    def _advice(self, status: int | None, kind: str, url: str) -> str:
        if status is None:
            return f"{url} cannot be asked: check BALLDONTLIE_BASE_URL and BALLDONTLIE_API_KEY"
        advice = REFUSED_REQUESTS.get(status, "this is not an answer of the API: check BALLDONTLIE_BASE_URL")
        if status == 401 and kind == "stats":
            # The same answer as to a wrong key; a key that has been let read games is none.
            low = f"the key's tier is too low: {TIERS}"
            advice = low if self._key_is_good else f"{advice}. If it is valid, {low}"
        return f"{url} answered HTTP {status}: {advice}"


def _page_of(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except ValueError as error:
        raise ValueError("something that is not JSON") from error
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        raise ValueError("JSON without a list of data")
    return answer


def _next_cursor(page: dict[str, Any]) -> int | None:
    meta = page["body"].get("meta")
    return meta.get("next_cursor") if isinstance(meta, dict) else None


def _over(week: dt.date) -> bool:
    """Whether the week is over, and the two days in which most corrections come."""
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
                "Materialize the week with refresh: true; if it stays, the API has changed its format"
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
        "plus_minus": row.get("plus_minus"),  # not in answers kept from before it was sent
    }
