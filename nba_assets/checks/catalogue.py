"""The list of all checks of weekly tables, and row_integrity, which every table has."""

from __future__ import annotations

from nba_assets.checks.box_scores import BOX_SCORE_CHECKS
from nba_assets.checks.check import DEFINITION, FINAL_GAMES, LISTED_FINAL_GAMES, NONE, Check, Threshold
from nba_assets.checks.games import GAME_CHECKS
from nba_assets.checks.injury_reports import INJURY_REPORT_CHECKS
from nba_assets.checks.model import MODEL_CHECKS
from nba_assets.checks.summaries import SUMMARY_CHECKS
from nba_assets.tables import (
    NBAC_INJURY_REPORT,
    PLAYER_POINTS,
    PREDICTION_ACCURACY,
    QUARANTINE_OF,
    WEEKLY_TABLES,
    XGBOOST_MODEL,
    Table,
)

# Reports may list nobody (days_without_report checks that), and the first weeks have no model.
MAY_BE_EMPTY = (NBAC_INJURY_REPORT, XGBOOST_MODEL, PLAYER_POINTS, PREDICTION_ACCURACY)


def row_integrity(table: Table) -> str:
    """SQL of the check that every table has: keys are unique, and dates lie within the row's week."""
    key = ", ".join(dict.fromkeys(("week", *table.key)))
    date = table.date_column
    return f"""
SELECT week, SUM(copies) AS rows_looked_at, SUM(copies - 1) AS duplicate_keys, SUM(outside) AS rows_outside_week
FROM (
    SELECT {key}, COUNT(*) AS copies, SUM(CASE WHEN {date} BETWEEN week AND week + 6 THEN 0 ELSE 1 END) AS outside
    FROM {{{table.name}}} AS measured GROUP BY {key}
) AS keyed GROUP BY week
"""


def _integrity(table: Table) -> Check:
    return Check(
        table,
        "row_integrity",
        row_integrity(table),
        (Threshold("duplicate_keys", NONE, DEFINITION), Threshold("rows_outside_week", NONE, DEFINITION)),
        blocking=True,
        why=f"Each key ({', '.join(table.key)}) is stored once, and each row fits the declared types and its week.",
        remedy="look at the rows from the source; once it is repaired, materialize the week again.",
        due=None if table in MAY_BE_EMPTY else LISTED_FINAL_GAMES if table.name in QUARANTINE_OF else FINAL_GAMES,
    )


CHECKS: tuple[Check, ...] = (
    *(_integrity(table) for table in WEEKLY_TABLES),
    *GAME_CHECKS,
    *BOX_SCORE_CHECKS,
    *INJURY_REPORT_CHECKS,
    *SUMMARY_CHECKS,
    *MODEL_CHECKS,
)


def checks_of(table: Table) -> list[Check]:
    return [check for check in CHECKS if check.table == table]
