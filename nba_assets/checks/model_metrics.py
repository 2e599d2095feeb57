"""What is measured in features and predictions, as SQL like that of `metrics`."""

FEATURE_ROWS = """
SELECT summary.week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN feature.player_id IS NULL THEN 1 ELSE 0 END) AS summary_rows_without_features
FROM {player_game_summary} AS summary
LEFT JOIN {player_game_features} AS feature
ON feature.game_id = summary.game_id AND feature.player_id = summary.player_id AND feature.week = summary.week
GROUP BY summary.week
"""

NULL_FEATURES = """
SELECT week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN points_avg_last_10 IS NULL OR minutes_avg_last_10 IS NULL THEN 1.0 ELSE 0.0 END)
           AS form_null_share,
       AVG(CASE WHEN opponent_def_rating_last_15 IS NULL OR team_pace_last_10 IS NULL THEN 1.0 ELSE 0.0 END)
           AS context_null_share
FROM {player_game_features} AS feature WHERE games_this_season >= 5 GROUP BY week
"""

PREDICTIONS = """
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
"""

PREDICTED_RANGE = """
SELECT week, COUNT(*) AS rows_looked_at, MIN(predicted_points) AS lowest_prediction,
       MAX(predicted_points) AS highest_prediction, AVG(predicted_points) AS mean_prediction
FROM {player_points} AS prediction GROUP BY week
"""

WEEKLY_ERROR = """
SELECT week, COUNT(*) AS rows_looked_at, AVG(absolute_error) AS mean_absolute_error,
       AVG(absolute_error) / AVG(mock_absolute_error) AS error_ratio_to_mock
FROM {prediction_accuracy} AS accuracy WHERE graded AND mock_absolute_error IS NOT NULL GROUP BY week
"""

# In standard errors of the week's mean, so that a play-off week of 40 rows may stray farther than one of 1,000; from
# four earlier weeks on, because the first models of a season still learn.
ERROR_OF_TRAILING_WEEKS = """
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
WHERE accuracy.graded GROUP BY accuracy.week
"""

TRAINED_ON_THE_PAST = """
SELECT week, SUM(training_rows) AS rows_looked_at, MIN(training_rows) AS training_rows,
       MIN(days_before_week) AS days_from_training_to_week
FROM {xgboost_model} AS model GROUP BY week
"""

GAIN_SHARES = """
SELECT week, SUM(training_rows) AS rows_looked_at, MAX(top_three_gain_share) AS top_three_gain_share,
       MIN(context_gain_share) AS context_gain_share
FROM {xgboost_model} AS model GROUP BY week
"""
