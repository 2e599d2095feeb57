"""Predictions: points before tip-off by each week's own model, and how they turned out."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from nba_assets.model.predictions import grade, predict_week
from nba_assets.model.training import TrainedModel
from nba_assets.model_tables import PLAYER_POINTS, PREDICTION_ACCURACY, XGBOOST_MODEL
from nba_assets.weekly_asset import SameWeeks, weekly_asset

MODELS = dg.AssetIn(XGBOOST_MODEL.asset_key, input_manager_key="model_artifacts")


@weekly_asset(PLAYER_POINTS, code_version="1", kinds={"xgboost"}, ins={"xgboost_model": MODELS})
def player_points(
    player_game_features: SameWeeks, xgboost_model: dict[str, TrainedModel], weeks: Sequence[dt.date]
) -> pd.DataFrame:
    """A week before the first model has no predictions: nothing is predicted by something that was never trained."""
    predicted = [
        predict_week(player_game_features.loc[player_game_features["week"] == week], xgboost_model[f"{week}"])
        for week in weeks
        if f"{week}" in xgboost_model
    ]
    return pd.concat(predicted, ignore_index=True) if predicted else pd.DataFrame(columns=PLAYER_POINTS.column_names)


@weekly_asset(PREDICTION_ACCURACY, code_version="1", kinds={"pandas"})
def prediction_accuracy(player_points: SameWeeks, player_game_summary: SameWeeks) -> pd.DataFrame:
    """Final games only: a prediction of a game still to come is graded once the week is materialized again."""
    return grade(player_points, player_game_summary)
