"""The jobs a person or a schedule launches, and how a run is told its weeks and whether to ask again."""

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
# A backfill of past weeks says nothing of how fresh the week in progress is.
HEALTH_OF_PAST = HEALTH - dg.AssetSelection.checks(dg.AssetCheckKey(DATA_HEALTH, "freshness"))

PREFLIGHT = dg.define_asset_job(
    "preflight",
    dg.AssetSelection.assets(BDL_GAMES.asset_key, BDL_PLAYER_BOXSCORES.asset_key),
    description="Asks the source for weeks and checks what it sent, before anything is computed from it.",
)
SAMPLE_WEEK = dg.define_asset_job(
    "sample_week", WEEKLY, description="One week through every weekly asset: a look at the whole graph in seconds."
)
BACKFILL = dg.define_asset_job(
    "backfill",
    WEEKLY | MODEL | REPORT | ACCURACY | HEALTH_OF_PAST,
    description="A range of weeks through every asset in one run, the report on them, and the state of every week.",
)
ROSTERS = dg.define_asset_job(
    "rosters",
    dg.AssetSelection.assets(*(table.asset_key for table in ROSTER_TABLES)),
    description="The rosters of a season as they are today.",
)
REFRESH_WEEKS = dg.define_asset_job(
    "refresh_weeks",
    REFRESHED | ACCURACY | HEALTH,
    description="Weeks asked again, through to predictions and grades; no training.",
)
CLOSE_WEEK = dg.define_asset_job(
    "close_week", WEEKLY | ACCURACY | HEALTH, description="Weeks asked again, and the models of these weeks trained."
)
FOLLOW_INJURY_REPORTS = dg.define_asset_job(
    "follow_injury_reports",
    INJURY_REPORTS.downstream() & REFRESHED | HEALTH,
    description="The injury reports of weeks and every table that reads them, through to predictions and grades.",
)
CHECK_HEALTH = dg.define_asset_job(
    "data_health", HEALTH, description="What is complete, stale, failed or missing, without changing anything."
)
JOBS = (PREFLIGHT, SAMPLE_WEEK, BACKFILL, ROSTERS, REFRESH_WEEKS, CLOSE_WEEK, FOLLOW_INJURY_REPORTS, CHECK_HEALTH)


def week_range_tags(weeks: Sequence[dt.date]) -> dict[str, str]:
    """Tags of one run over all weeks from the first to the last of `weeks`."""
    return {RANGE_START: f"{weeks[0]}", RANGE_END: f"{weeks[-1]}"}


def refresh_config(refresh: bool) -> dict[str, Mapping[str, Any]]:
    """Configuration of the ops that ask a source: whether they ask again for what is kept."""
    asked = (BDL_GAMES, BDL_PLAYER_BOXSCORES, NBAC_INJURY_REPORT)
    return {"__".join(table.asset_key.path): {"config": {"refresh": refresh}} for table in asked}
