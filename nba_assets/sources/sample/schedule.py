"""The sample league's calendar: the teams, the days of each season and the schedule of games."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nba_assets.partitions import LEAGUE_TIME

DIVISIONS = {
    "Atlantic": ("BOS", "BKN", "NYK", "PHI", "TOR"),
    "Central": ("CHI", "CLE", "DET", "IND", "MIL"),
    "Southeast": ("ATL", "CHA", "MIA", "ORL", "WAS"),
    "Northwest": ("DEN", "MIN", "OKC", "POR", "UTA"),
    "Pacific": ("GSW", "LAC", "LAL", "PHX", "SAC"),
    "Southwest": ("DAL", "HOU", "MEM", "NOP", "SAS"),
}
# A team's number is its place here: eastern conference first, division by division.
TEAMS = tuple(team for division in DIVISIONS.values() for team in division)
TEAMS_PER_DIVISION = 5
TEAMS_PER_CONFERENCE = 15
GAMES_PER_TEAM = 82

_TIP_OFFS = {
    dt.time(20, 0): ("CHI", "DAL", "HOU", "MEM", "MIL", "MIN", "NOP", "OKC", "SAS"),
    dt.time(21, 0): ("DEN", "UTA"),
    dt.time(22, 0): ("GSW", "PHX", "POR", "SAC"),
    dt.time(22, 30): ("LAC", "LAL"),
}
_TIP_OFF_OF = {team: time for time, teams in _TIP_OFFS.items() for team in teams}

# Games per weekday, Monday first, as in the real seasons 2021-22 to 2023-24.
_WEEKDAY_SHARE = np.array([7.5, 5.5, 10.0, 4.0, 10.0, 7.0, 7.5])
# How close another game of the team is: next day, two days off, three.
_CROWDING = np.array([0.2, 0.8, 2.0, 1000.0, 2.0, 0.8, 0.2])

PLAYOFF_ROUND_OPENS = (6, 21, 36, 52)  # days after the last game of the regular season
_SERIES_DAYS = np.array([0, 2, 4, 6, 8, 10, 12])
_FINALS_DAYS = np.array([0, 3, 5, 7, 10, 12, 14])
_SERIES_AT_HOME = np.array([True, True, False, False, True, False, True])
# Seeds of a conference in bracket order.
_BRACKET = np.array([1, 8, 4, 5, 3, 6, 2, 7]) - 1


@dataclass(frozen=True)
class Calendar:
    """The days of one season, numbered from its opening night; the All-Star break is six days from its Friday."""

    season: int
    opening: dt.date
    all_star_friday: dt.date
    regular_season_end: dt.date

    def day(self, date: dt.date) -> int:
        return (date - self.opening).days

    @cached_property
    def dates(self) -> np.ndarray:
        """Date of each day from opening night to the last day a seventh game of the finals can fall on."""
        days = self.regular_days + PLAYOFF_ROUND_OPENS[-1] + int(_FINALS_DAYS[-1])
        return np.array([self.opening + dt.timedelta(days=day) for day in range(days)], dtype=object)

    @property
    def regular_days(self) -> int:
        return self.day(self.regular_season_end) + 1

    @cached_property
    def games_wanted(self) -> np.ndarray:
        """Games to aim for on each day of the regular season; 0 on the days the league rests."""
        share = _WEEKDAY_SHARE[[date.weekday() for date in self.dates[: self.regular_days]]]
        november = dt.date(self.opening.year, 11, 1)
        thanksgiving = november + dt.timedelta(days=(3 - november.weekday()) % 7 + 21)
        break_opens = self.day(self.all_star_friday)
        share[break_opens : break_opens + 6] = 0
        share[[self.day(thanksgiving), self.day(dt.date(self.opening.year, 12, 24))]] = 0
        share[0], share[-1] = 2, 15
        return share


CALENDARS = {
    calendar.season: calendar
    for calendar in (
        Calendar(2021, dt.date(2021, 10, 19), dt.date(2022, 2, 18), dt.date(2022, 4, 10)),
        Calendar(2022, dt.date(2022, 10, 18), dt.date(2023, 2, 17), dt.date(2023, 4, 9)),
        Calendar(2023, dt.date(2023, 10, 24), dt.date(2024, 2, 16), dt.date(2024, 4, 14)),
        Calendar(2024, dt.date(2024, 10, 22), dt.date(2025, 2, 14), dt.date(2025, 4, 13)),
    )
}


@dataclass(frozen=True)
class Schedule:
    """Games in order of day. teams: (games, 2) team numbers, home first. day: day of the season of each game."""

    day: np.ndarray
    teams: np.ndarray

    def __len__(self) -> int:
        return len(self.day)

    @cached_property
    def back_to_back(self) -> np.ndarray:
        """(games, 2): the team also played the day before, within this schedule."""
        plays = np.zeros((self.day.max() + 2, len(TEAMS)), dtype=bool)
        plays[self.day[:, None], self.teams] = True
        return plays[self.day[:, None] - 1, self.teams]


def tip_off(date: dt.date, home_team: str) -> dt.datetime:
    """Evening tip-off by the home team's time zone, given in Eastern time; never before 19:00."""
    return dt.datetime.combine(date, _TIP_OFF_OF.get(home_team, dt.time(19, 0)), tzinfo=LEAGUE_TIME)


def regular_season(calendar: Calendar, rng: np.random.Generator) -> Schedule:
    """1,230 games, 82 a team; each on the day with the most rest for its teams and the fewest other games."""
    pairs = rng.permutation(_pairings(calendar.season))
    wanted = calendar.games_wanted
    open_days = np.flatnonzero(wanted)
    margin = len(_CROWDING) // 2
    crowding = np.zeros((len(TEAMS), calendar.regular_days + 2 * margin))
    full = np.maximum(wanted[open_days] * len(pairs) / wanted.sum(), 0.5)
    games = np.zeros(len(open_days))
    day = np.empty(len(pairs), dtype=np.int64)
    for game, (home, visitor) in enumerate(pairs):
        tired = crowding[home, open_days + margin] ** 3 + crowding[visitor, open_days + margin] ** 3
        place = np.argmin(tired + 25 * (games / full) ** 2)
        games[place] += 1
        day[game] = open_days[place]
        crowding[[home, visitor], day[game] : day[game] + len(_CROWDING)] += _CROWDING
    order = np.argsort(day, kind="stable")
    return Schedule(day[order], pairs[order])


def _pairings(season: int) -> np.ndarray:
    """(1230, 2) home and visitor: four games within a division, two across conferences, three or four otherwise."""
    pairs = []
    for home in range(len(TEAMS)):
        for visitor in range(len(TEAMS)):
            if home != visitor:
                pairs += [(home, visitor)] * _games_at_home(home, visitor, season)
    return np.array(pairs)


def _games_at_home(home: int, visitor: int, season: int) -> int:
    if home // TEAMS_PER_CONFERENCE != visitor // TEAMS_PER_CONFERENCE:
        return 1
    if home // TEAMS_PER_DIVISION == visitor // TEAMS_PER_DIVISION:
        return 2
    # Of the five teams of a neighbouring division one visits and one is visited only once; the pair changes yearly.
    first, second = sorted((home, visitor))
    step = (second - first + season) % TEAMS_PER_DIVISION
    return 1 if step == (0 if home == first else 1) else 2


def playoff_bracket(wins: np.ndarray) -> np.ndarray:
    """(16,) team numbers: eight of each conference by wins, neighbours meet first, their winners next."""
    ranked = np.argsort(-wins, kind="stable")
    east = ranked[ranked < TEAMS_PER_CONFERENCE][:8]
    west = ranked[ranked >= TEAMS_PER_CONFERENCE][:8]
    return np.concatenate([east[_BRACKET], west[_BRACKET]])


def playoff_round(calendar: Calendar, opens: int, pairs: np.ndarray, wins: np.ndarray) -> Schedule:
    """All seven games of each series, series by series, `opens` days after the regular season; more wins is first home.

    The series of a round alternate in days.
    """
    better = np.where((wins[pairs[:, 0]] >= wins[pairs[:, 1]])[:, None], pairs, pairs[:, ::-1])
    offsets = _FINALS_DAYS if len(pairs) == 1 else _SERIES_DAYS
    day = calendar.regular_days - 1 + opens + np.arange(len(pairs))[:, None] % 2 + offsets
    teams = np.where(_SERIES_AT_HOME[None, :, None], better[:, None, :], better[:, None, ::-1])
    return Schedule(day.ravel(), teams.reshape(-1, 2))
