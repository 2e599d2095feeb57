"""Reads the publications that `Staged.publish` records in the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from nba_assets.tables import PUBLICATIONS, WEEKLY_TABLES, Table
from nba_assets.warehouse.interface import Query, Warehouse, window_parameters

COLUMNS = [*PUBLICATIONS.column_names, "stored_rows", "intact"]
NEWEST = """
SELECT week, table_name, publication_id, row_count, run_id, code_version, read_up_to, published_at, complete
FROM (
    SELECT week, table_name, publication_id, row_count, run_id, code_version, read_up_to, published_at, complete,
           ROW_NUMBER() OVER (PARTITION BY table_name, week ORDER BY published_at DESC, publication_id) AS newest_first
    FROM nba_validation.publications
    WHERE week BETWEEN @first_day AND @last_day AND table_name IN (SELECT * FROM UNNEST(@tables))
) AS recorded
WHERE newest_first = 1 AND week IN (SELECT * FROM UNNEST(@weeks)) ORDER BY table_name, week
"""
# CONCAT keeps the name in two parts: BigQueryWarehouse prefixes every whole table name in a statement.
STORED_ROWS = (
    "SELECT week, table_name, stored_rows FROM ("
    + " UNION ALL ".join(
        f"SELECT week, CONCAT('{table.dataset}.', '{table.name}') AS table_name, COUNT(*) AS stored_rows "
        f"FROM {table.qualified_name} WHERE {table.date_column} BETWEEN @first_day AND @last_day "
        "AND week IN (SELECT * FROM UNNEST(@weeks)) GROUP BY week"
        for table in WEEKLY_TABLES
    )
    + ") AS stored WHERE table_name IN (SELECT * FROM UNNEST(@tables))"
)
KNOWN = """
SELECT table_name, week, publication_id FROM nba_validation.publications
WHERE week BETWEEN @first_day AND @last_day AND table_name IN (SELECT * FROM UNNEST(@tables))
"""
OF_RUN = """
SELECT DISTINCT week FROM nba_validation.publications
WHERE week BETWEEN @first_day AND @last_day AND table_name = @table AND run_id = @run_id AND complete
"""


def newest_publications(query: Query, tables: Sequence[Table], weeks: Sequence[dt.date]) -> pd.DataFrame:
    """The newest publication of each table and week: COLUMNS, one row a table and week.

    stored_rows: rows of the week in the table now. intact: the write is complete and all its rows are stored.
    """
    parameters = {"tables": [table.qualified_name for table in tables], **window_parameters(NEWEST, weeks)}
    recorded = query(NEWEST, parameters)
    counts = query(STORED_ROWS, parameters)
    found = (
        recorded.merge(counts, on=["table_name", "week"], how="left")
        if len(recorded)
        else recorded.assign(stored_rows=[])
    )
    found["stored_rows"] = found["stored_rows"].fillna(0).astype("int64")
    found["intact"] = found["complete"].astype(bool) & (found["stored_rows"] == found["row_count"])
    return found[COLUMNS]


def known_publications(
    query: Query, tables: Sequence[Table], weeks: Sequence[dt.date]
) -> set[tuple[str, dt.date, str]]:
    """Every recorded publication: table name, week and publication id."""
    parameters = {"tables": [table.qualified_name for table in tables], **window_parameters(KNOWN, weeks)}
    found = query(KNOWN, parameters)
    return set(zip(found["table_name"], found["week"], found["publication_id"], strict=True))


def weeks_published_by(query: Query, run_id: str, table: Table, weeks: Sequence[dt.date]) -> set[dt.date]:
    """The weeks that the run has published, including weeks that another run has published again since."""
    found = query(OF_RUN, {"table": table.qualified_name, "run_id": run_id, **window_parameters(OF_RUN, weeks)})
    return set(found["week"]) & set(weeks)


def published_by_all(warehouse: Warehouse, tables: Sequence[Table], weeks: Sequence[dt.date]) -> set[dt.date]:
    """The weeks whose published rows every table still holds."""
    recorded = newest_publications(warehouse.query, tables, weeks)
    counts = recorded[recorded["intact"]].groupby("week").size()
    return set(counts.index[counts == len(tables)])
