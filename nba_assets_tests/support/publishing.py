"""Rows published as a weekly asset publishes them, without Dagster."""

import datetime as dt
from collections.abc import Sequence

from nba_assets.tables import Table
from nba_assets.warehouse.interface import Publication, Warehouse
from nba_assets.weekly.publish import WeeklyRows, WeekResult, audited


def publish(warehouse: Warehouse, table: Table, rows: WeeklyRows, weeks: Sequence[dt.date]) -> list[WeekResult]:
    with audited(warehouse, table, rows, weeks) as audit:
        return audit.publish(Publication())
