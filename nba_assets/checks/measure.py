"""Runs a check's SQL over staged and published rows.

In a check's SQL, `{table_name}` stands for the rows of the measured weeks: staged ones of the table under audit,
published ones of every other table. `{table_name_so_far}` adds the published rows of the `{days_before}` days before.
`{listed_final_games}` are the final games of `{bdl_games}`, `{final_games}` those of them that are not in quarantine,
`{stored_games}` the games published already.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from nba_assets.tables import BDL_GAMES, QUARANTINE_TABLES, WEEKLY_TABLES, Table
from nba_assets.warehouse.interface import Query, window_parameters

DAYS_BEFORE = 56


def measure(query: Query, sql: str, weeks: Sequence[dt.date], staged: Mapping[str, str]) -> pd.DataFrame:
    """The SQL's result, one row a week that has rows to measure.

    staged: the relations of the staged rows of tables under audit, by table name.
    """
    relations = {table.name: staged.get(table.name) or published(table) for table in WEEKLY_TABLES}
    relations |= {table.name: published(table) for table in QUARANTINE_TABLES}
    relations["listed_final_games"] = _final(relations[BDL_GAMES.name])
    relations["final_games"] = _usable(relations)
    relations["stored_games"] = published(BDL_GAMES)
    relations |= {f"{table.name}_so_far": _so_far(table, relations[table.name]) for table in WEEKLY_TABLES}
    relations["days_before"] = f"{DAYS_BEFORE}"
    text = sql.format_map(relations)
    return query(text, window_parameters(text, weeks))


def _final(games: str) -> str:
    return f"(SELECT * FROM {games} AS listed WHERE status = 'Final')"


def _usable(relations: Mapping[str, str]) -> str:
    return (
        f"(SELECT * FROM {relations['listed_final_games']} AS played WHERE game_id NOT IN ("
        f"SELECT game_id FROM {relations['bdl_player_boxscores_quarantine']} AS quarantined WHERE whole_game) "
        f"OR game_id IN (SELECT game_id FROM {relations['bdl_player_boxscores']} AS box))"
    )


def _so_far(table: Table, rows: str) -> str:
    columns, date = ", ".join(table.column_names), table.date_column
    return (
        f"(SELECT {columns} FROM {rows} AS measured UNION ALL SELECT {columns} FROM {table.qualified_name} "
        f"WHERE {date} BETWEEN @first_day - {DAYS_BEFORE} AND @last_day "
        "AND week NOT IN (SELECT * FROM UNNEST(@weeks)))"
    )


def published(table: Table) -> str:
    """The published rows of @weeks; the date bounds let a warehouse partitioned by date skip the rest."""
    return (
        f"(SELECT * FROM {table.qualified_name} WHERE {table.date_column} BETWEEN @first_day AND @last_day "
        "AND week IN (SELECT * FROM UNNEST(@weeks)))"
    )


def rows_due(query: Query, sql: str, weeks: Sequence[dt.date], staged: Mapping[str, str]) -> dict[dt.date, int]:
    """The games that rows are due for, by week, as counted by `sql` (FINAL_GAMES or similar)."""
    counted = measure(query, sql, weeks, staged)
    return {week: int(games) for week, games in zip(counted["week"], counted["games"], strict=True)}
