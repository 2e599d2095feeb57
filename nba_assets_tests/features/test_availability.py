"""Who is missing, from a few games of one team worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from nba_assets.features.availability import absences, ruled_out_team_mates
from nba_assets.features.history import FloatArray
from nba_assets.features.roster import RosterRows
from nba_assets.features.similar_lineups import similar_lineup_mean

PLAYED, PASSED_OVER, OUT = "played", "passed over", "out"


def one_team(**seasons: str) -> RosterRows:
    """Rows of one team; a letter per game and player: p played, n not, o ruled out."""
    rows = [
        {
            "game_id": game, "player_id": player, "game_date": pd.Timestamp("2022-01-01") + pd.Timedelta(days=2 * game),
            "season": 2021, "team": "UTA", "opponent": "MIA", "played": letters[game] == "p",
            "ruled_out": letters[game] == "o",
        }
        for game in range(len(next(iter(seasons.values()))))
        for player, letters in enumerate(seasons.values())
    ]  # fmt: skip
    return RosterRows(pd.DataFrame(rows).astype({"played": "boolean"}), pd.DataFrame(columns=["team", "game_date"]))


def of_player(rows: RosterRows, values: FloatArray, player: int) -> list[float]:
    return values[rows.player == player].tolist()


@pytest.mark.parametrize(
    ("letters", "name", "expected"),
    [
        pytest.param("pnop", "games_missed_in_a_row", [0, 0, 1, 2], id="missed for any reason"),
        pytest.param("pnop", "games_passed_over_in_a_row", [0, 0, 1, 0], id="ruled out ends being passed over"),
        pytest.param("poop", "games_ruled_out_in_a_row", [0, 0, 1, 2], id="ruled out"),
        pytest.param("pooopp", "games_since_return", [60, 60, 60, 60, 60, 1], id="back after three games"),
        pytest.param("poopp", "games_since_return", [60, 60, 60, 60, 60], id="two games are no absence"),
    ],
)
def test_absences(letters: str, name: str, expected: list[float]) -> None:
    rows = one_team(player=letters)
    assert of_player(rows, absences(rows)[name], 0) == expected


def test_what_the_ruled_out_leave_behind() -> None:
    rows = one_team(star="pppo", sixth_man="pppp", bench="pppp")
    form = {"minutes_form": np.tile([36.0, 24.0, 12.0], 4), "points_form": np.tile([30.0, 10.0, np.nan], 4)}
    out = ruled_out_team_mates(rows, form, absences(rows))
    assert out["minutes_ruled_out"][-3:].tolist() == [0, 36, 36]
    assert out["points_ruled_out_new"][-3:].tolist() == [0, 30, 30]
    assert out["minutes_rank"][:3].tolist() == [1, 2, 3]
    assert out["minutes_rank"][-3:].tolist() == [3, 1, 2]
    assert out["team_mates_available"][-3:].tolist() == [2, 1, 1]


def test_games_with_the_same_team_mates_count_for_more() -> None:
    rows = one_team(star="popopo", sixth_man="pppppp")
    minutes = np.array([36.0, 20, 0, 30, 36, 20, 0, 30, 36, 20, 0, 30])
    lineup = similar_lineup_mean(
        rows, minutes, (~rows.ruled_out).astype(float), np.tile([36.0, 24.0], 6),
        scale=0.05, half_life=100, prior=np.full(12, 24.0), prior_games=0.01,
    )  # fmt: skip
    of_sixth_man = of_player(rows, lineup, 1)
    assert of_sixth_man[0] == 24, "no earlier game: the prior"
    assert of_sixth_man[1] == pytest.approx(20, abs=1), "the star has played in all games so far"
    assert of_sixth_man[4] == pytest.approx(20, abs=1), "the star plays"
    assert of_sixth_man[5] == pytest.approx(30, abs=1), "the star is out"
