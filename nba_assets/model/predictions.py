"""Predictions of a week's games, and their grades when the games are final."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nba_assets.model.comparison import MOCK, baselines
from nba_assets.model.intervals import MEAN, apply_offsets, ends, no_offsets
from nba_assets.model.training import TrainedModel, predict
from nba_assets.tables.model import COVERAGES, PLAYER_POINTS, PREDICTION_ACCURACY


def predict_week(features: pd.DataFrame, model: TrainedModel) -> pd.DataFrame:
    """PLAYER_POINTS rows of every player not ruled out, from the feature rows of one week."""
    rows = features.loc[~features["ruled_out"].astype(bool)].reset_index(drop=True)
    known = baselines(rows)
    predicted = predict(model, rows) if len(rows) else np.empty(0)
    spread = apply_offsets(model.card.offsets, predicted) if model.card.offsets else no_offsets(len(rows))
    return rows.assign(
        model_id=model.card.model_id,
        predicted_points=predicted,
        mean_points=spread.pop(MEAN),
        **spread,
        mock_points=known[MOCK],
        last_10_points=known["last 10"],
    )[PLAYER_POINTS.column_names]


def grade(predictions: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """PREDICTION_ACCURACY rows of the predictions whose game is final.

    summary: PLAYER_GAME_SUMMARY rows of the same weeks. The prediction of a player who did not play is void: it says
    how many points he scores if he plays.
    """
    outcome = summary[["game_id", "player_id", "played", "pts", "absence_reason"]]
    rows = predictions.merge(outcome, on=["game_id", "player_id"], how="inner")
    graded = rows["played"].astype(bool)
    points = rows["pts"].astype("float64").where(graded)
    error = rows["predicted_points"] - points
    size = error.abs()
    return rows.assign(
        graded=graded,
        void_reason=rows["absence_reason"].fillna("did not play").where(~graded, None),
        points=points,
        error=error,
        mean_error=rows["mean_points"] - points,
        absolute_error=size,
        mock_absolute_error=(rows["mock_points"] - points).abs(),
        within_3=(size <= 3).astype(object).where(graded, None),
        within_5=(size <= 5).astype(object).where(graded, None),
        **{f"in_interval_{coverage}": _inside(rows, points, coverage) for coverage in COVERAGES},
    )[PREDICTION_ACCURACY.column_names]


def _inside(rows: pd.DataFrame, points: pd.Series[float], coverage: int) -> pd.Series[object]:
    low, high = (rows[end] for end in ends(coverage))
    return points.between(low, high).astype(object).where(points.notna() & low.notna(), None)
