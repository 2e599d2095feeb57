"""The tables of features, models and predictions."""

from nba_assets.tables.features import FEATURES
from nba_assets.tables.schema import (
    OPPONENT,
    PLAYER_GAME,
    WEEK,
    Column,
    Table,
    Type,
    number,
    required,
)

COVERAGES = (50, 80, 90)
"""Of the intervals around a prediction, in percent."""

_NO_INTERVAL = "NULL while the history is too short to measure it"

PLAYER_GAME_FEATURES = Table(
    "nba_features",
    "player_game_features",
    "One row per rostered player and game, played or not: what was known about him and both teams before the game's "
    "date, for training and prediction. The target, points, is not a feature and is NULL unless he played.",
    key=("game_id", "player_id"),
    columns=(
        *PLAYER_GAME,
        OPPONENT,
        required("ruled_out", Type.BOOLEAN, "ruled out by the injury report before tip-off"),
        Column("played", Type.BOOLEAN, "was on the court; NULL for a game still to come"),
        Column("points", Type.FLOAT, "target: points scored; NULL unless played"),
        *(number(feature.name, feature.text) for feature in FEATURES),
    ),
)

PLAYER_POINTS = Table(
    "nba_predictions",
    "player_points",
    "One prediction per game for every player not ruled out before tip-off, by the model of that week, which was "
    "trained on earlier weeks only. The same rows hold the baselines' predictions.",
    key=("game_id", "player_id"),
    columns=(
        *PLAYER_GAME,
        OPPONENT,
        required("model_id", Type.TEXT, "model of the prediction, by its name in the artifact folder"),
        required(
            "predicted_points",
            Type.FLOAT,
            "predicted points, 0 to 60: the median, as often exceeded as not. As points are skewed, it is about half a "
            "point under the mean",
        ),
        number("mean_points", f"mean of the points to expect, the number to add up; {_NO_INTERVAL}"),
        *(
            number(
                f"interval_{coverage}_{end}", f"{words} end of the {coverage} % interval of the points; {_NO_INTERVAL}"
            )
            for coverage in COVERAGES
            for end, words in (("low", "lower"), ("high", "upper"))
        ),
        number("mock_points", "points by the hand-tuned expert formula; NULL without an earlier game"),
        number("last_10_points", "mean points of his last ten games; NULL without an earlier game"),
    ),
)

PREDICTION_ACCURACY = Table(
    "nba_predictions",
    "prediction_accuracy",
    "Predictions of final games and the points scored. The prediction is void if the player did not play.",
    key=("game_id", "player_id"),
    columns=(
        *PLAYER_GAME,
        required("model_id", Type.TEXT, "model of the prediction"),
        required("predicted_points", Type.FLOAT, "predicted points: the median"),
        required("graded", Type.BOOLEAN, "true if he played, so that the prediction counts"),
        Column("void_reason", Type.TEXT, "why the prediction is void; NULL where it counts"),
        number("points", "points scored; NULL where void"),
        number("error", "predicted minus scored; NULL where void"),
        number("mean_error", "mean_points minus scored; NULL where void or without mean_points"),
        number("absolute_error", "size of the error; NULL where void"),
        number("mock_absolute_error", "size of the expert formula's error; NULL where void or without an earlier game"),
        Column("within_3", Type.BOOLEAN, "off by 3 points at the most; NULL where void"),
        Column("within_5", Type.BOOLEAN, "off by 5 points at the most; NULL where void"),
        *(
            Column(
                f"in_interval_{coverage}",
                Type.BOOLEAN,
                f"the points lie in the {coverage} % interval; NULL where void or without interval",
            )
            for coverage in COVERAGES
        ),
    ),
)

MODEL_COMPARISON = Table(
    "nba_ml",
    "model_comparison",
    "The newest comparison of all feature sets and baselines, on the same test rows of a split by date.",
    key=("contender",),
    columns=(
        required("contender", Type.TEXT, "feature set or baseline"),
        required("compared_at", Type.TIMESTAMP, "time of the comparison (UTC)"),
        required("test_first_date", Type.DATE, "first league date of the test rows"),
        required("test_last_date", Type.DATE, "last league date of the test rows"),
        required("test_rows", Type.INTEGER, "test rows, the same for every contender"),
        required("mae", Type.FLOAT, "mean absolute error in points"),
        required("bias", Type.FLOAT, "mean of predicted minus scored points"),
        required("within_3", Type.FLOAT, "share of predictions off by 3 points at the most"),
        required("within_5", Type.FLOAT, "share of predictions off by 5 points at the most"),
        required("mae_minus_mock", Type.FLOAT, "mean absolute error minus the expert formula's"),
        required("interval_low", Type.FLOAT, "lower end of the 95 % bootstrap interval of mae_minus_mock"),
        required("interval_high", Type.FLOAT, "upper end of the 95 % bootstrap interval of mae_minus_mock"),
        required("mae_minus_regression", Type.FLOAT, "mean absolute error minus the weekly regression's"),
        required("regression_interval_low", Type.FLOAT, "lower end of the 95 % interval of mae_minus_regression"),
        required("regression_interval_high", Type.FLOAT, "upper end of the 95 % interval of mae_minus_regression"),
    ),
    date_column="test_last_date",
)

XGBOOST_MODEL = Table(
    "nba_ml",
    "xgboost_model",
    "The points model of each week, trained on the weeks before it, one row per week. Its file and card are "
    "in the artifact folder, under its model_id. The first weeks, with too few rows to train on, have none.",
    key=("week",),
    columns=(
        WEEK,
        required("model_id", Type.TEXT, "model, by its name in the artifact folder; equal models have equal names"),
        required("trained_for", Type.DATE, "week it was trained for: an earlier one where this week has no games"),
        required("feature_set", Type.TEXT, "v1, v3, v4, v5 or v6"),
        required("first_week", Type.DATE, "first week it was trained on"),
        required("last_week", Type.DATE, "last week it was trained on"),
        required("training_rows", Type.INTEGER, "rows it was trained on"),
        required("days_before_week", Type.INTEGER, "days from the newest game it was trained on to the week"),
        required(
            "top_three_gain_share", Type.FLOAT, "share of the three subjects with the most gain in the total gain"
        ),
        required(
            "context_gain_share", Type.FLOAT, "share of the features other than the player's own form in the total gain"
        ),
    ),
    date_column="week",
)

MODEL_TABLES = (PLAYER_GAME_FEATURES, XGBOOST_MODEL, PLAYER_POINTS, PREDICTION_ACCURACY)
