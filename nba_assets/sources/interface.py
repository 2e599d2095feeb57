"""What sources of box scores, injury reports and rosters can do: the real services, and the sample league."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandas as pd

EVENING = dt.time(17, 30)
"""When the report of a day is published that counts for its evening games (Eastern)."""


class BoxScoreSource(dg.ConfigurableResource[Any], ABC):
    """Games and box-score rows of one week at a time, as the columns of the raw tables without `week`.

    `weeks_in_flight` says how many weeks may be asked at once.
    """

    weeks_in_flight: int = 1

    @abstractmethod
    def games(self, week: dt.date, *, refresh: bool) -> pd.DataFrame:
        """The games of the week; `refresh` asks again what was kept from an earlier answer."""

    @abstractmethod
    def box_scores(self, week: dt.date, *, closed: bool, refresh: bool) -> pd.DataFrame:
        """The box-score rows of the week; `closed` says that they will not change any more and may be kept."""

    def quarantine(self, week: dt.date) -> None:
        """Forget the kept answers of a week whose rows were refused, so that the next try asks again."""


@dataclass(frozen=True)
class Report:
    """One report as published on `report_date` at `report_time` (Eastern, "HH:MM").

    `rows` has `nba_injury_report.COLUMNS`, one row for each listed player and one, without a player, for each team that
    has not submitted yet. `unread_lines` holds, as printed, every line that gave no row. Games of teams that are none
    of the league's, as on All-Star weekend, are in neither.
    """

    report_date: dt.date
    report_time: str
    rows: pd.DataFrame
    unread_lines: list[str]


class InjuryReportSource(dg.ConfigurableResource[Any], ABC):
    """Injury reports, one for every hour of a day. `reports_in_flight` says how many may be asked at once."""

    reports_in_flight: int = 1

    @abstractmethod
    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        """The report published on `day` at `at` (Eastern, half past an hour), None where there is none.

        `refresh` asks again what was kept.

        Raises SourceError when it cannot be had or read.
        """


class RosterSource(dg.ConfigurableResource[Any], ABC):
    """The roster of one team and season at a time."""

    @abstractmethod
    def roster(self, team: str, season: int, as_of: dt.date, *, refresh: bool) -> pd.DataFrame:
        """The players of the team (abbreviation) as known on `as_of`, today or the season's last day.

        `basketball_reference.COLUMNS`, one row a player; `refresh` asks again what was kept of that day. Raises
        SourceError when it cannot be had or read.
        """
