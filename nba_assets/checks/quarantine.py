"""What the checks of the raw tables measure of the rows set aside in quarantine."""

from nba_assets.tables import QUARANTINE_OF, Table
from nba_assets.tables.quarantine import MOVED, NOTHING_MISSING

MOST_GAMES_QUARANTINED = 0.10  # share of a week's final games; above it the source is broken, not one game
MOST_ROWS_QUARANTINED = 0.05  # share of a week's rows


def quarantined_rows_sql(table: Table) -> str:
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
    FROM {{{QUARANTINE_OF[table.name].name}}} AS quarantined
    WHERE NOT whole_game AND rule <> '{MOVED}' GROUP BY week
) AS aside ON aside.week = kept.week
"""
