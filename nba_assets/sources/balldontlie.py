"""balldontlie.io: games and box scores over HTTP, within its rate limit; finished weeks are kept in landing."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pandas as pd
from pydantic import Field, PrivateAttr

from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.partitions import last_day, league_today, season_name, season_of
from nba_assets.sources.balldontlie_rows import box_score_rows, game_rows
from nba_assets.sources.http import HttpReader, Patience, Refused, per_minute
from nba_assets.sources.interface import BoxScoreSource, Fetched
from nba_assets.sources.landing import Landing
from nba_assets.sources.season_listing import SeasonListing, games_of_week, seasons_of

Query = dict[str, Any]
PER_PAGE = 100
MOST_PAGES = 400  # a week has about 20; more mean that the cursor never ends
MOST_BYTES = 20_000_000
CLOSED_AFTER = dt.timedelta(days=2)
CORRECTED_AFTER = dt.timedelta(days=7)
SEASON_CANNOT_GO_ON = 11, 1  # month and day of the year after; the longest season ended in October
TIER_NEEDED = "box scores need the ALL-STAR tier or GOAT, the free tier has games and teams only"
REFUSED_REQUESTS = {
    400: "the request was not understood: check NBA_FIRST_WEEK and the base URL",
    401: "the key was refused: set BALLDONTLIE_API_KEY to a valid key",
    403: f"the key may not read this: {TIER_NEEDED}",
    404: "there is nothing at this address: check BALLDONTLIE_BASE_URL",
}


class RefusedRequest(SourceError):
    """A response that refuses the request; other weeks would be refused too."""


@dataclass(frozen=True)
class KnownListing:
    """A season's listing that this run has read; refreshed: not from the landing folder."""

    listing: SeasonListing
    refreshed: bool


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
    _opened_at: dt.datetime = PrivateAttr()
    _listings: dict[int, KnownListing] = PrivateAttr(default_factory=dict)
    _failure: tuple[float, SourceError | None] = PrivateAttr(default=(0.0, None))
    _listing_lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def setup_for_execution(self, context: Any) -> None:
        self.open()

    def teardown_after_execution(self, context: Any) -> None:
        self._reader.close()

    def open(self) -> None:
        self._opened_at = dt.datetime.now(dt.UTC)
        self._reader = HttpReader(
            self.base_url,
            headers={"Authorization": self.api_key.strip()},
            patience=Patience(self.give_up_seconds),
            limiter=per_minute(self.requests_per_minute, a_second=2 * max(1, self.requests_per_minute // 60)),
            most_bytes=MOST_BYTES,
            answer_seconds=self.answer_seconds,
        )
        self._landing = Landing.for_host(self.landing, self.base_url)

    def games(self, week: dt.date, *, refresh: bool) -> Fetched:
        listings = [self._listing(season, week, refresh=refresh) for season in seasons_of(week)]
        try:
            return games_of_week(listings, week)
        except SourceUnavailable:
            self._forget_listings(week)
            raise

    def games_by_team(self, week: dt.date) -> pd.Series[int]:
        return self._listing(season_of(week), week, refresh=False).games_by_team()

    def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
        keeps = closed and _is_over(week)
        if refresh:
            self._landing.quarantine(week, "stats", "replaced")
        query = {"start_date": f"{week}", "end_date": f"{last_day(week)}"}
        pages = self._kept_or_fetched(week, "stats", query, keeps=keeps)
        if moved:
            pages += self._kept_or_fetched(week, "stats-moved", {"game_ids[]": list(moved)}, keeps=keeps)
        kept = bool(pages) and dt.datetime.fromisoformat(pages[0]["fetched_at"]) < self._opened_at
        try:
            return replace(box_score_rows(pages, f"week {week}"), kept=kept)
        except SourceError:
            self._landing.quarantine(week, "stats", "refused")
            raise

    def quarantine(self, week: dt.date) -> None:
        self._landing.quarantine(week, "stats", "refused")
        self._forget_listings(week)

    def _forget_listings(self, week: dt.date) -> None:
        """Request the lists of the week's seasons again when they are needed next."""
        for season in seasons_of(week):
            self._landing.quarantine(f"season-{season}", "games", "refused")
            self._listings.pop(season, None)

    def _listing(self, season: int, week: dt.date, *, refresh: bool) -> SeasonListing:
        """The season's games, requested once a run. week: the one they are first needed for, which errors name."""
        waiting_since = time.monotonic()
        with self._listing_lock:
            known, failed_at, error = self._listings.get(season), *self._failure
            if known and (known.refreshed or not refresh):
                return known.listing
            if error and failed_at >= waiting_since:
                raise error
            try:
                listing = self._fetch_listing(season, week, refresh=refresh)
            except SourceError as error:
                self._failure = time.monotonic(), error
                raise
            self._listings[season] = KnownListing(listing, refresh)
            return listing

    def _fetch_listing(self, season: int, week: dt.date, *, refresh: bool) -> SeasonListing:
        """Kept once the season is over and every game is final."""
        folder, query = f"season-{season}", {"seasons[]": season}
        pages = [] if refresh else self._kept(folder, "games")
        complete = bool(pages) and _next_cursor(pages[-1]) is None
        if not complete:
            pages = list(self._pages("games", query, f"week {week}"))
        try:
            listing = SeasonListing(season, game_rows(pages, f"week {week}, games of {season_name(season)}"))
        except SourceError:
            self._landing.quarantine(folder, "games", "refused")
            raise
        if not complete and listing.is_complete and league_today() > dt.date(season + 1, *SEASON_CANNOT_GO_ON):
            for number, page in enumerate(pages, start=1):
                self._landing.keep(folder, "games", number, page)
        return listing

    def _kept(self, folder: dt.date | str, kind: str) -> list[dict[str, Any]]:
        pages = list[dict[str, Any]]()
        while page := self._landing.page(folder, kind, len(pages) + 1):
            pages.append(page)
            if _next_cursor(page) is None:
                break
        return pages

    def _kept_or_fetched(self, week: dt.date, kind: str, query: Query, *, keeps: bool) -> list[dict[str, Any]]:
        """The pages of a week, those kept first; kept ones from before the last corrections are requested again."""
        pages = self._kept(week, kind) if keeps else []
        if any(not _is_corrected(page, week) for page in pages):
            self._landing.quarantine(week, kind, "replaced")
            pages = []
        cursor = _next_cursor(pages[-1]) if pages else None
        if pages and cursor is None:
            return pages
        for page in self._pages("stats", query, f"week {week}", start=len(pages) + 1, cursor=cursor):
            pages.append(page)
            if keeps:
                self._landing.keep(week, kind, len(pages), page)
        return pages

    def _pages(
        self, kind: str, query: Query, subject: str, *, start: int = 1, cursor: int | None = None
    ) -> Iterator[dict[str, Any]]:
        for _ in range(start, MOST_PAGES):
            following = {} if cursor is None else {"cursor": cursor}
            body = self._fetch(kind, {**query, "per_page": PER_PAGE, **following}, subject)
            page = {"fetched_at": dt.datetime.now(dt.UTC).isoformat(), "body": body}
            yield page
            next_cursor = _next_cursor(page)
            if next_cursor is None:
                return
            if next_cursor == cursor:
                break
            cursor = next_cursor
        raise SourceError(f"{subject}: {self.base_url}/v1/{kind} returns pages without end, last cursor {cursor}")

    def _fetch(self, kind: str, query: Query, subject: str) -> dict[str, Any]:
        url = self._reader.url(f"/v1/{kind}", query)
        try:
            body = self._reader.fetch(url, subject=subject, read=_page_of)
        except Refused as refused:
            raise RefusedRequest(f"{subject}: {self._advice(refused.status, kind, url)}") from None
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


def _is_corrected(page: dict[str, Any], week: dt.date) -> bool:
    """Whether the page is from after the last corrections of the week, or they are still to come."""
    corrected = last_day(week) + CORRECTED_AFTER
    return league_today() <= corrected or dt.datetime.fromisoformat(page["fetched_at"]).date() > corrected
