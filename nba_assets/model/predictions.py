"""Predicting a week's games, and grading predictions once the games are final."""

import numpy as np
import pandas as pd

from nba_assets.model.comparison import baselines
from nba_assets.model.training import TrainedModel, predict
from nba_assets.tables.model import PLAYER_POINTS, PREDICTION_ACCURACY


def predict_week(features: pd.DataFrame, model: TrainedModel) -> pd.DataFrame:
    """PLAYER_POINTS rows of every player not ruled out, from the feature rows of one week."""
    rows = features.loc[~features["ruled_out"].astype(bool)].reset_index(drop=True)
    known = baselines(rows)
    return rows.assign(
        model_id=model.card.model_id,
        predicted_points=predict(model, rows) if len(rows) else np.empty(0),
        mock_points=known["mock"],
        last_10_points=known["last 10"],
    )[PLAYER_POINTS.column_names]


def grade(predictions: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """PREDICTION_ACCURACY rows of the predictions whose game is final.

    summary: PLAYER_GAME_SUMMARY rows of the same weeks. Who did not play is void: a prediction of points does not say
    whether he plays.
    """
    outcome = summary[["game_id", "player_id", "played", "pts", "absence_reason"]]
    rows = predictions.merge(outcome, on=["game_id", "player_id"], how="inner")
    graded = rows["played"].astype(bool)
    points = rows["pts"].astype("float64").where(graded)
    error = rows["predicted_points"] - points
    off = error.abs()
    return rows.assign(
        graded=graded,
        void_reason=rows["absence_reason"].fillna("did not play").where(~graded, None),
        points=points,
        error=error,
        absolute_error=off,
        mock_absolute_error=(rows["mock_points"] - points).abs(),
        within_3=(off <= 3).astype(object).where(graded, None),
        within_5=(off <= 5).astype(object).where(graded, None),
    )[PREDICTION_ACCURACY.column_names]
