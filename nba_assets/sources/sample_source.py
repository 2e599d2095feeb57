"""The simulated league as a source of box scores: no key, no network, the same rows each time."""

import datetime as dt
import threading
from collections.abc import Callable

import pandas as pd
from pydantic import PrivateAttr

from nba_assets.partitions import last_day
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.sources.sample_league import SampleLeague


class SampleSource(BoxScoreSource):
    """Games of a fictional league; see `sample_league`."""

    _league: SampleLeague = PrivateAttr(default_factory=SampleLeague)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        return self._fetched(self._league.games, week)

    def box_scores(self, week: dt.date, *, closed: bool, refresh: bool) -> pd.DataFrame:
        return self._fetched(self._league.box_scores, week)

    def _fetched(self, ask: Callable[[dt.date, dt.date], pd.DataFrame], week: dt.date) -> pd.DataFrame:
        with self._lock:
            rows = ask(week, last_day(week))
        return rows.assign(fetched_at=pd.Timestamp.now(tz="UTC"))
