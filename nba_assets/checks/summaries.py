"""The checks of the summaries of players and teams."""

from nba_assets.checks.check import DEFINITION, FETCH_AGAIN, HAND_OFF, NONE, SEASONS, Check, Range, Threshold
from nba_assets.tables import PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.transforms.final_scores import (
    MINUTES_TOLERANCE,
    REGULATION_PERIODS,
    TEAM_MINUTES,
    TEAM_MINUTES_OF_OVERTIME,
)

SUMMARY_CHECKS: tuple[Check, ...] = (
    Check(
        PLAYER_GAME_SUMMARY,
        "minutes_null_rate",
        """
SELECT game.week, SUM(game.listed) AS rows_looked_at, SUM(game.not_played) / SUM(game.listed) AS minutes_null_rate,
       AVG(CASE WHEN game.not_played = 0 AND game.week > opening.week THEN 1.0 ELSE 0.0 END) AS games_where_all_played
FROM (
    SELECT week, season, game_id, COUNT(*) AS listed,
           SUM(CASE WHEN minutes_played IS NULL THEN 1.0 ELSE 0.0 END) AS not_played
    FROM {player_game_summary} AS summary GROUP BY week, season, game_id
) AS game
LEFT JOIN (SELECT season, MIN(week) AS week FROM {bdl_games_so_far} AS listed GROUP BY season) AS opening
ON opening.season = game.season GROUP BY game.week
""",
        (
            Threshold("minutes_null_rate", Range(at_most=0.50), HAND_OFF, warn_range=Range(at_most=0.70)),
            Threshold("games_where_all_played", Range(at_most=0.50), SEASONS, warn_range=Range()),
        ),
        blocking=True,
        why="About 37 % of rostered players do not play; far more NULL minutes mean that rows were not processed. If "
        "everybody listed played in most games, the rows of players who did not play are missing (real weeks: at most "
        "33 % of the games). That is not counted in a season's first week: there, the real seasons of 2018-19 and "
        "2019-20 list nobody who did not play.",
        remedy="see the week's minutes_exactly_when_played, then the checks of the raw box scores.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "minutes_exactly_when_played",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN played AND minutes_played IS NULL THEN 1 ELSE 0 END) AS minutes_missing_where_played,
       SUM(CASE WHEN NOT played AND minutes_played IS NOT NULL THEN 1 ELSE 0 END) AS minutes_set_where_not_played
FROM {player_game_summary} AS summary GROUP BY week
""",
        (
            Threshold("minutes_missing_where_played", NONE, SEASONS),
            Threshold("minutes_set_where_not_played", NONE, SEASONS),
        ),
        blocking=True,
        why="Minutes are NULL exactly for players who did not play.",
        remedy="compare with the raw minutes; stats without minutes are an error of the source.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "coverage_of_raw_rows",
        """
SELECT raw.week, raw.row_count AS rows_looked_at, COALESCE(kept.row_count, 0) / raw.row_count AS coverage
FROM (
    SELECT game.week, COUNT(*) AS row_count
    FROM {final_games} AS game JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id AND box.week = game.week
    GROUP BY game.week
) AS raw
LEFT JOIN (SELECT week, COUNT(*) AS row_count FROM {player_game_summary} AS summary GROUP BY week) AS kept
ON kept.week = raw.week
""",
        (Threshold("coverage", Range(at_least=0.90), HAND_OFF, warn_range=Range(at_least=0.70)),),
        blocking=True,
        why="Every raw row of a final game becomes a summary row.",
        remedy="materialize the raw week and the summary together.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "players_per_team_game",
        """
SELECT week, COUNT(*) AS rows_looked_at, MIN(players) AS fewest_players, MAX(players) AS most_players
FROM (
    SELECT week, game_id, team, SUM(CASE WHEN minutes_played IS NOT NULL THEN 1 ELSE 0 END) AS players
    FROM {player_game_summary} AS summary GROUP BY week, game_id, team
) AS team_game GROUP BY week
""",
        (
            Threshold("fewest_players", Range(at_least=6), SEASONS, warn_range=Range(at_least=5)),
            Threshold("most_players", Range(at_most=15), SEASONS, warn_range=Range(at_most=17)),
        ),
        blocking=True,
        why="A team has at least 5 and at most 15 players with minutes in a game.",
        remedy=FETCH_AGAIN,
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "team_minutes",
        f"""
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN ABS(minutes - ({TEAM_MINUTES} + {TEAM_MINUTES_OF_OVERTIME} * overtimes)) <= {MINUTES_TOLERANCE}
           THEN 1.0 ELSE 0.0 END) AS team_games_of_full_minutes
FROM (
    SELECT game.week, game.game_id, summary.team, SUM(summary.minutes_played) AS minutes,
           MAX(game.period) - {REGULATION_PERIODS} AS overtimes
    FROM {{final_games}} AS game
    JOIN {{player_game_summary}} AS summary ON summary.game_id = game.game_id AND summary.week = game.week
    WHERE game.home_score <> game.visitor_score GROUP BY game.week, game.game_id, summary.team
) AS team_game GROUP BY week
""",
        (Threshold("team_games_of_full_minutes", Range(at_least=0.99), SEASONS, warn_range=Range(at_least=0.95)),),
        blocking=False,
        why="A team's players share 240 minutes plus 25 for each overtime (5 off allowed for rounding).",
        remedy="look for a missing player or a wrong period count in the games of the week.",
    ),
    # Without rows of 0 minutes (under 30 seconds on the court), for which usage is undefined: one of them would be a
    # warning in a play-off week, and many would hide a real NULL in a full week.
    Check(
        PLAYER_GAME_SUMMARY,
        "usage_rate_null_rate",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN usage_rate IS NULL THEN 1.0 ELSE 0.0 END) AS usage_rate_null_rate
FROM {player_game_summary} AS summary WHERE minutes_played > 0 GROUP BY week
""",
        (Threshold("usage_rate_null_rate", Range(below=0.01), HAND_OFF, warn_range=Range(at_most=0.05)),),
        blocking=False,
        why="Every player with minutes has a usage rate (under 30 seconds count as 0 minutes).",
        remedy="look for team-games whose shots and turnovers are NULL.",
    ),
    Check(
        TEAM_GAME_SUMMARY,
        "two_teams_a_game",
        """
SELECT week, COUNT(*) AS rows_looked_at, SUM(CASE WHEN teams <> 2 THEN 1 ELSE 0 END) AS games_without_two_teams
FROM (
    SELECT game.week, game.game_id, COUNT(team_game.team) AS teams
    FROM {final_games} AS game
    LEFT JOIN {team_game_summary} AS team_game ON team_game.game_id = game.game_id AND team_game.week = game.week
    GROUP BY game.week, game.game_id
) AS final_game GROUP BY week
""",
        (Threshold("games_without_two_teams", NONE, DEFINITION),),
        blocking=True,
        why="Every final game has one row for each of its two teams.",
        remedy="see rows_per_final_game of the raw box scores.",
    ),
)
