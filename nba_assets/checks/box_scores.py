"""The checks of the raw box scores."""

from nba_assets.checks.check import (
    DEFINITION,
    DESIGN,
    FETCH_AGAIN,
    HAND_OFF,
    LISTED_FINAL_GAMES,
    NONE,
    SEASONS,
    Check,
    Range,
    Threshold,
)
from nba_assets.checks.quarantine import MOST_GAMES_QUARANTINED, quarantined_rows
from nba_assets.tables import BDL_PLAYER_BOXSCORES, COUNTING_STATS

BOX_SCORE_CHECKS: tuple[Check, ...] = (
    Check(
        BDL_PLAYER_BOXSCORES,
        "quarantined_games",
        """
SELECT game.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN quarantined.game_id IS NULL THEN 0 ELSE 1 END) AS games_quarantined,
       AVG(CASE WHEN quarantined.game_id IS NULL THEN 0.0 ELSE 1.0 END) AS share_of_final_games,
       STRING_AGG(quarantined.reason, '; ' ORDER BY game.game_date, game.game_id) AS named
FROM {listed_final_games} AS game
LEFT JOIN (
    SELECT game_id, MIN(reason) AS reason FROM {bdl_player_boxscores_quarantine} AS item
    WHERE whole_game GROUP BY game_id
) AS quarantined ON quarantined.game_id = game.game_id
GROUP BY game.week
""",
        (
            Threshold("games_quarantined", NONE, SEASONS, warn_range=Range()),
            Threshold("share_of_final_games", Range(at_most=MOST_GAMES_QUARANTINED), DESIGN),
        ),
        blocking=False,
        why="The box score of every final game is there, adds up to its score and length, and has lost no line.",
        remedy="nba_raw.bdl_player_boxscores_quarantine has rows and reasons; the next run of the week fetches them "
        "again. If the new numbers are right although they lack lines, use accept_changes: true.",
        due=None,
    ),
    quarantined_rows(
        BDL_PLAYER_BOXSCORES,
        "quarantined_rows",
        SEASONS,
        "Every row can be read and belongs to a listed game and one of its teams.",
    ),
    # Between two weeks of the real seasons at most 0.1 % of the lines of players who shot are the same.
    Check(
        BDL_PLAYER_BOXSCORES,
        "no_repeated_lines",
        f"""
SELECT week, COUNT(*) AS rows_looked_at, AVG(CASE WHEN copies > 0 THEN 1.0 ELSE 0.0 END) AS share_of_copied_lines
FROM (
    SELECT new.week, new.game_id, new.player_id, COUNT(old.player_id) AS copies
    FROM {{bdl_player_boxscores}} AS new
    LEFT JOIN {{bdl_player_boxscores_so_far}} AS old ON old.player_id = new.player_id
    AND old.game_date BETWEEN new.game_date - 7 AND new.game_date - 1
    AND old.minutes = new.minutes AND {" AND ".join(f"old.{stat} = new.{stat}" for stat in COUNTING_STATS)}
    WHERE new.fga > 0 GROUP BY new.week, new.game_id, new.player_id
) AS line GROUP BY week
""",
        (Threshold("share_of_copied_lines", Range(at_most=0.05), SEASONS),),
        blocking=True,
        why="The lines of a week are not those of the days before, sent again under new games.",
        remedy=FETCH_AGAIN,
    ),
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
        due=LISTED_FINAL_GAMES,
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
    WHERE game.home_score <> game.visitor_score GROUP BY game.week, game.game_id, box.team
) AS team_game GROUP BY week
""",
        (Threshold("team_scores_not_matched", NONE, SEASONS, warn_range=Range()),),
        blocking=False,
        why="The points of a team's players add up to its score.",
        remedy="a player is missing or was corrected later: refresh the week; if that fails, report it to the source.",
    ),
)
