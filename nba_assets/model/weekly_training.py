"""A model for each week, trained on the weeks before it, and its row for the checks."""

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pandas as pd

from nba_assets.model.comparison import gain_shares
from nba_assets.model.training import Parameters, TooFewRows, TrainedModel, train, weeks_before
from nba_assets.tables.features import FEATURES, SETS, SUBJECTS, Group

OWN_FORM = (Group.FORM, Group.EXPECTATION)
CONTEXT_FEATURES = [feature.name for feature in FEATURES if feature.group not in OWN_FORM]


@dataclass(frozen=True)
class WeekTraining:
    """The model of `week`: trained for it, or taken from `basis`, the last week with games. None if there are too few
    rows; `note` says which."""

    week: dt.date
    basis: dt.date
    model: TrainedModel | None
    note: str

    def row(self, last_training_date: dt.date) -> dict[str, object] | None:
        """The week's row of XGBOOST_MODEL; None without a model."""
        if self.model is None:
            return None
        card = self.model.card
        return {
            "week": self.week,
            "model_id": card.model_id,
            "trained_for": self.basis,
            "feature_set": card.feature_set,
            "first_week": dt.date.fromisoformat(card.first_week),
            "last_week": dt.date.fromisoformat(card.last_week),
            "training_rows": card.rows,
            "days_before_week": (self.week - last_training_date).days,
            **gain_shares(card.gain_shares, SUBJECTS, CONTEXT_FEATURES),
        }


def train_weeks(
    history: pd.DataFrame,
    weeks: Sequence[dt.date],
    games: Mapping[dt.date, int],
    feature_set: str,
    parameters: Parameters,
) -> Iterator[WeekTraining]:
    """The models of `weeks`, in order.

    history: PLAYER_GAME_FEATURES rows of all weeks before the last of `weeks`. games: number of games by week. A week
    without games has the model of the last week with games, so that nothing is trained twice.
    """
    rows = history.sort_values(["week", "game_date", "game_id", "player_id"], ignore_index=True)
    weeks_with_games = sorted({*rows["week"].unique(), *(week for week in weeks if games.get(week))})
    basis = {week: max((known for known in weeks_with_games if known <= week), default=week) for week in weeks}

    def train_one(week: dt.date) -> TrainedModel | TooFewRows:
        names, known = SETS[feature_set], weeks_before(rows, week)
        try:
            return train(known, feature_set=feature_set, features=names, parameters=parameters)
        except TooFewRows as few:
            return few

    # One thread per model and one model per core: faster than many threads on one model, and equal bytes anywhere.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        pending = {week: pool.submit(train_one, week) for week in sorted(set(basis.values()))}
        for week in sorted(weeks):
            model = pending[basis[week]].result()
            if isinstance(model, TooFewRows):
                yield WeekTraining(week, basis[week], None, str(model))
            elif basis[week] != week:
                yield WeekTraining(week, basis[week], model, f"no games: carries the model of week {basis[week]} on")
            else:
                yield WeekTraining(week, week, model, f"trained on {model.card.rows:,} rows")


def newest_dates(history: pd.DataFrame) -> dict[dt.date, dt.date]:
    """Of each week with rows to train on, the newest league date; looked up once for the models of all weeks."""
    return history.loc[history["played"].eq(True)].groupby("week")["game_date"].max().to_dict()


def last_date_before(newest: Mapping[dt.date, dt.date], week: dt.date) -> dt.date:
    """The newest league date a model of `week` was trained on."""
    return max((date for earlier, date in newest.items() if earlier < week), default=dt.date.min)
