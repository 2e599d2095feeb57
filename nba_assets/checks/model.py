"""The checks of features, models and predictions."""

import math

from nba_assets.checks.check import DEFINITION, DESIGN, NONE, SEASONS, Check, Range, Threshold
from nba_assets.tables import PLAYER_GAME_FEATURES, PLAYER_POINTS, PREDICTION_ACCURACY, XGBOOST_MODEL
from nba_assets.tables.model import COVERAGES

NO_TARGET_LEAKAGE = "no_target_leakage"


def _coverage(coverage: int) -> str:
    """How far the share of points inside the interval is from its name, in standard errors of that share."""
    share, deviation = coverage / 100, math.sqrt(coverage / 100 * (1 - coverage / 100))
    return (
        f"({_inside(coverage)} - {share}) * SQRT(COUNT(*)) / {deviation:.4f} AS standard_errors_of_{coverage}_percent"
    )


def _share_inside(coverage: int) -> str:
    return f"'the {coverage} % interval held ', CAST(ROUND(100 * {_inside(coverage)}, 1) AS STRING), ' %'"


def _inside(coverage: int) -> str:
    return f"AVG(CASE WHEN in_interval_{coverage} THEN 1.0 ELSE 0.0 END)"


MODEL_CHECKS: tuple[Check, ...] = (
    Check(
        PLAYER_GAME_FEATURES,
        "rows_of_the_summary",
        """
SELECT summary.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN feature.player_id IS NULL THEN 1 ELSE 0 END) AS summary_rows_without_features
FROM {player_game_summary} AS summary
LEFT JOIN {player_game_features} AS feature
ON feature.game_id = summary.game_id AND feature.player_id = summary.player_id AND feature.week = summary.week
GROUP BY summary.week
""",
        (Threshold("summary_rows_without_features", NONE, DEFINITION),),
        blocking=True,
        why="Every player-game of the summary has features; a missing one would be missing in training.",
        remedy="materialize the summary and the features of the week together.",
    ),
    Check(
        PLAYER_GAME_FEATURES,
        NO_TARGET_LEAKAGE,
        "",
        (Threshold("leaking_features", NONE, DEFINITION),),
        blocking=True,
        why="A feature must not use the result of its own game or a later one. The features of the week's day with "
        "the most games (in a run of many weeks, of every few weeks) are computed again without the results of that "
        "day and all later ones, and must not change.",
        remedy="repair the named features; the fault is in the code, not in the week's rows.",
        due=None,
    ),
    Check(
        PLAYER_GAME_FEATURES,
        "null_features",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN points_avg_last_10 IS NULL OR minutes_avg_last_10 IS NULL THEN 1.0 ELSE 0.0 END)
           AS form_null_share,
       AVG(CASE WHEN opponent_def_rating_last_15 IS NULL OR team_pace_last_10 IS NULL THEN 1.0 ELSE 0.0 END)
           AS context_null_share
FROM {player_game_features} AS feature WHERE games_this_season >= 5 GROUP BY week
""",
        (
            Threshold("form_null_share", Range(below=0.01), SEASONS, warn_range=Range(at_most=0.05)),
            Threshold("context_null_share", Range(below=0.05), SEASONS, warn_range=Range(at_most=0.5)),
        ),
        blocking=False,
        why="A player with five games this season has form and context features; no default replaces a NULL.",
        remedy="materialize the earlier weeks of the season; features read all of them.",
        due=None,
    ),
    Check(
        XGBOOST_MODEL,
        "trained_on_the_past",
        """
SELECT week, SUM(training_rows) AS rows_looked_at, MIN(training_rows) AS training_rows,
       MIN(days_before_week) AS days_from_training_to_week
FROM {xgboost_model} AS model GROUP BY week
""",
        (
            Threshold("training_rows", Range(at_least=200), DESIGN),
            Threshold("days_from_training_to_week", Range(at_least=1), DEFINITION),
        ),
        blocking=True,
        why="A week's model is trained on enough games, all before the week.",
        remedy="materialize the features of earlier weeks.",
        due=None,
    ),
    Check(
        XGBOOST_MODEL,
        "gain_shares",
        """
SELECT week, SUM(training_rows) AS rows_looked_at, MAX(top_three_gain_share) AS top_three_gain_share,
       MIN(context_gain_share) AS context_gain_share
FROM {xgboost_model} AS model GROUP BY week
""",
        (
            Threshold("top_three_gain_share", Range(below=0.60), DESIGN, warn_range=Range()),
            Threshold("context_gain_share", Range(at_least=0.05), DESIGN, warn_range=Range()),
        ),
        blocking=False,
        why="A model that relies on three subjects, or ignores context features, is little more than an average. "
        "Features that say nearly the same are one subject (SUBJECTS in tables/features.py).",
        remedy="look at the gain chart of nba_ml/model_comparison.",
        due=None,
    ),
    Check(
        PLAYER_POINTS,
        "predictions_per_game",
        """
SELECT week, SUM(predictions) AS rows_looked_at, MIN(predictions) AS fewest_predictions,
       MAX(predictions) AS most_predictions, SUM(ruled_out) AS ruled_out_predicted
FROM (
    SELECT prediction.week, prediction.game_id, COUNT(*) AS predictions,
           SUM(CASE WHEN feature.ruled_out THEN 1 ELSE 0 END) AS ruled_out
    FROM {player_points} AS prediction
    LEFT JOIN {player_game_features} AS feature
    ON feature.game_id = prediction.game_id AND feature.player_id = prediction.player_id
       AND feature.week = prediction.week
    GROUP BY prediction.week, prediction.game_id
) AS game GROUP BY week
""",
        (
            Threshold("fewest_predictions", Range(at_least=16), DESIGN, warn_range=Range(at_least=12)),
            Threshold("most_predictions", Range(at_most=40), DESIGN, warn_range=Range(at_most=50)),
            Threshold("ruled_out_predicted", NONE, DEFINITION),
        ),
        blocking=False,
        why="Every game has predictions for the players who may play, and none for a player who was ruled out.",
        remedy="look at the week's features: rosters or injury reports are probably incomplete.",
        due=None,
    ),
    Check(
        PLAYER_POINTS,
        "predicted_range",
        """
SELECT week, COUNT(*) AS rows_looked_at, MIN(predicted_points) AS lowest_prediction,
       MAX(predicted_points) AS highest_prediction, AVG(predicted_points) AS mean_prediction
FROM {player_points} AS prediction GROUP BY week
""",
        (
            Threshold("lowest_prediction", Range(at_least=0), DESIGN),
            Threshold("highest_prediction", Range(at_most=60), DESIGN),
            Threshold("mean_prediction", Range(5, 20), DESIGN),
        ),
        blocking=True,
        why="Predicted points lie between 0 and 60 and average about 8.",
        remedy="look at the week's model and features.",
        due=None,
    ),
    Check(
        PREDICTION_ACCURACY,
        "error_against_mock",
        """
SELECT week, COUNT(*) AS rows_looked_at, AVG(absolute_error) AS mean_absolute_error,
       AVG(absolute_error) / AVG(mock_absolute_error) AS error_ratio_to_mock
FROM {prediction_accuracy} AS accuracy WHERE graded AND mock_absolute_error IS NOT NULL GROUP BY week
""",
        (
            Threshold("mean_absolute_error", Range(at_most=6.0), SEASONS, warn_range=Range()),
            Threshold("error_ratio_to_mock", Range(at_most=1.05), SEASONS, warn_range=Range()),
        ),
        blocking=False,
        why="A week's mean absolute error is not unusually high, nor above the expert formula's on the same rows.",
        remedy="compare with earlier weeks in the plot; a jump points to wrong features or rosters.",
        due=None,
    ),
    # The regular season ends within a week, in April or later; no other week then lacks a game on its last day.
    # In standard errors of the week's mean, so that a play-off week of 40 rows may deviate more than one of 1,000 rows;
    # from four earlier weeks on, because a season's first models have few games to learn from.
    Check(
        PREDICTION_ACCURACY,
        "error_against_trailing_weeks",
        """
SELECT accuracy.week, COUNT(*) AS rows_looked_at,
       (AVG(accuracy.absolute_error) - MAX(before_it.mean_error)) * SQRT(COUNT(*)) / MAX(before_it.deviation)
           AS standard_errors_from_trailing_weeks
FROM {prediction_accuracy} AS accuracy
JOIN (
    SELECT judged.week, AVG(earlier.absolute_error) AS mean_error, STDDEV_SAMP(earlier.absolute_error) AS deviation
    FROM (SELECT DISTINCT week FROM {prediction_accuracy} AS listed) AS judged
    JOIN {prediction_accuracy_so_far} AS earlier
    ON earlier.week < judged.week AND earlier.week >= judged.week - {days_before}
    WHERE earlier.graded GROUP BY judged.week HAVING COUNT(DISTINCT earlier.week) >= 4
) AS before_it ON before_it.week = accuracy.week
LEFT JOIN (
    SELECT week FROM {bdl_games} AS listed WHERE NOT postseason GROUP BY week
    HAVING MAX(game_date) < week + 6 AND EXTRACT(MONTH FROM MAX(game_date)) BETWEEN 4 AND 8
) AS season_end ON season_end.week = accuracy.week
WHERE accuracy.graded AND season_end.week IS NULL GROUP BY accuracy.week
""",
        (Threshold("standard_errors_from_trailing_weeks", Range(-8, 5), SEASONS, warn_range=Range()),),
        blocking=False,
        why="A week's error is close to that of the eight weeks before it; a much lower one is suspicious too (target "
        "leakage). The last week of a regular season is not judged: teams rest their regulars, and errors rise.",
        remedy="look at that week's features, rosters and injury reports, then at the plot of mean_absolute_error.",
        due=None,
    ),
    # In standard errors of a share, so that a play-off week of 40 rows may deviate more than one of 1,000 rows.
    Check(
        PREDICTION_ACCURACY,
        "interval_coverage",
        f"""
SELECT week, COUNT(*) AS rows_looked_at, {", ".join(map(_coverage, COVERAGES))},
       CONCAT({", '; ', ".join(map(_share_inside, COVERAGES))}) AS named
FROM {{prediction_accuracy}} AS accuracy WHERE in_interval_{COVERAGES[0]} IS NOT NULL GROUP BY week
""",
        tuple(
            Threshold(f"standard_errors_of_{coverage}_percent", Range(-5, 5), SEASONS, warn_range=Range())
            for coverage in COVERAGES
        ),
        blocking=False,
        why="As many points lie in the intervals as their names say.",
        remedy="compare with the coverage by season in the accuracy report; features or rosters may be wrong.",
        due=None,
    ),
)
