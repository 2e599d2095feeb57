"""The checks of features, models and predictions; their numbers come from the design or from the real seasons."""

from nba_assets.checks import model_metrics
from nba_assets.checks.check import DEFINITION, DESIGN, NONE, SEASONS, Check, Range, Threshold
from nba_assets.tables.model import PLAYER_GAME_FEATURES, PLAYER_POINTS, PREDICTION_ACCURACY, XGBOOST_MODEL

NO_TARGET_LEAKAGE = "no_target_leakage"

MODEL_CHECKS: tuple[Check, ...] = (
    Check(
        PLAYER_GAME_FEATURES,
        "rows_of_the_summary",
        model_metrics.FEATURE_ROWS,
        (Threshold("summary_rows_without_features", NONE, DEFINITION),),
        blocking=True,
        why="Every player-game of the summary has its features: what is missing here is missing in training.",
        remedy="materialize the summary and the features of the week together.",
    ),
    Check(
        PLAYER_GAME_FEATURES,
        NO_TARGET_LEAKAGE,
        "",
        (Threshold("leaking_features", NONE, DEFINITION),),
        blocking=True,
        why="A feature that sees the game it is to predict, or a later one, makes predictions look too good to be "
        "true. The features of the week's fullest day (in a run of many weeks, of every few weeks') are made again "
        "without the results of that day and of all later ones, and must not change.",
        remedy="repair the features it names; it is a fault of the code, not of the week's rows.",
        due=None,
    ),
    Check(
        PLAYER_GAME_FEATURES,
        "null_features",
        model_metrics.NULL_FEATURES,
        (
            Threshold("form_null_share", Range(below=0.01), SEASONS, warn_range=Range(at_most=0.05)),
            Threshold("context_null_share", Range(below=0.05), SEASONS, warn_range=Range(at_most=0.5)),
        ),
        blocking=False,
        why="Who has five games this season has form, and his games have context; NULL is kept, never a default.",
        remedy="materialize the earlier weeks of the season: features read all of them.",
        due=None,
    ),
    Check(
        XGBOOST_MODEL,
        "trained_on_the_past",
        model_metrics.TRAINED_ON_THE_PAST,
        (
            Threshold("training_rows", Range(at_least=200), DESIGN),
            Threshold("days_from_training_to_week", Range(at_least=1), DEFINITION),
        ),
        blocking=True,
        why="A week's model has seen only games before the week, and enough of them.",
        remedy="materialize the features of earlier weeks.",
        due=None,
    ),
    Check(
        XGBOOST_MODEL,
        "gain_shares",
        model_metrics.GAIN_SHARES,
        (
            Threshold("top_three_gain_share", Range(below=0.60), DESIGN, warn_range=Range()),
            Threshold("context_gain_share", Range(at_least=0.05), DESIGN, warn_range=Range()),
        ),
        blocking=False,
        why="A model that leans on three features, or ignores the game's context, is an average in disguise.",
        remedy="look at the gain chart of nba_ml/model_comparison.",
        due=None,
    ),
    Check(
        PLAYER_POINTS,
        "predictions_per_game",
        model_metrics.PREDICTIONS,
        (
            Threshold("fewest_predictions", Range(at_least=16), DESIGN, warn_range=Range(at_least=12)),
            Threshold("most_predictions", Range(at_most=40), DESIGN, warn_range=Range(at_most=50)),
            Threshold("ruled_out_predicted", NONE, DEFINITION),
        ),
        blocking=False,
        why="Every game has a prediction for each player who may play, and none for one who was ruled out.",
        remedy="look at the features of the week: rosters or injury reports are incomplete.",
        due=None,
    ),
    Check(
        PLAYER_POINTS,
        "predicted_range",
        model_metrics.PREDICTED_RANGE,
        (
            Threshold("lowest_prediction", Range(at_least=0), DESIGN),
            Threshold("highest_prediction", Range(at_most=60), DESIGN),
            Threshold("mean_prediction", Range(5, 20), DESIGN),
        ),
        blocking=True,
        why="Predicted points lie within 0 to 60 and are about 8 on average.",
        remedy="look at the week's model and features.",
        due=None,
    ),
    Check(
        PREDICTION_ACCURACY,
        "error_against_mock",
        model_metrics.WEEKLY_ERROR,
        (
            Threshold("mean_absolute_error", Range(at_most=6.0), SEASONS, warn_range=Range()),
            Threshold("error_ratio_to_mock", Range(at_most=1.05), SEASONS, warn_range=Range()),
        ),
        blocking=False,
        why="A week's error is no outlier and does not exceed the expert formula's on the same rows.",
        remedy="compare with earlier weeks in the plot; a jump means features or rosters went wrong.",
        due=None,
    ),
    Check(
        PREDICTION_ACCURACY,
        "error_against_trailing_weeks",
        model_metrics.ERROR_OF_TRAILING_WEEKS,
        (Threshold("standard_errors_from_trailing_weeks", Range(-8, 5), SEASONS, warn_range=Range()),),
        blocking=False,
        why="A week's error stays near that of the eight weeks before it; far below is as suspect (a leak) as far "
        "above. The last week of 2022-23, when regulars rested, is the one real week outside.",
        remedy="look at that week's features, rosters and injury reports, then at the plot of mean_absolute_error.",
        due=None,
    ),
)
