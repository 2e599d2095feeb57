"""The feature table as a whole: no leak, no dependence on order or window, and players out of the ordinary."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nba_assets.tables.features import NAMES, SETS
from nba_assets_tests.support.small_league import FIRST, ROSTER_SIZE, League, small_league

LEAGUE = small_league()
TARGET = FIRST + dt.timedelta(days=40)
LAST = LEAGUE.games["game_date"].max()
KNOWN_BEFORE = ["game_id", "player_id", "ruled_out", *NAMES]


@pytest.fixture(scope="module")
def all_at_once() -> pd.DataFrame:
    return LEAGUE.features(FIRST, LAST)


def between(table: pd.DataFrame, first: dt.date, last: dt.date) -> pd.DataFrame:
    return table[table["game_date"].between(first, last)].reset_index(drop=True)


def test_one_row_per_listed_player_and_game(all_at_once: pd.DataFrame) -> None:
    assert len(all_at_once) == len(LEAGUE.player_games) == 60 * 2 * ROSTER_SIZE
    assert not all_at_once.duplicated(["game_id", "player_id"]).any()
    assert np.isfinite(all_at_once[list(NAMES)].fillna(0.0).to_numpy()).all()


def test_the_target_is_the_points_of_who_played(all_at_once: pd.DataFrame) -> None:
    summary = LEAGUE.player_games.sort_values(["game_date", "game_id", "team", "player_id"])
    np.testing.assert_array_equal(all_at_once["points"], summary["pts"].astype(float))
    assert all_at_once["played"].tolist() == summary["played"].tolist()


def changed_from(day: dt.date) -> League:
    """Everyone from the day on scores 50 in 48 minutes, whether he was there or not."""
    players, teams = LEAGUE.player_games.copy(), LEAGUE.team_games.copy()
    statistics = ["minutes_played", "pts", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "usage_rate", "reb", "ast"]
    players.loc[players["game_date"] >= day, "played"] = True
    players.loc[players["game_date"] >= day, statistics] = 50.0
    teams.loc[teams["game_date"] >= day, ["points", "off_rating", "pace", "possessions"]] = 400.0
    return replace(LEAGUE, player_games=players, team_games=teams)


@pytest.mark.parametrize(
    "league",
    [
        pytest.param(changed_from(TARGET), id="its box scores and all later ones changed"),
        pytest.param(LEAGUE.without_results_from(TARGET), id="its box scores and all later ones deleted"),
    ],
)
def test_features_do_not_see_their_own_game_or_later_ones(all_at_once: pd.DataFrame, league: League) -> None:
    expected = between(all_at_once, TARGET, TARGET)
    result = league.features(TARGET, TARGET, roster=expected)
    pd.testing.assert_frame_equal(result[KNOWN_BEFORE], expected[KNOWN_BEFORE])


def test_two_games_of_one_date_do_not_see_each_other(all_at_once: pd.DataFrame) -> None:
    other_game = LEAGUE.games.loc[LEAGUE.games["game_date"] == TARGET, "game_id"].max()
    players, teams = (frame[frame["game_id"] != other_game] for frame in (LEAGUE.player_games, LEAGUE.team_games))
    games = LEAGUE.games[LEAGUE.games["game_id"] != other_game]
    result = League(players, teams, LEAGUE.ruled_out, games).features(TARGET, TARGET)
    expected = between(all_at_once, TARGET, TARGET).query("game_id != @other_game").reset_index(drop=True)
    pd.testing.assert_frame_equal(result, expected)


def test_the_order_of_input_rows_does_not_matter(all_at_once: pd.DataFrame) -> None:
    shuffled = League(
        *(
            frame.sample(frac=1, random_state=3)
            for frame in (LEAGUE.player_games, LEAGUE.team_games, LEAGUE.ruled_out, LEAGUE.games)
        )
    )
    pd.testing.assert_frame_equal(shuffled.features(FIRST, LAST), all_at_once)


def test_week_by_week_is_all_at_once(all_at_once: pd.DataFrame) -> None:
    fridays = [FIRST + dt.timedelta(days=7 * week) for week in range(9)]
    weeks = [LEAGUE.features(friday, friday + dt.timedelta(days=6)) for friday in fridays]
    pd.testing.assert_frame_equal(pd.concat(weeks, ignore_index=True), all_at_once)


def test_a_window_without_games_has_no_rows(all_at_once: pd.DataFrame) -> None:
    summer = LEAGUE.features(dt.date(2022, 7, 1), dt.date(2022, 7, 7))
    assert len(summer) == 0 and summer.columns.tolist() == all_at_once.columns.tolist()


def test_before_the_first_game_there_are_no_rows(all_at_once: pd.DataFrame) -> None:
    nothing = LEAGUE.features(dt.date(2021, 10, 1), dt.date(2021, 10, 7))
    assert len(nothing) == 0 and nothing.columns.tolist() == all_at_once.columns.tolist()


def test_a_rookie_has_no_form_and_is_still_expected_to_play(all_at_once: pd.DataFrame) -> None:
    first_games = between(all_at_once, FIRST, FIRST)
    form = first_games[[name for name in SETS["v3"] if name != "fatigue_score"]]
    assert form.isna().all(axis=None)
    assert first_games[["days_rest", "minutes_form", "points_per_minute"]].isna().all(axis=None)
    assert first_games["expected_minutes"].between(0.5, 43).all()
    assert first_games["games_recorded"].eq(0).all()


def test_a_traded_player_takes_his_form_along(all_at_once: pd.DataFrame) -> None:
    player = 0
    players = LEAGUE.player_games.copy()
    moved = (players["player_id"] == player) & (players["game_date"] >= TARGET)
    of_new_team = players[(players["team"] == "DEN") & (players["game_date"] >= TARGET)]
    line = of_new_team.drop_duplicates("game_id").assign(player_id=player, player_name="BOS 0")
    traded = replace(LEAGUE, player_games=pd.concat([players[~moved], line], ignore_index=True))
    row = traded.features(TARGET, LAST).query("player_id == @player").iloc[0]
    assert row["team"] == "DEN"
    assert row["games_with_team"] == 0
    before = LEAGUE.player_games.query("player_id == @player and played and game_date < @row.game_date")
    assert row["games_recorded"] == len(before)
    assert row["points_avg_last_10"] == pytest.approx(before["pts"].tail(10).mean())
    assert row["points_avg_season"] == pytest.approx(before["pts"].mean(), abs=1e-4)


def test_games_to_come_list_the_players_of_the_newest_game(all_at_once: pd.DataFrame) -> None:
    coming = LEAGUE.without_results_from(TARGET).features(TARGET, TARGET)
    expected = between(all_at_once, TARGET, TARGET)
    assert coming["played"].isna().all() and coming["points"].isna().all()
    pd.testing.assert_frame_equal(coming[KNOWN_BEFORE], expected[KNOWN_BEFORE])


def test_a_player_ruled_out_makes_room_for_the_others(all_at_once: pd.DataFrame) -> None:
    game = LEAGUE.games.loc[LEAGUE.games["game_date"] == TARGET, "game_id"].min()
    names = LEAGUE.ruled_out
    everyone = replace(LEAGUE, ruled_out=names[names["game_id"] != game])
    star = everyone.features(TARGET, TARGET).query("game_id == @game").nlargest(1, "expected_minutes").iloc[0]
    star_line = pd.DataFrame([{"game_id": game, "game_date": TARGET, "player_id": star["player_id"]}])
    without = replace(everyone, ruled_out=pd.concat([everyone.ruled_out, star_line], ignore_index=True))
    with_star, without_star = (
        table[(table["game_id"] == game) & (table["team"] == star["team"]) & (table["player_id"] != star["player_id"])]
        for table in (everyone.features(TARGET, TARGET), without.features(TARGET, TARGET))
    )
    assert (without_star["minutes_ruled_out"] - with_star["minutes_ruled_out"]).tolist() == pytest.approx(
        [star["minutes_form"]] * (ROSTER_SIZE - 1), abs=1e-3
    )
    assert without_star["share_of_team_points"].sum() > with_star["share_of_team_points"].sum()
    assert (without_star["team_mates_available"] == with_star["team_mates_available"] - 1).all()
