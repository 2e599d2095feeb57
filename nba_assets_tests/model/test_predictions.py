import dataclasses

import numpy as np
import pandas as pd

from nba_assets.model.predictions import grade, predict_week
from nba_assets.model.training import train
from nba_assets.tables.features import SETS
from nba_assets.tables.model import PLAYER_POINTS, PREDICTION_ACCURACY
from nba_assets.warehouse.frames import to_arrow
from nba_assets_tests.model.test_comparison import feature_rows
from nba_assets_tests.model.test_weekly_training import WEEKS, train_weeks
from nba_assets_tests.support.learnable import FEW_TREES


def week_features() -> pd.DataFrame:
    """Six players of one game; the last one was ruled out, the first one has never played before."""
    rows = feature_rows(days=30).head(6)
    rows = rows.assign(game_id=1, player_id=range(6), player_name="A Player", team="BOS", opponent="LAL")
    rows["ruled_out"] = [False, False, False, False, False, True]
    rows.loc[0, ["points_avg_last_5", "points_avg_last_10", "points_avg_season"]] = None
    return rows


def predictions() -> pd.DataFrame:
    (training,) = train_weeks(feature_rows(days=30), [WEEKS[3]], {WEEKS[3]: 1}, "v1", FEW_TREES)
    assert training.model is not None
    return predict_week(week_features(), training.model)


def test_everyone_who_may_play_is_predicted_and_who_is_ruled_out_is_not() -> None:
    rows = predictions()

    assert list(rows["player_id"]) == [0, 1, 2, 3, 4]
    assert rows["predicted_points"].between(0, 60).all()
    assert rows["mock_points"].isna().tolist() == [True, False, False, False, False]
    to_arrow(rows, PLAYER_POINTS)


def test_a_model_with_a_start_says_mean_and_intervals_and_one_without_none() -> None:
    of_short_history = predictions()
    assert of_short_history["mean_points"].isna().all() and of_short_history["interval_80_low"].isna().all()
    rows = feature_rows(days=30)
    model = train(
        rows.assign(expected_points_median_slow=rows["points_avg_season"]),
        feature_set="v6",
        features=SETS["v6"],
        parameters=dataclasses.replace(FEW_TREES, start_rows=1000),
    )

    found = predict_week(week_features(), model)

    to_arrow(found, PLAYER_POINTS)
    in_order = [f"interval_{coverage}_low" for coverage in (90, 80, 50)]
    in_order += [f"interval_{coverage}_high" for coverage in (50, 80, 90)]
    assert found["mean_points"].notna().all()
    assert (np.diff(found[in_order].to_numpy(), axis=1) >= 0).all()


def test_points_on_an_end_of_an_interval_are_inside() -> None:
    ends = {f"interval_{coverage}_{end}": 10.0 for coverage in (50, 80, 90) for end in ("low", "high")}
    predicted = predictions().assign(mean_points=11.0, **ends)
    predicted.loc[2, "interval_80_low"] = None
    summary = pd.DataFrame(
        {"game_id": 1, "player_id": [0, 1, 2, 3], "played": [True, True, True, False], "pts": [10.0, 11.0, 10.0, None]}
    ).assign(absence_reason=None)

    graded = grade(predicted, summary)

    assert graded["in_interval_80"].tolist() == [True, False, None, None]
    assert graded["mean_error"].tolist()[:3] == [1.0, 0.0, 1.0]
    to_arrow(graded, PREDICTION_ACCURACY)


def test_who_did_not_play_is_void_with_the_reason_and_the_rest_is_graded() -> None:
    summary = pd.DataFrame(
        {
            "game_id": 1,
            "player_id": [0, 1, 2, 3],
            "played": [True, True, False, False],
            "pts": [12.0, 0.0, None, None],
            "absence_reason": [None, None, "Illness", None],
        }
    )
    predicted = predictions().assign(predicted_points=[10.0, 6.0, 8.0, 8.0, 8.0])

    graded = grade(predicted, summary).set_index("player_id")

    assert list(graded.index) == [0, 1, 2, 3]
    assert graded["graded"].tolist() == [True, True, False, False]
    assert graded["error"].tolist()[:2] == [-2.0, 6.0]
    assert graded["within_3"].tolist() == [True, False, None, None]
    assert graded["within_5"].tolist() == [True, False, None, None]
    assert graded["void_reason"].tolist() == [None, None, "Illness", "did not play"]
    to_arrow(graded.reset_index(), PREDICTION_ACCURACY)
