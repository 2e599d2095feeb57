"""Assembles assets, checks, jobs, schedules, sensors and resources into Dagster's Definitions."""

from typing import Any

import dagster as dg

from nba_assets import assets
from nba_assets.assets import health
from nba_assets.automation.jobs import JOBS
from nba_assets.automation.schedules import SCHEDULES
from nba_assets.automation.sensors import alert_sensors
from nba_assets.dagster_instance.home import check_home
from nba_assets.dagster_instance.run_liveness import run_lock_executor
from nba_assets.dagster_instance.terminal_log import terminal_logger
from nba_assets.model.artifacts import ModelStore
from nba_assets.settings import API_KEY, Settings
from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.injury_report_archive import InjuryReportArchive
from nba_assets.sources.interface import BoxScoreSource, InjuryReportSource, RosterSource
from nba_assets.sources.roster_pages import RosterPages
from nba_assets.sources.sample.source import SampleInjuryReports, SampleRosters, SampleSource
from nba_assets.tables import WEEKLY_TABLES
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.run_check import every_week_published


def build_definitions(settings: Settings, **overrides: Any) -> dg.Definitions:
    """The whole project for these settings; `overrides` replace resources by name."""
    warehouse = warehouse_of(settings)
    resources = {
        "warehouse": warehouse,
        "source": box_score_source(settings),
        "injury_report_source": injury_report_source(settings),
        "roster_source": roster_source(settings),
        "model_store": ModelStore(settings.artifacts),
    }
    return dg.Definitions(
        assets=dg.load_assets_from_package_module(assets),
        asset_checks=[
            *(every_week_published(table) for table in WEEKLY_TABLES),
            health.freshness,
        ],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=alert_sensors(settings.alerts),
        resources={**resources, **overrides},
        loggers={"console": terminal_logger},
        # One process for each run: a process for each step would import the libraries every time.
        executor=run_lock_executor,
    )


def warehouse_of(settings: Settings) -> Warehouse:
    bigquery = settings.bigquery
    if bigquery is None:
        return DuckDBWarehouse(path=str(settings.warehouse_path))
    from nba_assets.warehouse.bigquery import BigQueryWarehouse  # Google's libraries take seconds to import
    from nba_assets.warehouse.bigquery_connection import BigQueryConnection

    connection = BigQueryConnection(
        project=bigquery.project,
        location=bigquery.location,
        credentials_file=bigquery.credentials,
        endpoint=bigquery.endpoint,
        storage_endpoint=bigquery.storage_endpoint,
    )
    return BigQueryWarehouse(
        connection=connection,
        dataset_prefix=bigquery.dataset_prefix,
        max_bytes_billed=bigquery.max_bytes_billed,
    )


def box_score_source(settings: Settings) -> BoxScoreSource:
    if settings.source == "sample":
        return SampleSource()
    return Balldontlie(
        # As an EnvVar, because Dagit shows the values of a resource's fields.
        api_key=dg.EnvVar(API_KEY) if settings.balldontlie_api_key else "",
        base_url=settings.balldontlie_base_url,
        landing=str(settings.landing),
        requests_per_minute=settings.balldontlie_requests_per_minute,
    )


def injury_report_source(settings: Settings) -> InjuryReportSource:
    if settings.source == "sample":
        return SampleInjuryReports()
    return InjuryReportArchive(
        base_url=settings.injury_base_url,
        landing=str(settings.landing),
        requests_per_minute=settings.injury_requests_per_minute,
    )


def roster_source(settings: Settings) -> RosterSource:
    if settings.source == "sample":
        return SampleRosters()
    return RosterPages(
        base_url=settings.basketball_reference_base_url,
        landing=str(settings.landing),
        requests_per_minute=settings.basketball_reference_requests_per_minute,
    )


_SETTINGS = Settings.from_environment()
check_home(_SETTINGS)
defs = build_definitions(_SETTINGS)
