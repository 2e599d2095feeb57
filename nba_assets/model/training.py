"""Training and prediction: from feature rows to an XGBoost booster and its card, the same bytes every time."""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nba_assets.tables.features import FEATURES, Null, feature_hash

CODE_VERSION = "1"
LEAST_ROWS = 200
FEW_WEEKS = 4
PREDICTED_POINTS = (0.0, 60.0)  # a prediction is clamped to this, like the expert formula's


class TrainingError(Exception):
    """Nothing can be learned from the rows; the message says what is wrong with them."""


class TooFewRows(TrainingError):
    """The history is still too short to train on."""


@dataclass(frozen=True)
class Parameters:
    """How the booster is grown: few shallow trees, for one training a week (docs/model.md has what more gain).

    One thread: a model for each core trains faster than many threads on one, and its bytes depend on no machine.
    """

    rounds: int = 50
    max_depth: int = 4
    learning_rate: float = 0.2
    objective: str = "reg:absoluteerror"
    min_child_weight: float = 60.0
    subsample: float = 0.7
    features_per_tree: int = 20
    max_bin: int = 64
    seed: int = 7
    threads: int = 1

    def for_xgboost(self, features: int) -> dict[str, Any]:
        """XGBoost's own parameters; a tree draws `features_per_tree` of the features, at most 80 % of them."""
        own = ("rounds", "threads", "features_per_tree")
        grown = {name: value for name, value in dataclasses.asdict(self).items() if name not in own}
        drawn = min(0.8, self.features_per_tree / features)
        return {**grown, "colsample_bytree": drawn, "nthread": self.threads, "tree_method": "hist", "verbosity": 0}


@dataclass(frozen=True)
class ModelCard:
    """What a model is: read before it is used, and by a person who asks.

    weeks, rows: what it was trained on; weeks as first and last Friday. metrics: measured in training. gain_shares:
    share of each feature in the total gain of the trees.
    """

    feature_set: str
    features: tuple[str, ...]
    feature_hash: str
    first_week: str
    last_week: str
    rows: int
    parameters: dict[str, Any]
    code_version: str
    xgboost_version: str
    booster_sha256: str
    metrics: dict[str, float]
    gain_shares: dict[str, float]

    @property
    def model_id(self) -> str:
        """Names the artifact: equal models have equal names."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        fields = json.loads(text)
        return cls(**{**fields, "features": tuple(fields["features"])})


@dataclass(frozen=True)
class TrainedModel:
    booster: bytes
    card: ModelCard


def train(rows: pd.DataFrame, *, feature_set: str, features: Sequence[str], parameters: Parameters) -> TrainedModel:
    """A model of `points` on the rows that were played.

    rows: `week`, `season`, `points`, `played` and the features, of weeks before the one to predict. Raises
    TrainingError for fewer than 200 played rows, a feature without any value (unless the history is too short for it,
    see `may_be_empty`), or a target that never changes.
    """
    played = rows.loc[rows["played"].eq(True)]
    if len(played) < LEAST_ROWS:
        raise TooFewRows(f"{len(played)} played rows to train on, at least {LEAST_ROWS} are needed")
    values, target = played[list(features)].to_numpy(dtype=np.float32), played["points"].to_numpy(dtype=np.float32)
    without_values = {name for name, column in zip(features, values.T, strict=True) if np.isnan(column).all()}
    empty = sorted(without_values - may_be_empty(played))
    if empty:
        raise TrainingError(f"features without any value: {', '.join(empty)}")
    if target.min() == target.max():
        raise TrainingError(f"every target is {target.min():g}: the points were lost on the way")
    import xgboost  # takes half a second, which only who trains or predicts shall pay

    matrix = xgboost.QuantileDMatrix(
        values, label=target, feature_names=list(features), max_bin=parameters.max_bin, nthread=parameters.threads
    )
    booster = xgboost.train(parameters.for_xgboost(len(features)), matrix, num_boost_round=parameters.rounds)
    raw = bytes(booster.save_raw("ubj"))
    fitted = np.clip(booster.predict(matrix), *PREDICTED_POINTS)
    gains = {name: float(np.sum(gain)) for name, gain in booster.get_score(importance_type="total_gain").items()}
    total = sum(gains.values()) or 1.0
    card = ModelCard(
        feature_set=feature_set,
        features=tuple(features),
        feature_hash=feature_hash(features),
        first_week=f"{played['week'].min()}",
        last_week=f"{played['week'].max()}",
        rows=len(played),
        parameters=dataclasses.asdict(parameters),
        code_version=CODE_VERSION,
        xgboost_version=xgboost.__version__,
        booster_sha256=hashlib.sha256(raw).hexdigest(),
        metrics={"training_mae": round(float(np.abs(fitted - target).mean()), 4)},
        gain_shares={name: round(gains.get(name, 0.0) / total, 4) for name in features},
    )
    return TrainedModel(raw, card)


def may_be_empty(rows: pd.DataFrame) -> set[str]:
    """The features that may rightly have no value: a first season knows no last one, first weeks know little at all."""
    first_season, first_weeks = rows["season"].nunique() == 1, rows["week"].nunique() < FEW_WEEKS
    return {
        feature.name
        for feature in FEATURES
        if (feature.null is Null.NO_GAME_LAST_SEASON and first_season)
        or (feature.null is not Null.NEVER and first_weeks)
    }


def predict(model: TrainedModel, rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Predicted points of each row, between 0 and 60."""
    import xgboost

    booster = xgboost.Booster({"nthread": model.card.parameters["threads"]})
    booster.load_model(bytearray(model.booster))
    values = rows[list(model.card.features)].to_numpy(dtype=np.float32)
    matrix = xgboost.DMatrix(values, feature_names=list(model.card.features))
    return np.clip(booster.predict(matrix).astype(np.float64), *PREDICTED_POINTS)


def weeks_before(rows: pd.DataFrame, week: dt.date) -> pd.DataFrame:
    """The rows a model of `week` may learn from. `rows` are ordered by week, so this is a view of their beginning."""
    return rows.iloc[: int(rows["week"].searchsorted(week))]
