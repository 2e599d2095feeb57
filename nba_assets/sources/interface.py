"""The interfaces of sources of box scores, injury reports and rosters."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd

UNREADABLE_COLUMNS = ["game_id", "player_id", "game_date", "rule", "reason", "payload", "fetched_at"]
EVENING = dt.time(17, 30)
"""Publication time (Eastern) of the evening report, which is used for a day's evening games."""


@dataclass(frozen=True)
class Fetched:
    """The rows of a response.

    unreadable: one row (UNREADABLE_COLUMNS) for each that could not be read. kept: from an earlier response, not asked
    for now.
    """

    rows: pd.DataFrame
    unreadable: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=UNREADABLE_COLUMNS))
    kept: bool = False


class BoxScoreSource(dg.ConfigurableResource[Any], ABC):
    """Games and box scores of one week at a time, with the columns of the raw tables without `week`.

    weeks_in_flight: how many weeks may be requested at once.
    """

    weeks_in_flight: int = 1

    @abstractmethod
    def games(self, week: dt.date, *, refresh: bool) -> Fetched:
        """The games played in the week, or to be played in it; `refresh` ignores a kept response."""

    @abstractmethod
    def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
        """The box-score rows of the week.

        moved: games of the week that are listed under another one. closed: every game is final, so the response may be
        kept.
        """

    def games_by_team(self, week: dt.date) -> pd.Series[int]:
        """How many regular-season games of the week's season are listed, by team; empty if the source does not know."""
        return pd.Series(dtype="int64")

    def quarantine(self, week: dt.date) -> None:
        """Move away the kept responses of a week whose rows were refused, so that they are requested again."""


@dataclass(frozen=True)
class Report:
    """One report as published on `report_date` at `report_time` (Eastern, "HH:MM").

    rows: `nba_injury_report.COLUMNS`, one row for each listed player and one, without a player, for each team that has
    not submitted yet. unread_lines: the text of every line that could not be parsed. Games of teams outside the league,
    as on All-Star weekend, are left out of both.
    """

    report_date: dt.date
    report_time: str
    rows: pd.DataFrame
    unread_lines: list[str]


class InjuryReportSource(dg.ConfigurableResource[Any], ABC):
    """Injury reports, one for every hour. reports_in_flight: how many may be requested at once."""

    reports_in_flight: int = 1

    @abstractmethod
    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        """The report published on `day` at `at` (Eastern, half past an hour); None if there is none.

        `refresh` ignores a kept report. A report that cannot be fetched or read is a SourceError.
        """


class RosterSource(dg.ConfigurableResource[Any], ABC):
    """The roster of one team and season at a time."""

    @abstractmethod
    def roster(self, team: str, season: int, as_of: dt.date, *, refresh: bool) -> pd.DataFrame:
        """The players of the team (abbreviation) on `as_of`, today or the season's last day.

        `basketball_reference.COLUMNS`, one row a player. `refresh` ignores the page kept of that day. A roster that
        cannot be fetched or read is a SourceError.
        """
