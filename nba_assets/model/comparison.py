"""Feature sets and baselines compared on the same rows: a split by date, errors, and paired bootstrap intervals."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from nba_assets.features.history import FloatArray
from nba_assets.features.mock_baseline import last_10_prediction, mock_prediction, season_prediction
from nba_assets.model.training import Parameters, TooFewRows, TrainedModel, predict, train
from nba_assets.tables.features import SETS

SHARES = (0.70, 0.15)  # of the rows, in order of date, for training and validation; the rest is the test
BOOTSTRAPS = 2000
MOCK, REGRESSION = "mock", "weekly regression"
SCORING_TIERS = {"under 5": (0, 5), "5 to 10": (5, 10), "10 to 20": (10, 20), "20 and more": (20, 100)}
HISTORY = {"mock": 4.33, "v1": 4.79, "v2": 4.63}
"""Errors that the previous system recorded. Its mock had the target game inside its averages; without, it is 4.7."""


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
    """Errors of a contender's predictions over all test rows.

    bias: mean of prediction minus points. mae_minus_mock: the contender's mean absolute error minus the mock's on the
    same rows, with its 95 % interval; below zero the contender is better. mae_minus_regression: the same for the
    weekly regression, the simplest part of the model.
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
    mae_minus_regression: float
    regression_interval_low: float
    regression_interval_high: float
    mae_by_tier: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    split: Split
    scores: list[Score]
    models: dict[str, TrainedModel]
    predictions: dict[str, FloatArray]

    def score(self, contender: str) -> Score:
        return next(score for score in self.scores if score.contender == contender)


def comparable_rows(features: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Played rows of the dates with an earlier game in the season, in order of date: every contender predicts them."""
    known = features["played"].eq(True) & features["points_avg_season"].notna()
    rows = features.loc[known & features["game_date"].between(first, last)]
    return rows.sort_values(["game_date", "game_id", "player_id"], ignore_index=True)


def split_by_date(rows: pd.DataFrame) -> Split:
    """70 / 15 / 15 % of the rows in order of date; a date on a border belongs to the later part."""
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
    errors = {name: np.abs(predicted - target) for name, predicted in predictions.items()}
    scores = [_score(name, predictions[name], errors, split.test, parameters.seed) for name in predictions]
    return Comparison(split, sorted(scores, key=lambda score: score.mae), models, predictions)


def baselines(rows: pd.DataFrame) -> dict[str, FloatArray]:
    """Predictions without a trained model; NaN for a player without an earlier game, except of the regression."""
    return {
        REGRESSION: rows["expected_points_median"].to_numpy(dtype=np.float64),
        MOCK: mock_prediction(rows).to_numpy(dtype=np.float64),
        "last 10": last_10_prediction(rows).to_numpy(dtype=np.float64),
        "season average": season_prediction(rows).to_numpy(dtype=np.float64),
    }


def _score(
    contender: str, predicted: FloatArray, errors: Mapping[str, FloatArray], rows: pd.DataFrame, seed: int
) -> Score:
    error = errors[contender]
    level = rows["points_avg_season"].to_numpy(dtype=np.float64)
    tiers = {name: (level >= low) & (level < high) for name, (low, high) in SCORING_TIERS.items()}
    low, high = paired_interval(error - errors[MOCK], seed)
    regression_low, regression_high = paired_interval(error - errors[REGRESSION], seed)
    return Score(
        contender=contender,
        rows=len(error),
        mae=float(error.mean()),
        bias=float((predicted - rows["points"].to_numpy(dtype=np.float64)).mean()),
        within_3=float((error <= 3).mean()),
        within_5=float((error <= 5).mean()),
        mae_minus_mock=float((error - errors[MOCK]).mean()),
        interval_low=low,
        interval_high=high,
        mae_minus_regression=float((error - errors[REGRESSION]).mean()),
        regression_interval_low=regression_low,
        regression_interval_high=regression_high,
        mae_by_tier={name: float(error[of_tier].mean()) for name, of_tier in tiers.items() if of_tier.any()},
    )


def paired_interval(differences: FloatArray, seed: int) -> tuple[float, float]:
    """95 % bootstrap interval of the mean of paired differences (percentile method, Efron 1979)."""
    if not differences.any():
        return 0.0, 0.0
    rng = np.random.default_rng(seed)
    means = [float(differences[rng.integers(0, len(differences), len(differences))].mean()) for _ in range(BOOTSTRAPS)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def comparison_table(comparison: Comparison) -> str:
    """The scores as Markdown, with the errors that the previous system recorded."""
    tiers = list(SCORING_TIERS)
    lines = [
        "| contender | MAE | minus mock | 95 % interval | minus regression | 95 % interval | bias | within 3 "
        f"| within 5 | {' | '.join(tiers)} | history |",
        "|---" * (10 + len(tiers)) + "|",
    ]
    for score in comparison.scores:
        by_tier = " | ".join(f"{score.mae_by_tier[tier]:.2f}" if tier in score.mae_by_tier else "" for tier in tiers)
        lines.append(
            f"| {score.contender} | {score.mae:.3f} | {score.mae_minus_mock:+.3f} "
            f"| {score.interval_low:+.3f} to {score.interval_high:+.3f} | {score.mae_minus_regression:+.3f} "
            f"| {score.regression_interval_low:+.3f} to {score.regression_interval_high:+.3f} "
            f"| {score.bias:+.2f} | {score.within_3:.1%} | {score.within_5:.1%} | {by_tier} "
            f"| {HISTORY.get(score.contender, '')} |"
        )
    return "\n".join(lines)


def gain_shares(
    gains: Mapping[str, float], subjects: Mapping[str, str], context_features: Sequence[str]
) -> dict[str, float]:
    """Shares of the gain: of the three subjects with the most, and of the features that are not the player's own form.

    subjects: what each feature is about, so that features that say the same count as one.
    """
    by_subject: dict[str, float] = {}
    for name, gain in gains.items():
        by_subject[subjects[name]] = by_subject.get(subjects[name], 0.0) + gain
    return {
        "top_three_gain_share": float(sum(sorted(by_subject.values(), reverse=True)[:3])),
        "context_gain_share": float(sum(gains.get(name, 0.0) for name in context_features)),
    }
