"""Form and rest of one player, worked out by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from nba_assets.features.history import FloatArray
from nba_assets.features.player_form import fading_form, last_game_averages, rest
from nba_assets.features.roster import RosterRows

NAN = np.nan
ZEROS = dict.fromkeys(["fg3m", "fg3a", "ftm", "fta", "oreb", "reb", "ast", "blk", "turnover", "pf"], 0.0)


def one_player(*games: tuple[str, int, float, float]) -> RosterRows:
    """Rows of one player: date, season, minutes (NaN: listed and did not play) and points, half as many shots made."""
    rows = [
        ZEROS | {
            "game_id": number, "player_id": 7, "game_date": pd.Timestamp(date), "season": season, "postseason": False,
            "player_name": "Seven", "team": "UTA", "opponent": "MIA", "is_home": True, "ruled_out": False,
            "played": not np.isnan(minutes), "minutes_played": minutes, "pts": points, "fgm": points / 2,
            "fga": points, "usage_rate": 20.0,
        }
        for number, (date, season, minutes, points) in enumerate(games)
    ]  # fmt: skip
    return RosterRows(pd.DataFrame(rows).astype({"played": "boolean"}), pd.DataFrame(columns=["team", "game_date"]))


def last(features: dict[str, FloatArray], name: str) -> float:
    return float(features[name][-1])


def test_who_did_not_play_is_not_a_zero() -> None:
    rows = one_player(
        ("2022-01-01", 2021, 30, 10),
        ("2022-01-03", 2021, NAN, NAN),
        ("2022-01-05", 2021, 20, 20),
        ("2022-01-07", 2021, 9, 9),
    )
    features = last_game_averages(rows)
    assert last(features, "points_avg_last_5") == 15
    assert last(features, "minutes_avg_last_10") == 25
    assert last(features, "fg_pct_last_10") == 0.5
    assert last(features, "points_std_last_10") == pytest.approx(np.sqrt(50))
    assert last(fading_form(rows), "games_recorded") == 2


def test_seasons_are_apart_for_season_averages_only() -> None:
    rows = one_player(("2022-04-10", 2021, 30, 10), ("2022-10-20", 2022, 30, 20), ("2022-10-22", 2022, 30, 30))
    averages, form = last_game_averages(rows), fading_form(rows)
    np.testing.assert_array_equal(averages["points_avg_season"], [NAN, NAN, 20])
    np.testing.assert_array_equal(averages["points_avg_last_5"], [NAN, 10, 15])
    np.testing.assert_array_equal(form["points_avg_last_season"], [NAN, 10, 10])
    np.testing.assert_array_equal(form["games_this_season"], [0, 0, 1])


def test_trends_are_the_last_three_against_the_last_ten() -> None:
    games = [(f"2022-01-{2 * day:02d}", 2021, 20.0 if day < 8 else 30.0, 10.0) for day in range(1, 12)]
    assert last(last_game_averages(one_player(*games)), "minutes_trend") == 30 - (7 * 20 + 3 * 30) / 10


DAY = dt.date(2022, 1, 30)


@pytest.mark.parametrize(
    ("days_before", "minutes", "fatigue", "days_rest", "back_to_back"),
    [
        pytest.param([], 0, 100, NAN, 0, id="no game yet"),
        pytest.param([2], 30, 100, 1, 0, id="a day between"),
        pytest.param([1], 30, 100 - 15 - 5, 0, 1, id="back-to-back"),
        pytest.param([3], 30, 100, 2, 0, id="two days between are no bonus"),
        pytest.param([20, 19, 5], 30, 100, 4, 0, id="the bonus for rest ends at 100, old back-to-backs are forgotten"),
        pytest.param([9, 8, 4], 30, 100 - 5 + 5, 3, 0, id="one back-to-back behind, rested since"),
        pytest.param([9, 8, 6, 5, 2], 30, 100 - 12, 1, 0, id="two back-to-backs behind"),
        pytest.param([7, 6, 4, 2], 30, 100 - 10 - 5, 1, 0, id="four games in the seven days before"),
        pytest.param([8, 6, 4, 2], 30, 100, 1, 0, id="the eighth day before does not count"),
        pytest.param([7, 5, 2], 48, 100, 1, 0, id="144 minutes"),
        pytest.param([7, 6, 5, 4, 2, 1], 48, 100 - 15 - 10 - 10 - 12, 0, 1, id="everything at once"),
    ],
)  # fmt: skip
def test_fatigue(days_before: list[int], minutes: float, fatigue: float, days_rest: float, back_to_back: float) -> None:
    earlier = [(str(DAY - dt.timedelta(days=days)), 2021, float(minutes), 10.0) for days in days_before]
    features = rest(one_player(*earlier, (str(DAY), 2021, 30.0, 10.0)))
    assert last(features, "fatigue_score") == fatigue
    np.testing.assert_equal(last(features, "days_rest"), days_rest)
    assert last(features, "back_to_back") == back_to_back
