"""Baselines that a model has to beat: an expert's hand-tuned formula and plain averages."""

from __future__ import annotations

import numpy as np
import pandas as pd


def mock_prediction(features: pd.DataFrame) -> pd.Series:
    """Points by the formula of the previous system's expert, 0 to 60; NaN for a player without an earlier game.

    Without a game this season the season's average is the last 10 games'; an adjustment whose feature is NULL is 0.
    """
    season = features["points_avg_season"].fillna(features["points_avg_last_10"])
    form = 0.35 * features["points_avg_last_5"] + 0.40 * features["points_avg_last_10"] + 0.25 * season
    fatigue, spike = features["fatigue_score"], features["usage_spike"]
    pace = ((features["opponent_pace_last_15"] - features["team_pace_last_10"]) / 2).clip(-3, 3)
    defence, minutes = features["opponent_def_rating_last_15"], features["minutes_avg_last_10"]
    adjustments = [
        np.select([fatigue < 50, fatigue < 70, fatigue > 85], [-2.5, -1.0, 0.5], 0.0),
        spike * np.where(spike.abs() > 5, 0.35, 0.25),
        pace * np.where(features["usage_rate_last_10"] > 28, 0.12, 0.08),
        np.select([defence < 108, defence > 118], [-1.5, 1.0], 0.0),
        -2.2 * features["back_to_back"],
        np.where(features["is_home"] == 1, 1.0, -0.6),
        np.select([minutes > 36, minutes < 25], [0.8, -1.2], 0.0),
    ]
    total = sum((pd.Series(adjustment, index=features.index).fillna(0.0) for adjustment in adjustments), start=form)
    return total.clip(0, 60).rename("mock")


def last_10_prediction(features: pd.DataFrame) -> pd.Series:
    return features["points_avg_last_10"].rename("last_10")


def season_prediction(features: pd.DataFrame) -> pd.Series:
    return features["points_avg_season"].rename("season_average")
