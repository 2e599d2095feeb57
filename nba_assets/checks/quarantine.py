"""The check that each raw table has of the rows set aside in its quarantine."""

from nba_assets.checks.check import DESIGN, NONE, Check, Range, Threshold
from nba_assets.tables import QUARANTINE_OF, Table
from nba_assets.tables.quarantine import MOVED, NOTHING_MISSING

MOST_GAMES_QUARANTINED = 0.10  # share of a week's final games; above it the source is broken, not one game
MOST_ROWS_QUARANTINED = 0.05  # share of a week's rows


def quarantined_rows(table: Table, name: str, origin: str, why: str) -> Check:
    """The check of a raw table that warns of each row set aside for itself. origin: why none is expected."""
    quarantine = QUARANTINE_OF[table.name]
    return Check(
        table,
        name,
        _sql(table, quarantine),
        (
            Threshold("rows_quarantined", NONE, origin, warn_range=Range()),
            Threshold("share_quarantined", Range(at_most=MOST_ROWS_QUARANTINED), DESIGN),
        ),
        blocking=False,
        why=why,
        remedy=f"{quarantine.qualified_name} has the rows; the next run of the week fetches them again.",
        due=None,
    )


def _sql(table: Table, quarantine: Table) -> str:
    """Per week: rows set aside for themselves, but moved games, and the share that the week lacks of all rows."""
    harmless = ", ".join(f"'{rule}'" for rule in NOTHING_MISSING)
    return f"""
SELECT kept.week, kept.row_count + COALESCE(aside.row_count, 0) AS rows_looked_at,
       COALESCE(aside.row_count, 0) AS rows_quarantined,
       COALESCE(aside.lacking, 0) / (kept.row_count + COALESCE(aside.lacking, 0)) AS share_quarantined, aside.named
FROM (SELECT week, COUNT(*) AS row_count FROM {{{table.name}}} AS stored GROUP BY week) AS kept
LEFT JOIN (
    SELECT week, COUNT(*) AS row_count, SUM(CASE WHEN rule IN ({harmless}) THEN 0 ELSE 1 END) AS lacking,
           MIN(reason) AS named
    FROM {{{quarantine.name}}} AS quarantined
    WHERE NOT whole_game AND rule <> '{MOVED}' GROUP BY week
) AS aside ON aside.week = kept.week
"""
