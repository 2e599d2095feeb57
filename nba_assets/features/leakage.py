"""Target leakage: features are computed with and without the results of a day and must be equal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from nba_assets.features.history import IntArray
from nba_assets.features.roster import day_number, days
from nba_assets.partitions import last_day, week_of
from nba_assets.tables.features import NAMES

MOST_WEEKS = 4  # sampled in one run: each costs a quarter of a second
_PLAYED_DAYS_BEFORE = 7  # enough for every feature but last season's to have a value
_KEY = ["game_id", "player_id"]

Make = Callable[..., pd.DataFrame]
"""`player_games.player_game_features`, or a replacement in tests."""


@dataclass(frozen=True)
class Inputs:
    """The frames that features are made from, as `player_game_features` takes them."""

    player_games: pd.DataFrame
    team_games: pd.DataFrame
    ruled_out: pd.DataFrame
    games: pd.DataFrame

    def made_by(self, make: Make, first: dt.date, last: dt.date, roster: pd.DataFrame | None = None) -> pd.DataFrame:
        return make(
            self.player_games, self.team_games, self.ruled_out, self.games, first=first, last=last, roster=roster
        )


def target_leakage(make: Make, inputs: Inputs, made: pd.DataFrame) -> pd.DataFrame:
    """One row for each week of `made` that has results: week, rows_looked_at, leaking_features (how many), named.

    make, inputs: the function and the frames that the rows were computed with. made: game_date and `played` of them.

    Of each week, the day with most rows of finished games is checked. Its features are computed twice by `make`, from a
    short history: with all results to the end of the week, and without those of that day and later. Both have the same
    earlier days, so that a difference can only come from the game itself or from later games. A leak is an error of the
    code, and shows with a short history as with a long one, which would cost as much as all features of a run.

    A run of more than MOST_WEEKS weeks is split into MOST_WEEKS groups, and the fullest day of each group is checked
    for all its weeks: the same code computed them. The choice of days depends on the run's weeks alone.

    Not detected: the players listed for a finished game, which both take from its box score; a game that the source
    dates before the day it was played; and results in `ruled_out` or `games`, which `make` gets complete.
    """
    finished = made.loc[made["played"].notna(), "game_date"]
    rows_of_day = finished.groupby(finished).size()
    weeks = pd.Series([week_of(day) for day in rows_of_day.index], rows_of_day.index)
    windows = _Windows(inputs)
    measured = []
    for group in groups(weeks.unique(), MOST_WEEKS):
        rows = rows_of_day[weeks.isin(group)]
        day = rows.idxmax()
        leaking = _leaking(make, windows.of(day), day)
        named = f"{', '.join(leaking)} of {day}" if leaking else None
        measured += [(week, rows[day], len(leaking), named) for week in group]
    return pd.DataFrame(measured, columns=["week", "rows_looked_at", "leaking_features", "named"])


def groups(weeks: Sequence[dt.date], most: int) -> list[list[dt.date]]:
    """The weeks in at most `most` groups of about equal size, each of weeks that follow each other."""
    split = np.array_split(np.asarray(weeks, dtype=object), most)
    return [group.tolist() for group in split if len(group)]


def differing_features(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """The features that are not the same in both, by name; "rows" where one has players that the other has not."""
    one, other = (rows.set_index(_KEY).sort_index() for rows in (one, other))
    if not one.index.equals(other.index):
        return ["rows"]
    return [name for name in NAMES if not np.array_equal(one[name], other[name], equal_nan=True)]


def _leaking(make: Make, inputs: Inputs, day: dt.date) -> list[str]:
    week = inputs.made_by(make, day, last_day(week_of(day)))
    seeing = week[week["game_date"] == day]
    blind = replace(
        inputs,
        player_games=inputs.player_games[inputs.player_games["game_date"] < day],
        team_games=inputs.team_games[inputs.team_games["game_date"] < day],
    )
    return differing_features(seeing, blind.made_by(make, day, day, roster=seeing))


class _Windows:
    """The frames from a few played days before a day to the end of its week."""

    def __init__(self, inputs: Inputs) -> None:
        self._frames: Sequence[pd.DataFrame] = (
            inputs.player_games,
            inputs.team_games,
            inputs.ruled_out,
            inputs.games,
        )
        self._days: list[IntArray] = [days(frame["game_date"]) for frame in self._frames]
        self._played = np.unique(self._days[0])

    def of(self, day: dt.date) -> Inputs:
        before = self._played[self._played < day_number(day)][-_PLAYED_DAYS_BEFORE:]
        first, last = min(before, default=day_number(day)), day_number(last_day(week_of(day)))
        inside = [(first <= on) & (on <= last) for on in self._days]
        return Inputs(*(frame[rows] for frame, rows in zip(self._frames, inside, strict=True)))
