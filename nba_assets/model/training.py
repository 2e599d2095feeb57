"""Training and prediction: from feature rows to an XGBoost booster and its card; equal rows give equal bytes."""

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nba_assets.features.history import FloatArray
from nba_assets.model.intervals import Offsets, measure_offsets
from nba_assets.tables.features import FEATURES, Null, feature_hash

CODE_VERSION = "2"
LEAST_ROWS = 200
FEW_WEEKS = 4
PREDICTED_POINTS = (0.0, 60.0)  # a prediction is clamped to this, like the expert formula's


class TrainingError(Exception):
    """The rows cannot be trained on; the message says why."""


class TooFewRows(TrainingError):
    """The history is too short to train on."""


@dataclass(frozen=True)
class Parameters:
    """How the booster is grown: few shallow trees on the newest rows, so that a training costs the same in any season.

    start: the feature that the trees correct, a prediction that was made without the row's own week. It is not used if
    the feature set lacks it, or with fewer than start_rows played rows: the regression behind it is refitted week by
    week, and its first predictions are poor. Without it the learning rate is higher. newest_rows: how many of the
    newest played rows are used, a little more than a season. One thread: one model per core trains faster than many
    threads on one model, and its bytes do not depend on the machine.
    """

    start: str = "expected_points_median_slow"
    start_rows: int = 6_000
    newest_rows: int = 30_000
    rounds: int = 60
    max_depth: int = 4
    learning_rate: float = 0.05
    learning_rate_without_start: float = 0.2
    objective: str = "reg:absoluteerror"
    min_child_weight: float = 60.0
    subsample: float = 0.7
    features_per_tree: int = 20
    max_bin: int = 32
    seed: int = 7
    threads: int = 1

    def for_xgboost(self, features: int, *, with_start: bool) -> dict[str, Any]:
        """XGBoost's own parameters; a tree draws `features_per_tree` of the features, at most 80 % of them."""
        return {
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate if with_start else self.learning_rate_without_start,
            "objective": self.objective,
            "min_child_weight": self.min_child_weight,
            "subsample": self.subsample,
            "colsample_bytree": min(0.8, self.features_per_tree / features),
            "max_bin": self.max_bin,
            "seed": self.seed,
            "nthread": self.threads,
            "tree_method": "hist",
            "verbosity": 0,
        }


@dataclass(frozen=True)
class ModelCard:
    """What a model is, stored beside it.

    first_week, last_week (Fridays), rows: what it was trained on. start: the feature that the trees correct; empty if
    there is none. metrics: measured in training. gain_shares: share of each feature in the total gain
    of the trees. offsets: see `intervals`; None without a start.
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
    start: str = ""
    offsets: Offsets | None = None

    @property
    def model_id(self) -> str:
        """Names the artifact: equal models have equal names."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Without the fields that a card need not have, so that cards stored before they existed keep their names."""
        optional = {"start", "offsets"}
        fields = {name: value for name, value in dataclasses.asdict(self).items() if value or name not in optional}
        return json.dumps(fields, indent=1, sort_keys=True)

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

    rows: `week`, `season`, `points`, `played` and the features, in order of week, of weeks before the one to predict.
    Raises TrainingError for fewer than 200 played rows, a feature without any value (unless the history is too short
    for it, see `may_be_empty`), or a constant target.
    """
    played = newest_played(rows, parameters.newest_rows)
    if len(played) < LEAST_ROWS:
        raise TooFewRows(f"{len(played)} played rows to train on, at least {LEAST_ROWS} are needed")
    values, target = played[list(features)].to_numpy(dtype=np.float32), played["points"].to_numpy(dtype=np.float64)
    _refuse_unusable(played, features, values, target)
    start = parameters.start if parameters.start in features and len(played) >= parameters.start_rows else ""
    start_points = _points_of(start, played)
    import xgboost  # takes half a second, which only training and predicting should cost

    matrix = xgboost.QuantileDMatrix(
        values,
        label=target - start_points,
        feature_names=list(features),
        max_bin=parameters.max_bin,
        nthread=parameters.threads,
    )
    settings = parameters.for_xgboost(len(features), with_start=bool(start))
    booster = xgboost.train(settings, matrix, num_boost_round=parameters.rounds)
    raw = bytes(booster.save_raw("ubj"))
    fitted = np.clip(start_points + booster.predict(matrix), *PREDICTED_POINTS)
    newer = slice(len(played) // 2, None)  # the regression's first predictions have larger errors than all later ones
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
        start=start,
        code_version=CODE_VERSION,
        xgboost_version=xgboost.__version__,
        booster_sha256=hashlib.sha256(raw).hexdigest(),
        metrics={"training_mae": round(float(np.abs(fitted - target).mean()), 4)},
        gain_shares={name: round(gains.get(name, 0.0) / total, 4) for name in features},
        offsets=measure_offsets(target[newer], start_points[newer], fitted[newer]) if start else None,
    )
    return TrainedModel(raw, card)


def newest_played(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """The last `most` played rows."""
    return rows.iloc[np.flatnonzero(rows["played"].eq(True))[-most:]]


def _refuse_unusable(played: pd.DataFrame, features: Sequence[str], values: FloatArray, target: FloatArray) -> None:
    without_values = {name for name, column in zip(features, values.T, strict=True) if np.isnan(column).all()}
    empty = sorted(without_values - may_be_empty(played))
    if empty:
        raise TrainingError(f"features without any value: {', '.join(empty)}")
    if target.min() == target.max():
        raise TrainingError(f"every target is {target.min():g}: the points are wrong")


def may_be_empty(rows: pd.DataFrame) -> set[str]:
    """The features that may have no value: those of last season in the first season, and many in the first weeks."""
    first_season, first_weeks = rows["season"].nunique() == 1, rows["week"].nunique() < FEW_WEEKS
    return {
        feature.name
        for feature in FEATURES
        if (feature.null is Null.NO_GAME_LAST_SEASON and first_season)
        or (feature.null is not Null.NEVER and first_weeks)
    }


def predict(model: TrainedModel, rows: pd.DataFrame) -> FloatArray:
    """Predicted points of each row, between 0 and 60: the median."""
    import xgboost

    booster = xgboost.Booster({"nthread": model.card.parameters["threads"]})
    booster.load_model(bytearray(model.booster))
    values = rows[list(model.card.features)].to_numpy(dtype=np.float32)
    matrix = xgboost.DMatrix(values, feature_names=list(model.card.features))
    return np.clip(_points_of(model.card.start, rows) + booster.predict(matrix), *PREDICTED_POINTS)


def _points_of(start: str, rows: pd.DataFrame) -> FloatArray:
    return rows[start].to_numpy(dtype=np.float64) if start else np.zeros(len(rows))


def weeks_before(rows: pd.DataFrame, week: dt.date) -> pd.DataFrame:
    """The rows a model of `week` may be trained on. `rows` are ordered by week, so that this is a view."""
    return rows.iloc[: int(rows["week"].searchsorted(week))]
