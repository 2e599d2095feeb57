"""Team strength from earlier games."""

import numpy as np
import pandas as pd
import pytest

from nba_assets.features.roster import RosterRows
from nba_assets.features.team_context import opponent_adjusted_ratings, opponent_allowance, recent_team_averages


def two_teams(*points: tuple[float, float], dates: list[str] | None = None) -> RosterRows:
    """Games of UTA at home against MIA with these points per 100 possessions, and one player a side."""
    days = dates or [f"2022-01-{2 * number + 1:02d}" for number in range(len(points))]
    rows, team_games = [], []
    for number, ((home, visitor), day) in enumerate(zip(points, days, strict=True)):
        for team, opponent, scored, allowed in (("MIA", "UTA", visitor, home), ("UTA", "MIA", home, visitor)):
            game = {"game_id": number, "game_date": pd.Timestamp(day), "season": 2021, "team": team}
            game |= {"opponent": opponent, "is_home": team == "UTA"}
            rows.append(game | {"player_id": team == "UTA", "played": True, "ruled_out": False, "pts": scored / 10})
            team_games.append(game | {"off_rating": scored, "def_rating": allowed, "pace": 99.0})
    frame = pd.DataFrame(rows).astype({"played": "boolean", "player_id": int})
    return RosterRows(frame, pd.DataFrame(team_games))


def test_recent_averages_are_of_the_games_before() -> None:
    features = recent_team_averages(two_teams((100, 90), (110, 120), (130, 130)))
    np.testing.assert_array_equal(features["team_off_rating_last_10"], [np.nan, np.nan, 90, 100, 105, 105])
    np.testing.assert_array_equal(features["opponent_def_rating_last_15"], [np.nan, np.nan, 90, 100, 105, 105])
    np.testing.assert_array_equal(features["is_home"], [0, 1, 0, 1, 0, 1])


def test_ratings_start_level_and_follow_surprises() -> None:
    own, others, pace = opponent_adjusted_ratings(two_teams((113.2, 110.8), (123.2, 110.8), (0, 0)))
    np.testing.assert_allclose(own[:4], [110.8, 113.2, 110.8, 113.2], err_msg="as expected, so nothing moves")
    np.testing.assert_allclose(pace, 99.0)
    assert own[5] == pytest.approx(113.2 + 10 * (0.07 + 0.07 + 0.005)), "10 more for the offence, against the defence"
    np.testing.assert_array_equal(others[4:], own[:3:-1])


def test_games_of_one_date_do_not_see_each_other() -> None:
    own, _, _ = opponent_adjusted_ratings(two_teams((150, 90), (150, 90), dates=["2022-01-01", "2022-01-01"]))
    np.testing.assert_allclose(own, [110.8, 113.2, 110.8, 113.2])


def test_allowance_is_drawn_to_one() -> None:
    rows = two_teams((200, 90), (200, 90))
    allowance = opponent_allowance(rows, np.zeros(4), np.full(4, 10.0))
    np.testing.assert_allclose(allowance, [1, 1, (300 + 9) / (300 + 10), (300 + 20) / (300 + 10)])
