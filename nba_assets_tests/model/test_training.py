import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from nba_assets.model.training import ModelCard, TooFewRows, TrainedModel, TrainingError, predict, train, weeks_before
from nba_assets_tests.support.learnable import (
    FEATURES,
    FEW_TREES,
    FIRST_WEEK,
    START,
    learnable_rows,
    started_rows,
    trained_model,
)


def test_the_model_learns_what_is_there() -> None:
    rows = learnable_rows()
    predicted = predict(trained_model(0), rows)

    assert np.abs(predicted - rows["points"]).mean() < 0.5 * np.abs(rows["points"].mean() - rows["points"]).mean()
    assert predicted.min() >= 0
    assert predicted.max() <= 60


def test_the_same_rows_give_the_same_bytes() -> None:
    assert trained_model(3) == trained_model(3)
    assert trained_model(3).booster != trained_model(4).booster


def test_two_threads_give_the_same_trees_as_one() -> None:
    rows = learnable_rows()
    one, two = (
        train(rows, feature_set="v1", features=FEATURES, parameters=dataclasses.replace(FEW_TREES, threads=threads))
        for threads in (1, 2)
    )
    np.testing.assert_array_equal(predict(one, rows), predict(two, rows))


def test_who_did_not_play_is_not_learned_from() -> None:
    rows = learnable_rows()
    benched = rows.assign(played=False, points=np.nan, game_id=rows["game_id"] + 10_000)
    with_benched = pd.concat([rows, benched], ignore_index=True)

    assert train(with_benched, feature_set="v1", features=FEATURES, parameters=FEW_TREES) == trained_model(0)


def test_a_rookie_without_history_is_predicted() -> None:
    rookie = pd.DataFrame([dict.fromkeys(FEATURES, np.nan)])
    assert 0 <= predict(trained_model(0), rookie)[0] <= 60


@pytest.mark.parametrize(
    ("rows", "error", "told"),
    [
        pytest.param(
            learnable_rows(1, 199), TooFewRows, "199 played rows to train on, at least 200", id="too few rows"
        ),
        pytest.param(
            learnable_rows().assign(days_rest=np.nan),
            TrainingError,
            "features without any value: days_rest",
            id="feature all NULL",
        ),
        pytest.param(learnable_rows().assign(points=7.0), TrainingError, "every target is 7", id="constant target"),
    ],
)
def test_rows_that_teach_nothing_are_refused(rows: pd.DataFrame, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        train(rows, feature_set="v1", features=FEATURES, parameters=FEW_TREES)


def test_a_week_learns_from_earlier_weeks_only() -> None:
    rows = learnable_rows(weeks=5)
    third = sorted(rows["week"].unique())[2]

    known = weeks_before(rows, third)

    assert sorted(known["week"].unique()) == sorted(rows["week"].unique())[:2]
    assert weeks_before(rows, FIRST_WEEK).empty


def started(rows: pd.DataFrame, start_rows: int = 600, newest_rows: int = 10_000) -> TrainedModel:
    parameters = dataclasses.replace(FEW_TREES, start_rows=start_rows, newest_rows=newest_rows)
    return train(rows, feature_set="v6", features=(*FEATURES, START), parameters=parameters)


def test_the_trees_correct_the_prediction_that_they_start_from() -> None:
    rows = started_rows()
    model = started(rows)
    assert model.card.start == START
    predicted = predict(model, rows)

    assert np.abs(predicted - rows["points"]).mean() < 0.9 * np.abs(rows[START] - rows["points"]).mean()
    raised = predict(model, rows.assign(**{START: rows[START] + 100}))
    assert raised.min() == 60  # what the trees add is little beside the start


def test_a_short_history_is_learned_without_the_start() -> None:
    model = started(started_rows(), start_rows=601)
    assert model.card.start == ""
    assert model.card.offsets is None


def test_a_card_of_before_there_was_a_start_is_read_under_its_old_name() -> None:
    card = trained_model(0).card
    stored = json.loads(card.to_json())
    assert not {"start", "offsets"} & set(stored)
    assert ModelCard.from_json(json.dumps(stored)).model_id == card.model_id

    with_start = started(started_rows()).card
    assert ModelCard.from_json(with_start.to_json()) == with_start


def test_only_the_newest_rows_are_learned_from() -> None:
    rows = started_rows()
    old = np.arange(len(rows)) < 200
    changed = rows.assign(points=np.where(old, 50.0, rows["points"]))

    assert started(rows, newest_rows=400, start_rows=400) == started(changed, newest_rows=400, start_rows=400)
    assert started(rows, newest_rows=400, start_rows=400).card.rows == 400
    assert started(rows) != started(changed)
