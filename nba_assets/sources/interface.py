"""The interfaces of sources of box scores, injury reports and rosters."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandas as pd

EVENING = dt.time(17, 30)
"""Publication time (Eastern) of the evening report, which is used for a day's evening games."""


class BoxScoreSource(dg.ConfigurableResource[Any], ABC):
    """Games and box scores of one week at a time, with the columns of the raw tables without `week`.

    weeks_in_flight: how many weeks may be requested at once.
    """

    weeks_in_flight: int = 1

    @abstractmethod
    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        """The games of the week; `refresh` ignores a kept response."""

    @abstractmethod
    def box_scores(self, week: dt.date, *, closed: bool, refresh: bool) -> pd.DataFrame:
        """The box-score rows of the week. closed: every game is final, so the response may be kept."""

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
