"""What a source of box scores can do; balldontlie and the sample league stand behind it."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from typing import Any

import dagster as dg
import pandas as pd


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

    def set_aside(self, week: dt.date) -> None:
        """Forget the kept answers of a week whose rows were refused, so that the next try asks again."""
