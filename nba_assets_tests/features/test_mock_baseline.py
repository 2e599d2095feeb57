"""The expert's formula, term by term."""

import numpy as np
import pandas as pd
import pytest

from nba_assets.features.mock_baseline import mock_prediction

# 0.35 * 20 + 0.40 * 20 + 0.25 * 20 = 20, and nothing else applies except playing away (-0.6).
PLAIN = {
    "points_avg_last_5": 20.0, "points_avg_last_10": 20.0, "points_avg_season": 20.0, "fatigue_score": 80.0,
    "usage_spike": 0.0, "usage_rate_last_10": 20.0, "team_pace_last_10": 100.0, "opponent_pace_last_15": 100.0,
    "opponent_def_rating_last_15": 112.0, "back_to_back": 0.0, "is_home": 0.0, "minutes_avg_last_10": 30.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        pytest.param({}, 19.4, id="plain, away"),
        pytest.param({"is_home": 1.0}, 21.0, id="home"),
        pytest.param({"points_avg_last_5": 30.0}, 22.9, id="last 5 weigh 0.35"),
        pytest.param({"points_avg_last_10": 30.0}, 23.4, id="last 10 weigh 0.40"),
        pytest.param({"points_avg_season": 30.0}, 21.9, id="the season weighs 0.25"),
        pytest.param({"fatigue_score": 49.0}, 16.9, id="exhausted"),
        pytest.param({"fatigue_score": 69.0}, 18.4, id="tired"),
        pytest.param({"fatigue_score": 100.0}, 19.9, id="fresh"),
        pytest.param({"usage_spike": 4.0}, 20.4, id="small spike"),
        pytest.param({"usage_spike": -6.0}, 17.3, id="large dip"),
        pytest.param({"opponent_pace_last_15": 104.0}, 19.56, id="faster opponent"),
        pytest.param({"opponent_pace_last_15": 120.0}, 19.64, id="pace is clamped"),
        pytest.param({"opponent_pace_last_15": 104.0, "usage_rate_last_10": 29.0}, 19.64, id="pace of a star"),
        pytest.param({"opponent_def_rating_last_15": 107.0}, 17.9, id="good defence"),
        pytest.param({"opponent_def_rating_last_15": 119.0}, 20.4, id="bad defence"),
        pytest.param({"back_to_back": 1.0}, 17.2, id="back-to-back"),
        pytest.param({"minutes_avg_last_10": 37.0}, 20.2, id="many minutes"),
        pytest.param({"minutes_avg_last_10": 20.0}, 18.2, id="few minutes"),
        pytest.param({"points_avg_season": np.nan}, 19.4, id="first game of the season"),
        pytest.param({"opponent_pace_last_15": np.nan, "opponent_def_rating_last_15": np.nan}, 19.4, id="new opponent"),
        pytest.param({name: 0.0 for name in PLAIN if name.startswith("points")}, 0.0, id="never below zero"),
        pytest.param({name: 99.0 for name in PLAIN if name.startswith("points")}, 60.0, id="never above sixty"),
        pytest.param({name: np.nan for name in PLAIN if name.startswith("points")}, np.nan, id="rookie"),
    ],
)
def test_mock(changed: dict[str, float], points: float) -> None:
    assert mock_prediction(pd.DataFrame([PLAIN | changed])).item() == pytest.approx(points, nan_ok=True)
