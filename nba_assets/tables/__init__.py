"""Every stored table, with its columns, key and grain. Schemas, DDL, column docs and checks are derived from it."""

from nba_assets.tables.availability import BR_ROSTERS_CURRENT, NBAC_INJURY_REPORT, ROSTER_CHANGES
from nba_assets.tables.box_scores import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    CALLED_OFF,
    COUNTING_STATS,
    FINAL,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
)
from nba_assets.tables.model import (
    MODEL_COMPARISON,
    MODEL_TABLES,
    PLAYER_GAME_FEATURES,
    PLAYER_POINTS,
    PREDICTION_ACCURACY,
    XGBOOST_MODEL,
)
from nba_assets.tables.publications import PUBLICATIONS
from nba_assets.tables.quarantine import BDL_GAMES_QUARANTINE, BDL_PLAYER_BOXSCORES_QUARANTINE, QUARANTINE_OF
from nba_assets.tables.schema import Column, Table, Type
from nba_assets.tables.validation import VALIDATION_METRICS

DATA_TABLES = (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    NBAC_INJURY_REPORT,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
)
"""The weekly tables of data; the models are built on them."""
WEEKLY_TABLES = (*DATA_TABLES, *MODEL_TABLES)
QUARANTINE_TABLES = tuple(QUARANTINE_OF.values())
ROSTER_TABLES = (BR_ROSTERS_CURRENT, ROSTER_CHANGES)
ALL_TABLES = (*WEEKLY_TABLES, *QUARANTINE_TABLES, *ROSTER_TABLES, MODEL_COMPARISON, PUBLICATIONS)

__all__ = [
    "ALL_TABLES",
    "BDL_GAMES",
    "BDL_GAMES_QUARANTINE",
    "BDL_PLAYER_BOXSCORES",
    "BDL_PLAYER_BOXSCORES_QUARANTINE",
    "BR_ROSTERS_CURRENT",
    "CALLED_OFF",
    "COUNTING_STATS",
    "DATA_TABLES",
    "FINAL",
    "MODEL_COMPARISON",
    "MODEL_TABLES",
    "NBAC_INJURY_REPORT",
    "PLAYER_GAME_FEATURES",
    "PLAYER_GAME_SUMMARY",
    "PLAYER_POINTS",
    "PREDICTION_ACCURACY",
    "PUBLICATIONS",
    "QUARANTINE_OF",
    "QUARANTINE_TABLES",
    "ROSTER_CHANGES",
    "ROSTER_TABLES",
    "TEAM_GAME_SUMMARY",
    "VALIDATION_METRICS",
    "WEEKLY_TABLES",
    "XGBOOST_MODEL",
    "Column",
    "Table",
    "Type",
]
