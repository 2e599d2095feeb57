"""The checks of the raw box scores."""

from nba_assets.checks.check import DEFINITION, FETCH_AGAIN, HAND_OFF, NONE, SEASONS, Check, Range, Threshold
from nba_assets.tables import BDL_PLAYER_BOXSCORES

BOX_SCORE_CHECKS: tuple[Check, ...] = (
    Check(
        BDL_PLAYER_BOXSCORES,
        "minutes_null_rate",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN minutes IS NULL THEN 1.0 ELSE 0.0 END) AS minutes_null_rate
FROM {bdl_player_boxscores} AS box GROUP BY week
""",
        (Threshold("minutes_null_rate", Range(below=0.01), HAND_OFF, warn_range=Range(at_most=0.05)),),
        blocking=True,
        why='Every player has minutes, "00" if he did not play; a NULL is an error of the source.',
        remedy=FETCH_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "rows_per_final_game",
        """
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
""",
        (
            Threshold("rows_per_final_game", Range(24, 42), SEASONS, warn_range=Range(20, 60)),
            Threshold("final_games_without_rows", NONE, DEFINITION),
            Threshold("final_games_of_one_team", NONE, DEFINITION),
            Threshold("final_games_all_zero", NONE, DEFINITION),
        ),
        blocking=True,
        why="Every final game has box scores of both rosters; an empty response is no week without games.",
        remedy=FETCH_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "points_add_up",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN COALESCE(pts, 0) <> COALESCE(2 * fgm + fg3m + ftm, 0) THEN 1 ELSE 0 END) AS rows_of_wrong_points
FROM {bdl_player_boxscores} AS box GROUP BY week
""",
        (Threshold("rows_of_wrong_points", NONE, DEFINITION),),
        blocking=True,
        why="Points equal 2 FGM + FG3M + FTM in every row.",
        remedy=FETCH_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "team_points_match_score",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN player_points <> score THEN 1 ELSE 0 END) AS team_scores_not_matched
FROM (
    SELECT game.week, game.game_id, box.team, COALESCE(SUM(box.pts), 0) AS player_points,
           MAX(CASE WHEN box.team = game.home_team THEN game.home_score ELSE game.visitor_score END) AS score
    FROM {final_games} AS game
    JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id AND box.week = game.week
    GROUP BY game.week, game.game_id, box.team
) AS team_game GROUP BY week
""",
        (Threshold("team_scores_not_matched", NONE, SEASONS),),
        blocking=False,
        why="The points of a team's players add up to its score.",
        remedy="a player is missing or was corrected later: refresh the week; if that fails, report it to the source.",
    ),
)
