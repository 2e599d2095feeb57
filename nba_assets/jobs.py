"""The jobs a person launches: raw weeks only, one week through everything, or a whole backfill with its report."""

import dagster as dg

from nba_assets.model_tables import XGBOOST_MODEL
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, MODEL_COMPARISON, ROSTER_TABLES, WEEKLY_TABLES

WEEKLY = dg.AssetSelection.assets(*(table.asset_key for table in (*WEEKLY_TABLES, XGBOOST_MODEL)))
REPORT = dg.AssetSelection.assets(
    dg.AssetKey(["nba_validation", "backfill_report"]), dg.AssetKey(["nba_predictions", "accuracy_report"])
)

MODEL = dg.AssetSelection.assets(MODEL_COMPARISON.asset_key, dg.AssetKey(["nba_ml", "champion"]))

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
    WEEKLY | MODEL | REPORT,
    description="A range of weeks through every asset in one run, and the report on them.",
)
ROSTERS = dg.define_asset_job(
    "rosters",
    dg.AssetSelection.assets(*(table.asset_key for table in ROSTER_TABLES)),
    description="The rosters of a season as they are today.",
)
JOBS = (PREFLIGHT, SAMPLE_WEEK, BACKFILL, ROSTERS)
