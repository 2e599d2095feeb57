import datetime as dt

import numpy as np
import pandas as pd

from nba_assets.model.training import predict, weeks_before
from nba_assets.model.weekly_training import last_date_before, newest_dates, train_weeks
from nba_assets_tests.model.test_comparison import feature_rows
from nba_assets_tests.support.learnable import FEW_TREES

WEEKS = [dt.date(2021, 10, 19) + dt.timedelta(weeks=number) for number in range(10)]
NO_GAMES = WEEKS[6]


def history() -> pd.DataFrame:
    rows = feature_rows(days=56)
    return rows.loc[rows["week"] != NO_GAMES]


def test_each_week_is_trained_on_the_weeks_before_it() -> None:
    games = {week: 10 for week in WEEKS if week != NO_GAMES}

    trained = {training.week: training for training in train_weeks(history(), WEEKS[:6], games, "v1", FEW_TREES)}

    first, second, third = (trained[week] for week in WEEKS[:3])
    assert first.model is None
    assert first.note == "0 played rows to train on, at least 200 are needed"
    assert second.model is not None
    assert third.model is not None
    assert second.model.card.last_week == f"{WEEKS[0]}"
    assert third.model.card.last_week == f"{WEEKS[1]}"


def test_the_last_date_of_a_model_is_that_of_the_last_row_it_could_learn_from() -> None:
    rows = history()
    never_played = rows["week"] == WEEKS[1]
    rows["played"] = rows["played"].mask(never_played, False)

    newest = newest_dates(rows)

    assert last_date_before(newest, WEEKS[0]) == dt.date.min
    for week in WEEKS[1:3]:
        assert last_date_before(newest, week) == rows.loc[rows["week"] == WEEKS[0], "game_date"].max()
    assert last_date_before(newest, WEEKS[3]) == rows.loc[rows["week"] == WEEKS[2], "game_date"].max()


def test_a_week_without_games_carries_the_last_model_on() -> None:
    games = {week: 10 for week in WEEKS if week != NO_GAMES}

    before, without, after = train_weeks(history(), WEEKS[5:8], games, "v1", FEW_TREES)

    assert without.model == before.model
    assert without.note == f"no games: carries the model of week {WEEKS[5]} on"
    assert after.model != before.model


def test_what_happens_in_a_week_and_later_does_not_change_its_model() -> None:
    rows = history()
    changed = rows.assign(points=np.where(rows["week"] >= WEEKS[3], 50.0, rows["points"]))
    games = {WEEKS[3]: 10}

    (known,) = train_weeks(rows, [WEEKS[3]], games, "v4", FEW_TREES)
    (unknowing,) = train_weeks(changed, [WEEKS[3]], games, "v4", FEW_TREES)
    (alone,) = train_weeks(weeks_before(rows, WEEKS[3]), [WEEKS[3]], games, "v4", FEW_TREES)

    assert known.model == unknowing.model == alone.model
    assert known.model is not None
    assert predict(known.model, rows).max() <= 60
