"""Rows a model can learn from: points follow from two features and a little noise."""

import datetime as dt

import numpy as np
import pandas as pd

from nba_assets.model.training import Parameters, TrainedModel, train

FEATURES = ("points_avg_last_10", "minutes_avg_last_10", "days_rest")
START = Parameters.start
FEW_TREES = Parameters(rounds=25, max_depth=3, learning_rate=0.3, min_child_weight=5.0)
FIRST_WEEK = dt.date(2021, 10, 15)


def learnable_rows(weeks: int = 10, per_week: int = 60, seed: int = 0) -> pd.DataFrame:
    """`weeks` weeks of `per_week` played rows each."""
    rng = np.random.default_rng(seed)
    count = weeks * per_week
    form, minutes = rng.uniform(0, 25, count), rng.uniform(5, 38, count)
    week = np.repeat([FIRST_WEEK + dt.timedelta(weeks=number) for number in range(weeks)], per_week)
    return pd.DataFrame(
        {
            "week": week,
            "game_date": week,
            "game_id": np.arange(count) // 20,
            "player_id": np.arange(count) % 20,
            "season": 2021,
            "played": True,
            "points": (0.7 * form + 0.2 * minutes + rng.normal(0, 2, count)).round().clip(0),
            "points_avg_last_10": form,
            "minutes_avg_last_10": minutes,
            "days_rest": rng.integers(1, 5, count).astype(float),
        }
    )


def started_rows(weeks: int = 10, per_week: int = 60, seed: int = 0) -> pd.DataFrame:
    """The same with a regression's predictions to start from, off by what the minutes say."""
    rows = learnable_rows(weeks, per_week, seed)
    return rows.assign(**{START: 0.7 * rows["points_avg_last_10"] + 4})


def trained_model(seed: int) -> TrainedModel:
    return train(learnable_rows(seed=seed), feature_set="v1", features=FEATURES, parameters=FEW_TREES)
