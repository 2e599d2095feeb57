"""The jobs that people and schedules launch, and the tags and configuration of their runs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from nba_assets.partitions import RANGE_END, RANGE_START
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    MODEL_COMPARISON,
    NBAC_INJURY_REPORT,
    ROSTER_TABLES,
    WEEKLY_TABLES,
)
from nba_assets.tables.asset_keys import ACCURACY_REPORT, BACKFILL_REPORT, CHAMPION, DATA_HEALTH
from nba_assets.tables.model import XGBOOST_MODEL

WEEKLY = dg.AssetSelection.assets(*(table.asset_key for table in WEEKLY_TABLES))
REFRESHED = WEEKLY - dg.AssetSelection.assets(XGBOOST_MODEL.asset_key)
MODEL = dg.AssetSelection.assets(MODEL_COMPARISON.asset_key, CHAMPION)
REPORT = dg.AssetSelection.assets(BACKFILL_REPORT)
ACCURACY = dg.AssetSelection.assets(ACCURACY_REPORT)
INJURY_REPORTS = dg.AssetSelection.assets(NBAC_INJURY_REPORT.asset_key)
HEALTH = dg.AssetSelection.assets(DATA_HEALTH)
# A backfill of past weeks does not refresh the week in progress.
HEALTH_OF_PAST = HEALTH - dg.AssetSelection.checks(dg.AssetCheckKey(DATA_HEALTH, "freshness"))

PREFLIGHT = dg.define_asset_job(
    "preflight",
    dg.AssetSelection.assets(BDL_GAMES.asset_key, BDL_PLAYER_BOXSCORES.asset_key),
    description="Fetches weeks from the source and checks the raw rows, without computing anything from them.",
)
SAMPLE_WEEK = dg.define_asset_job(
    "sample_week", WEEKLY, description="Materializes every weekly asset for one week, in seconds."
)
BACKFILL = dg.define_asset_job(
    "backfill",
    WEEKLY | MODEL | REPORT | ACCURACY | HEALTH_OF_PAST,
    description="Materializes a range of weeks of every asset in one run, with the backfill report and data_health.",
)
ROSTERS = dg.define_asset_job(
    "rosters",
    dg.AssetSelection.assets(*(table.asset_key for table in ROSTER_TABLES)),
    description="Fetches today's rosters of a season.",
)
REFRESH_WEEKS = dg.define_asset_job(
    "refresh_weeks",
    REFRESHED | ACCURACY | HEALTH,
    description="Fetches weeks again and updates all tables, up to predictions and grades; trains no model.",
)
CLOSE_WEEK = dg.define_asset_job(
    "close_week",
    WEEKLY | ACCURACY | HEALTH,
    description="Fetches weeks again, updates all tables and trains the models of these weeks.",
)
FOLLOW_INJURY_REPORTS = dg.define_asset_job(
    "follow_injury_reports",
    INJURY_REPORTS.downstream() & REFRESHED | HEALTH,
    description="Fetches the injury reports of weeks and updates all tables that read them, through to grades.",
)
CHECK_HEALTH = dg.define_asset_job(
    "data_health", HEALTH, description="Reports which weeks are complete, stale, failed or missing; changes nothing."
)
JOBS = (PREFLIGHT, SAMPLE_WEEK, BACKFILL, ROSTERS, REFRESH_WEEKS, CLOSE_WEEK, FOLLOW_INJURY_REPORTS, CHECK_HEALTH)


def week_range_tags(weeks: Sequence[dt.date]) -> dict[str, str]:
    """Tags of a run over the weeks from the first to the last of `weeks`."""
    return {RANGE_START: f"{weeks[0]}", RANGE_END: f"{weeks[-1]}"}


def refresh_config(refresh: bool) -> dict[str, Mapping[str, Any]]:
    """Configuration of the ops that fetch weeks: whether they fetch stored responses again."""
    fetched = (BDL_GAMES, BDL_PLAYER_BOXSCORES, NBAC_INJURY_REPORT)
    return {"__".join(table.asset_key.path): {"config": {"refresh": refresh}} for table in fetched}
