"""The checks of the games that the source lists."""

from nba_assets.checks.check import DEFINITION, FETCH_AGAIN, NONE, SEASONS, Check, Range, Threshold
from nba_assets.tables import BDL_GAMES

GAMES_KEPT = "final_games_kept"

GAME_CHECKS: tuple[Check, ...] = (
    Check(
        BDL_GAMES,
        "final_scores",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN status = 'Final' AND (home_score = visitor_score OR home_score <= 0 OR visitor_score <= 0)
           THEN 1 ELSE 0 END) AS final_games_without_a_winner,
       SUM(CASE WHEN home_team = visitor_team THEN 1 ELSE 0 END) AS games_of_one_team
FROM {bdl_games} AS game GROUP BY week
""",
        (
            Threshold("final_games_without_a_winner", NONE, DEFINITION),
            Threshold("games_of_one_team", NONE, DEFINITION),
        ),
        blocking=True,
        why="A final game has two teams, both scores and a winner.",
        remedy=FETCH_AGAIN,
    ),
    # Publishing a response that lacks games would delete every row of theirs.
    Check(
        BDL_GAMES,
        GAMES_KEPT,
        """
SELECT stored.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN sent.game_id IS NULL THEN 1 ELSE 0 END) AS final_games_gone,
       STRING_AGG(CASE WHEN sent.game_id IS NULL THEN CONCAT('game ', CAST(stored.game_id AS STRING), ' of ',
                  CAST(stored.game_date AS STRING)) END, ', ' ORDER BY stored.game_date, stored.game_id) AS named
FROM {stored_final_games} AS stored
LEFT JOIN {final_games} AS sent ON sent.game_id = stored.game_id AND sent.week = stored.week
GROUP BY stored.week
""",
        (Threshold("final_games_gone", NONE, DEFINITION),),
        blocking=True,
        why="The source still sends every final game that is stored; an empty response must not empty a week.",
        remedy="materialize the week again later; if the league has really annulled the game, use let_games_go: true.",
        due=None,
    ),
    # In the real seasons, games are at most 7 days apart (the All-Star break); the shortest summer has 10 weeks.
    Check(
        BDL_GAMES,
        "no_gap_in_season",
        """
SELECT opening.week, MAX(opening.games) AS rows_looked_at,
       CASE WHEN MAX(earlier.game_date) < MIN(opening.first_game) - 7 THEN 1 ELSE 0 END AS gaps_before_the_week,
       CONCAT('no game between ', CAST(MAX(earlier.game_date) AS STRING), ' and ',
              CAST(MIN(opening.first_game) AS STRING)) AS named
FROM (SELECT week, MIN(game_date) AS first_game, COUNT(*) AS games FROM {bdl_games} AS listed GROUP BY week) AS opening
JOIN {bdl_games_so_far} AS earlier
ON earlier.game_date < opening.first_game AND earlier.game_date >= opening.week - 42
GROUP BY opening.week
""",
        (Threshold("gaps_before_the_week", NONE, SEASONS, warn_range=Range()),),
        blocking=False,
        why="Within a season there is never more than a week without a game (the check reads 42 days back).",
        remedy="materialize the weeks of the gap with refresh: true; ignore it if the season was really interrupted.",
        due=None,
    ),
)
