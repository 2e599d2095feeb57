"""The model against its rivals on the same rows: a date-disjoint split, errors, and a paired bootstrap interval."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from nba_assets.features.mock_baseline import last_10_prediction, mock_prediction, season_prediction
from nba_assets.model.training import Parameters, TooFewRows, TrainedModel, predict, train
from nba_assets.tables.features import SETS

Errors = np.ndarray[Any, np.dtype[np.float64]]

SHARES = (0.70, 0.15)  # of the rows, in order of date, for training and validation; the rest is the test
BOOTSTRAPS = 2000
SCORING_TIERS = {"under 5": (0, 5), "5 to 10": (5, 10), "10 to 20": (10, 20), "20 and more": (20, 100)}
HISTORY = {"mock": 4.33, "v1": 4.79, "v2": 4.63}
"""What the previous system wrote down. Its mock had the target game inside its averages; honestly it is about 4.7."""


@dataclass(frozen=True)
class Split:
    """Rows in order of date; no date is in two parts."""

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame

    def __post_init__(self) -> None:
        parts = (self.train, self.validation, self.test)
        if any(part.empty for part in parts):
            raise TooFewRows(f"{sum(map(len, parts))} comparable rows are too few for three parts")
        for earlier, later in pairwise(parts):
            if not earlier["game_date"].max() < later["game_date"].min():
                raise AssertionError(
                    f"the split leaks: {earlier['game_date'].max()} is not before {later['game_date'].min()}"
                )


@dataclass(frozen=True)
class Score:
    """How far a contender's predictions were from the points scored, over all test rows.

    bias: mean of prediction minus points. mae_minus_mock and its interval (95 %): the contender's error minus the
    mock's on the same rows; an interval below zero means better than the mock.
    """

    contender: str
    rows: int
    mae: float
    bias: float
    within_3: float
    within_5: float
    mae_minus_mock: float
    interval_low: float
    interval_high: float
    mae_by_tier: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    split: Split
    scores: list[Score]
    models: dict[str, TrainedModel]
    predictions: dict[str, Errors]

    def score(self, contender: str) -> Score:
        return next(score for score in self.scores if score.contender == contender)


def comparable_rows(features: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Played rows of the dates with an earlier game in the season, in order of date: every contender predicts them."""
    known = features["played"].eq(True) & features["points_avg_season"].notna()
    rows = features.loc[known & features["game_date"].between(first, last)]
    return rows.sort_values(["game_date", "game_id", "player_id"], ignore_index=True)


def split_by_date(rows: pd.DataFrame) -> Split:
    """70 / 15 / 15 of the rows in order of date; a date that straddles a border goes to the later part."""
    dates = rows["game_date"]
    if len(rows) < 20:
        raise TooFewRows(f"{len(rows)} comparable rows are too few to compare on")
    borders = [dates.iloc[int(len(rows) * share)] for share in (SHARES[0], sum(SHARES))]
    return Split(
        rows.loc[dates < borders[0]],
        rows.loc[(dates >= borders[0]) & (dates < borders[1])],
        rows.loc[dates >= borders[1]],
    )


def compare(rows: pd.DataFrame, parameters: Parameters) -> Comparison:
    """Every feature set trained on the training part, and every baseline, scored on the test part."""
    split = split_by_date(rows)
    models = {
        name: train(split.train, feature_set=name, features=names, parameters=parameters)
        for name, names in SETS.items()
    }
    predictions = {name: predict(model, split.test) for name, model in models.items()}
    predictions |= baselines(split.test)
    target = split.test["points"].to_numpy(dtype=np.float64)
    mock_error = np.abs(predictions["mock"] - target)
    scores = [
        _score(name, predicted, target, split.test, mock_error, parameters.seed)
        for name, predicted in predictions.items()
    ]
    return Comparison(split, sorted(scores, key=lambda score: score.mae), models, predictions)


def baselines(rows: pd.DataFrame) -> dict[str, Errors]:
    """What can be said without a model; NaN for a player without an earlier game."""
    return {
        "mock": mock_prediction(rows).to_numpy(dtype=np.float64),
        "last 10": last_10_prediction(rows).to_numpy(dtype=np.float64),
        "season average": season_prediction(rows).to_numpy(dtype=np.float64),
    }


def _score(
    contender: str, predicted: Errors, target: Errors, rows: pd.DataFrame, mock_error: Errors, seed: int
) -> Score:
    error = np.abs(predicted - target)
    level = rows["points_avg_season"].to_numpy(dtype=np.float64)
    tiers = {name: (level >= low) & (level < high) for name, (low, high) in SCORING_TIERS.items()}
    low, high = paired_interval(error - mock_error, seed)
    return Score(
        contender=contender,
        rows=len(target),
        mae=float(error.mean()),
        bias=float((predicted - target).mean()),
        within_3=float((error <= 3).mean()),
        within_5=float((error <= 5).mean()),
        mae_minus_mock=float((error - mock_error).mean()),
        interval_low=low,
        interval_high=high,
        mae_by_tier={name: float(error[of_tier].mean()) for name, of_tier in tiers.items() if of_tier.any()},
    )


def paired_interval(differences: Errors, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of paired differences (percentile method, Efron 1979)."""
    if not differences.any():
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    means = [float(differences[rng.integers(0, len(differences), len(differences))].mean()) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def comparison_table(comparison: Comparison) -> str:
    """The scores as Markdown, with what the previous system wrote down beside them."""
    tiers = list(SCORING_TIERS)
    lines = [
        "| contender | MAE | against mock | 95 % interval | bias | within 3 | within 5 "
        f"| {' | '.join(tiers)} | history |",
        "|---" * (8 + len(tiers)) + "|",
    ]
    for score in comparison.scores:
        by_tier = " | ".join(f"{score.mae_by_tier[tier]:.2f}" if tier in score.mae_by_tier else "" for tier in tiers)
        lines.append(
            f"| {score.contender} | {score.mae:.3f} | {score.mae_minus_mock:+.3f} "
            f"| {score.interval_low:+.3f} to {score.interval_high:+.3f} | {score.bias:+.2f} | {score.within_3:.1%} "
            f"| {score.within_5:.1%} | {by_tier} | {HISTORY.get(score.contender, '')} |"
        )
    return "\n".join(lines)


def gain_shares(gains: Mapping[str, float], context_features: Sequence[str]) -> dict[str, float]:
    """Share of the gain of the top three features, and of those that are not the player's own form."""
    ordered = sorted(gains.values(), reverse=True)
    return {
        "top_three_gain_share": float(sum(ordered[:3])),
        "context_gain_share": float(sum(gains.get(name, 0.0) for name in context_features)),
    }
