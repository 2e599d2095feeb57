"""The sample league as the sources of the graph; it needs no key and no network."""

import datetime as dt
import functools
import threading
from collections.abc import Callable, Sequence

import pandas as pd

from nba_assets.errors import SourceError
from nba_assets.league.player_names import player_key
from nba_assets.partitions import last_day
from nba_assets.sources import basketball_reference, nba_injury_report
from nba_assets.sources.interface import EVENING, BoxScoreSource, Fetched, InjuryReportSource, Report, RosterSource
from nba_assets.sources.sample.league import SampleLeague


class _SharedLeague:
    """One league for several resources and threads."""

    def __init__(self) -> None:
        self._league = SampleLeague()
        self._lock = threading.Lock()

    def read(self, query: Callable[[SampleLeague], pd.DataFrame]) -> pd.DataFrame:
        with self._lock:
            return query(self._league)


@functools.cache
def _league() -> _SharedLeague:
    """The league of the process, so that each season is simulated once for all sources."""
    return _SharedLeague()


class SampleSource(BoxScoreSource):
    """Games and box scores of the sample league."""

    def games(self, week: dt.date, *, refresh: bool) -> Fetched:
        games = _league().read(lambda league: league.games(week, last_day(week)))
        return Fetched(games.assign(scheduled_date=None, fetched_at=pd.Timestamp.now(tz="UTC")))

    def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
        rows = _league().read(lambda league: league.box_scores(week, last_day(week)))
        return Fetched(rows.assign(fetched_at=pd.Timestamp.now(tz="UTC")))


class SampleInjuryReports(InjuryReportSource):
    """Injury reports of the sample league."""

    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        if at != EVENING:
            return None  # no game of the sample league tips off earlier
        rows = _league().read(lambda league: league.injury_report(day, day))
        if rows.empty:
            return None
        return Report(day, rows["report_time"].iloc[0], rows[nba_injury_report.COLUMNS], [])


class SampleRosters(RosterSource):
    """Rosters of the sample league."""

    def roster(self, team: str, season: int, as_of: dt.date, *, refresh: bool) -> pd.DataFrame:
        try:
            players = _league().read(lambda league: league.roster(season, as_of))
        except ValueError as error:
            raise SourceError(f"roster of {team} {season}: {error}. Choose another season.") from error
        of_team = players[players["team"] == team].reset_index(drop=True)
        lookups = of_team["player_name"].map(player_key)
        return of_team.assign(player_lookup=lookups)[basketball_reference.COLUMNS]
