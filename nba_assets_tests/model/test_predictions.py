import pandas as pd

from nba_assets.model.predictions import grade, predict_week
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
