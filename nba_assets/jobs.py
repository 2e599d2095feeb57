"""The jobs a person launches: raw weeks only, one week through everything, or a whole backfill with its report."""

import dagster as dg

from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, WEEKLY_TABLES

WEEKLY = dg.AssetSelection.assets(*(table.asset_key for table in WEEKLY_TABLES))
REPORT = dg.AssetSelection.assets(dg.AssetKey(["nba_validation", "backfill_report"]))

PREFLIGHT = dg.define_asset_job(
    "preflight",
    dg.AssetSelection.assets(BDL_GAMES.asset_key, BDL_PLAYER_BOXSCORES.asset_key),
    description="Asks the source for weeks and checks what it sent, before anything is computed from it.",
)
SAMPLE_WEEK = dg.define_asset_job(
    "sample_week", WEEKLY, description="One week through every weekly asset: a look at the whole graph in seconds."
)
BACKFILL = dg.define_asset_job(
    "backfill", WEEKLY | REPORT, description="A range of weeks through every asset in one run, and the report on them."
)
JOBS = (PREFLIGHT, SAMPLE_WEEK, BACKFILL)
