"""The one place where assets, checks, jobs and resources meet."""

from typing import Any

import dagster as dg

from nba_assets.assets import analytics, raw, validation
from nba_assets.jobs import JOBS
from nba_assets.settings import Settings
from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.sources.sample_source import SampleSource
from nba_assets.tables import WEEKLY_TABLES
from nba_assets.terminal_log import terminal_logger
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.io_manager import WarehouseReader
from nba_assets.weekly_gate import every_week_published


def build_definitions(settings: Settings, **overrides: Any) -> dg.Definitions:
    """The whole project for these settings; `overrides` replace resources by name."""
    warehouse = DuckDBWarehouse(path=str(settings.warehouse_path))
    resources = {
        "warehouse": warehouse,
        "source": box_score_source(settings),
        "io_manager": WarehouseReader(warehouse=warehouse),
    }
    return dg.Definitions(
        assets=dg.load_assets_from_modules([raw, analytics, validation]),
        asset_checks=[every_week_published(table) for table in WEEKLY_TABLES],
        jobs=JOBS,
        resources={**resources, **overrides},
        loggers={"console": terminal_logger},
        # One process for a run: importing the libraries once costs less than a process for each step.
        executor=dg.in_process_executor,
    )


def box_score_source(settings: Settings) -> BoxScoreSource:
    if settings.source == "sample":
        return SampleSource()
    return Balldontlie(
        api_key=settings.balldontlie_api_key,
        base_url=settings.balldontlie_base_url,
        landing=str(settings.landing),
        requests_per_minute=settings.balldontlie_requests_per_minute,
    )


defs = build_definitions(Settings.from_environment())
