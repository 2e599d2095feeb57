"""The sample league: a simulated NBA behind the interface of the real sources, for trying without an API key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pandas as pd

from nba_assets.sources.sample.box_scores import Season, new_season
from nba_assets.sources.sample.names import names_and_countries
from nba_assets.sources.sample.rosters import Rosters, founding_rosters, next_rosters, roster_frame
from nba_assets.sources.sample.schedule import CALENDARS
from nba_assets.sources.sample.season import SeasonFrames, simulate

_SEED = 1946
_PLAYOFFS_ANNOUNCED = dt.timedelta(days=7)
# One random stream for each step, so that a step can be computed without the others.
_NAMES, _ROSTERS, _SETTING, _GAMES = range(4)


class SampleLeague:
    """Thirty teams with fictional players, seasons 2021-22 to 2024-25. Nothing in it happened.

    The same seed gives the same rows, whichever window is asked for first. Games on or after `today` are scheduled and
    not played; without it every game is played. A season is simulated when first asked for and kept.
    """

    def __init__(self, *, seed: int = _SEED, today: dt.date | None = None) -> None:
        self._seed = seed
        self._today = today or dt.date.max
        self._names: list[tuple[str, str]] = names_and_countries(self._random(_NAMES))
        self._rosters: dict[int, Rosters] = {}
        self._settings: dict[int, Season] = {}
        self._frames: dict[int, SeasonFrames] = {}

    def games(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """One row a game from `first` to `last`, both included; play-off pairings are known a week ahead."""
        games = _window([frames.games for frames in self._touching(first, last)], first, last)
        ahead = games["game_date"] >= self._today
        games.loc[ahead, "status"] = games.loc[ahead, "tipoff"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        games.loc[ahead, ["period", "home_score", "visitor_score"]] = 0
        known = self._today if self._today == dt.date.max else self._today + _PLAYOFFS_ANNOUNCED
        return games[~games["postseason"] | (games["game_date"] < known)].reset_index(drop=True)

    def box_scores(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """One row a player under contract and played game; "00" minutes and zeros for players who did not play."""
        rows = _window([frames.box_scores for frames in self._touching(first, last)], first, last)
        return rows[rows["game_date"] < self._today].reset_index(drop=True)

    def injury_report(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """One row a player ruled out of a game that day, from one report a day; names in plain letters."""
        rows = _window([frames.injury_report for frames in self._touching(first, last)], first, last)
        return rows[rows["report_date"] <= self._today].reset_index(drop=True)

    def roster(self, season: int, as_of: dt.date) -> pd.DataFrame:
        """One row a player under contract on `as_of`; before opening night the opening rosters.

        Raises ValueError for a season the league does not have.
        """
        if season not in CALENDARS:
            raise ValueError(f"the sample league has the seasons {min(CALENDARS)} to {max(CALENDARS)}, not {season}")
        setting = self._setting(season)
        day = int(np.clip(setting.calendar.day(as_of), 0, len(setting.held) - 1))
        return roster_frame(setting.rosters, setting.held[day])

    def _touching(self, first: dt.date, last: dt.date) -> Iterator[SeasonFrames]:
        seasons = [
            season for season, calendar in CALENDARS.items() if calendar.opening <= last and first <= calendar.dates[-1]
        ]
        # A window between seasons is empty, with the columns of any season.
        for season in seasons or [min(CALENDARS)]:
            if season not in self._frames:
                self._frames[season] = simulate(self._setting(season), self._random(_GAMES, season))
            yield self._frames[season]

    def _setting(self, season: int) -> Season:
        if season not in self._settings:
            rosters = self._opening_rosters(season)
            self._settings[season] = new_season(CALENDARS[season], rosters, self._random(_SETTING, season))
        return self._settings[season]

    def _opening_rosters(self, season: int) -> Rosters:
        if season not in self._rosters:
            rng = self._random(_ROSTERS, season)
            if season == min(CALENDARS):
                self._rosters[season] = founding_rosters(season, self._names, rng)
            else:
                self._rosters[season] = next_rosters(self._opening_rosters(season - 1), self._names, rng)
        return self._rosters[season]

    def _random(self, *step: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([self._seed, *step]))


def _window(frames: list[pd.DataFrame], first: dt.date, last: dt.date) -> pd.DataFrame:
    """The rows from `first` to `last`, both included, of frames in order of game date."""
    parts = []
    for frame in frames:
        dates = frame["game_date"].to_numpy()
        parts.append(frame.iloc[dates.searchsorted(first, "left") : dates.searchsorted(last, "right")])
    return pd.concat(parts, ignore_index=True)
