"""Basketball-Reference's team pages as a source: one page a team and day, kept in landing."""

import datetime as dt
from typing import Any

import pandas as pd
from pydantic import Field, PrivateAttr

from nba_assets.partitions import season_name
from nba_assets.sources.basketball_reference import Rosters, parse_roster
from nba_assets.sources.http import per_minute
from nba_assets.sources.interface import RosterSource
from nba_assets.sources.landing import Landing


class RosterPages(RosterSource):
    """The site at `base_url`.

    landing: folder or bucket URL of kept pages, in a subfolder named like the host. requests_per_minute: the site
    blocks a client for an hour after more than 20. waits: seconds before each retry.
    """

    base_url: str
    landing: str
    requests_per_minute: int = 20
    waits: list[float] = Field(default=[5, 10, 20])
    _pages: Rosters = PrivateAttr()
    _landing: Landing = PrivateAttr()

    def setup_for_execution(self, context: Any) -> None:
        limiter = per_minute(self.requests_per_minute)
        self._pages = Rosters(base_url=self.base_url, limiter=limiter, waits=self.waits)
        self._landing = Landing.for_host(self.landing, self.base_url)

    def teardown_after_execution(self, context: Any) -> None:
        self._pages.reader.close()

    def roster(self, team: str, season: int, as_of: dt.date, *, refresh: bool) -> pd.DataFrame:
        place = ("rosters", season_name(season), f"{as_of}", f"{team}.html")
        kept = None if refresh else self._landing.document(*place)
        page = kept or self._pages.fetch(team, season)
        roster = parse_roster(page, team=team, season=season)
        if not kept:
            self._landing.keep_document(page, *place)
        return roster
