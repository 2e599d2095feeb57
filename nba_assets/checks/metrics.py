"""What is measured in a table, as SQL that gives one row a week; the same text runs on DuckDB and BigQuery.

`{table_name}` stands for the rows of the asked weeks: the staged ones for the table under audit, the published ones
for every other. `{final_games}` are the final ones among the games, `{stored_final_games}` those published before;
`{table_name_so_far}` holds also the published rows of the `{days_before}` days before. `rows_looked_at` is what a value
was computed from; a week without a row was not measurable. `named`, where there is one, says which days, games or
players it is that are wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from nba_assets.partitions import last_day
from nba_assets.tables import BDL_GAMES, WEEKLY_TABLES, Table
from nba_assets.warehouse.interface import Query

DAYS_BEFORE = 56  # how far checks look back from a week: eight weeks

FINAL_GAMES = """
SELECT week, COUNT(*) AS games FROM {final_games} AS game GROUP BY week
"""

GAME_SCORES = """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN status = 'Final' AND (home_score = visitor_score OR home_score <= 0 OR visitor_score <= 0)
           THEN 1 ELSE 0 END) AS final_games_without_a_winner,
       SUM(CASE WHEN home_team = visitor_team THEN 1 ELSE 0 END) AS games_of_one_team
FROM {bdl_games} AS game GROUP BY week
"""

# An answer that lists fewer games than the one before is not believed: every row of the games it lacks would go.
FINAL_GAMES_KEPT = """
SELECT stored.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN sent.game_id IS NULL THEN 1 ELSE 0 END) AS final_games_gone,
       STRING_AGG(CASE WHEN sent.game_id IS NULL THEN CONCAT('game ', CAST(stored.game_id AS STRING), ' of ',
                  CAST(stored.game_date AS STRING)) END, ', ' ORDER BY stored.game_date, stored.game_id) AS named
FROM {stored_final_games} AS stored
LEFT JOIN {final_games} AS sent ON sent.game_id = stored.game_id AND sent.week = stored.week
GROUP BY stored.week
"""

# From game to game are at most 7 days in the real seasons (the All-Star break), and 10 weeks in the shortest summer.
GAP_IN_SEASON = """
SELECT opening.week, MAX(opening.games) AS rows_looked_at,
       CASE WHEN MAX(earlier.game_date) < MIN(opening.first_game) - 7 THEN 1 ELSE 0 END AS gaps_before_the_week,
       CONCAT('no game between ', CAST(MAX(earlier.game_date) AS STRING), ' and ',
              CAST(MIN(opening.first_game) AS STRING)) AS named
FROM (SELECT week, MIN(game_date) AS first_game, COUNT(*) AS games FROM {bdl_games} AS listed GROUP BY week) AS opening
JOIN {bdl_games_so_far} AS earlier
ON earlier.game_date < opening.first_game AND earlier.game_date >= opening.week - 42
GROUP BY opening.week
"""

RAW_MINUTES_NULL_RATE = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN minutes IS NULL THEN 1.0 ELSE 0.0 END) AS minutes_null_rate
FROM {bdl_player_boxscores} AS box GROUP BY week
"""

ROWS_PER_FINAL_GAME = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(row_count) AS rows_per_final_game,
       SUM(CASE WHEN row_count = 0 THEN 1 ELSE 0 END) AS final_games_without_rows,
       SUM(CASE WHEN row_count > 0 AND teams < 2 THEN 1 ELSE 0 END) AS final_games_of_one_team,
       SUM(CASE WHEN row_count > 0 AND box_points = 0 THEN 1 ELSE 0 END) AS final_games_all_zero
FROM (
    SELECT game.week, game.game_id, COUNT(box.player_id) AS row_count, COUNT(DISTINCT box.team) AS teams,
           COALESCE(SUM(box.pts), 0) AS box_points
    FROM {final_games} AS game
    LEFT JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id AND box.week = game.week
    GROUP BY game.week, game.game_id
) AS final_game GROUP BY week
"""

POINTS_IDENTITY = """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN COALESCE(pts, 0) <> COALESCE(2 * fgm + fg3m + ftm, 0) THEN 1 ELSE 0 END) AS rows_of_wrong_points
FROM {bdl_player_boxscores} AS box GROUP BY week
"""

TEAM_POINTS = """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN player_points <> score THEN 1 ELSE 0 END) AS team_scores_not_matched
FROM (
    SELECT game.week, game.game_id, box.team, COALESCE(SUM(box.pts), 0) AS player_points,
           MAX(CASE WHEN box.team = game.home_team THEN game.home_score ELSE game.visitor_score END) AS score
    FROM {final_games} AS game
    JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id AND box.week = game.week
    GROUP BY game.week, game.game_id, box.team
) AS team_game GROUP BY week
"""

SUMMARY_MINUTES_NULL_RATE = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN minutes_played IS NULL THEN 1.0 ELSE 0.0 END) AS minutes_null_rate
FROM {player_game_summary} AS summary GROUP BY week
"""

MINUTES_EXACTLY_WHEN_PLAYED = """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN played AND minutes_played IS NULL THEN 1 ELSE 0 END) AS minutes_missing_where_played,
       SUM(CASE WHEN NOT played AND minutes_played IS NOT NULL THEN 1 ELSE 0 END) AS minutes_set_where_not_played
FROM {player_game_summary} AS summary GROUP BY week
"""

COVERAGE = """
SELECT raw.week, raw.row_count AS rows_looked_at, COALESCE(kept.row_count, 0) / raw.row_count AS coverage
FROM (
    SELECT game.week, COUNT(*) AS row_count
    FROM {final_games} AS game JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id AND box.week = game.week
    GROUP BY game.week
) AS raw
LEFT JOIN (SELECT week, COUNT(*) AS row_count FROM {player_game_summary} AS summary GROUP BY week) AS kept
ON kept.week = raw.week
"""

PLAYERS_PER_TEAM_GAME = """
SELECT week, COUNT(*) AS rows_looked_at, MIN(players) AS fewest_players, MAX(players) AS most_players
FROM (
    SELECT week, game_id, team, SUM(CASE WHEN minutes_played IS NOT NULL THEN 1 ELSE 0 END) AS players
    FROM {player_game_summary} AS summary GROUP BY week, game_id, team
) AS team_game GROUP BY week
"""

TEAM_MINUTES = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN ABS(minutes - (240 + 25 * overtimes)) <= 5 THEN 1.0 ELSE 0.0 END) AS team_games_of_full_minutes
FROM (
    SELECT game.week, game.game_id, summary.team, SUM(summary.minutes_played) AS minutes,
           MAX(game.period) - 4 AS overtimes
    FROM {final_games} AS game
    JOIN {player_game_summary} AS summary ON summary.game_id = game.game_id AND summary.week = game.week
    GROUP BY game.week, game.game_id, summary.team
) AS team_game GROUP BY week
"""

# Usage is undefined at 0 minutes (a player under 30 seconds); counting those would make a rate of one row a warning in
# a play-off week and hide a real NULL in a full one.
USAGE_NULL_RATE = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN usage_rate IS NULL THEN 1.0 ELSE 0.0 END) AS usage_rate_null_rate
FROM {player_game_summary} AS summary WHERE minutes_played > 0 GROUP BY week
"""

TWO_TEAMS = """
SELECT week, COUNT(*) AS rows_looked_at, SUM(CASE WHEN teams <> 2 THEN 1 ELSE 0 END) AS games_without_two_teams
FROM (
    SELECT game.week, game.game_id, COUNT(team_game.team) AS teams
    FROM {final_games} AS game
    LEFT JOIN {team_game_summary} AS team_game ON team_game.game_id = game.game_id AND team_game.week = game.week
    GROUP BY game.week, game.game_id
) AS final_game GROUP BY week
"""

EVERY_PARSED_ROW_STORED = """
SELECT week, SUM(stored_rows) AS rows_looked_at,
       SUM(CASE WHEN stored_rows = fewest_parsed AND stored_rows = most_parsed THEN 0 ELSE 1 END)
           AS reports_not_stored_whole,
       STRING_AGG(CASE WHEN stored_rows = fewest_parsed AND stored_rows = most_parsed THEN NULL
                  ELSE CONCAT(CAST(report_date AS STRING), ' ', report_time) END, ', '
                  ORDER BY report_date, report_time) AS named
FROM (
    SELECT week, report_date, report_time, COUNT(*) AS stored_rows, MIN(rows_in_report) AS fewest_parsed,
           MAX(rows_in_report) AS most_parsed
    FROM {nbac_injury_report} AS listed GROUP BY week, report_date, report_time
) AS report GROUP BY week
"""

UNREAD_LINES = """
SELECT week, COUNT(*) AS rows_looked_at, AVG(CASE WHEN status = 'Unread' THEN 1.0 ELSE 0.0 END) AS unread_lines
FROM {nbac_injury_report} AS listed GROUP BY week
"""

PLAYER_MATCH_RATE = """
SELECT listed.week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN listed.player_id IS NULL THEN 0.0 ELSE 1.0 END) AS player_match_rate,
       STRING_AGG(DISTINCT CASE WHEN listed.player_id IS NULL THEN listed.player_name END, ', '
                  ORDER BY CASE WHEN listed.player_id IS NULL THEN listed.player_name END) AS named
FROM {nbac_injury_report} AS listed
JOIN {final_games} AS game
ON game.week = listed.week AND game.game_date = listed.game_date AND listed.team IN (game.home_team, game.visitor_team)
WHERE listed.status = 'Out' AND listed.player_name <> '' GROUP BY listed.week
"""

REGULAR_SEASON_DAYS = """
SELECT week, COUNT(DISTINCT game_date) AS games FROM {final_games} AS game WHERE NOT postseason GROUP BY week
"""

# On a day of the play-offs it may be that nobody is listed.
DAYS_WITHOUT_REPORT = """
SELECT day.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN report.report_date IS NULL THEN 1 ELSE 0 END) AS days_without_report,
       STRING_AGG(CASE WHEN report.report_date IS NULL THEN CAST(day.game_date AS STRING) END, ', '
                  ORDER BY day.game_date) AS named
FROM (SELECT DISTINCT week, game_date FROM {final_games} AS game WHERE NOT postseason) AS day
LEFT JOIN (SELECT DISTINCT week, report_date FROM {nbac_injury_report} AS listed) AS report
ON report.week = day.week AND report.report_date = day.game_date
GROUP BY day.week
"""


def row_integrity(table: Table) -> str:
    """SQL for what holds in every table: unique keys, and dates inside the week the row was written for."""
    key = ", ".join(dict.fromkeys(("week", *table.key)))
    date = table.date_column
    return f"""
SELECT week, SUM(copies) AS rows_looked_at, SUM(copies - 1) AS duplicate_keys, SUM(outside) AS rows_outside_week
FROM (
    SELECT {key}, COUNT(*) AS copies, SUM(CASE WHEN {date} BETWEEN week AND week + 6 THEN 0 ELSE 1 END) AS outside
    FROM {{{table.name}}} AS measured GROUP BY {key}
) AS keyed GROUP BY week
"""


def measure(query: Query, sql: str, weeks: Sequence[dt.date], staged: Mapping[str, str]) -> pd.DataFrame:
    """One row a week that has anything to measure: `week` and the SQL's columns.

    staged: for tables under audit, by name, how SQL calls their staged rows; all others are read as published.
    """
    relations = {table.name: staged.get(table.name) or published(table) for table in WEEKLY_TABLES}
    relations["final_games"] = _final(relations[BDL_GAMES.name])
    relations["stored_final_games"] = _final(published(BDL_GAMES))
    relations |= {f"{table.name}_so_far": _so_far(table, relations[table.name]) for table in WEEKLY_TABLES}
    relations["days_before"] = f"{DAYS_BEFORE}"
    window = {"weeks": list(weeks), "first_day": min(weeks), "last_day": last_day(max(weeks))}
    text = sql.format_map(relations)
    return query(text, {name: value for name, value in window.items() if f"@{name}" in text})


def _final(games: str) -> str:
    return f"(SELECT * FROM {games} AS listed WHERE status = 'Final')"


def _so_far(table: Table, rows: str) -> str:
    columns, date = ", ".join(table.column_names), table.date_column
    return (
        f"(SELECT {columns} FROM {rows} AS asked UNION ALL SELECT {columns} FROM {table.qualified_name} "
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
    """How many games rows are due for, of each week that has any; `sql` is FINAL_GAMES or like it."""
    counted = measure(query, sql, weeks, staged)
    return {week: int(games) for week, games in zip(counted["week"], counted["games"], strict=True)}
