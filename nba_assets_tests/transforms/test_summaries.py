"""Summaries against numbers worked out by hand."""

import datetime as dt

import pandas as pd
import pytest

from nba_assets.errors import BadRow
from nba_assets.tables import COUNTING_STATS, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.transforms.summaries import player_game_summary, team_game_summary
from nba_assets.warehouse.frames import to_arrow
from nba_assets_tests.support.small_week import FETCHED_AT, WEEK, league_week

DATE = WEEK + dt.timedelta(days=1)
UTAH, MIAMI, DENVER = "UTA", "MIA", "DEN"


def games(home_score: int = 12, visitor_score: int = 9, period: int = 4, status: str = "Final") -> pd.DataFrame:
    """One game, Miami at Utah."""
    facts = {"week": WEEK, "game_id": 1, "game_date": DATE, "season": 2021, "postseason": False}
    teams = {"home_team": UTAH, "visitor_team": MIAMI, "home_score": home_score, "visitor_score": visitor_score}
    return pd.DataFrame([facts | teams | {"status": status, "period": period}])


def row(player: int, team: str, minutes: str | None, **stats: int | None) -> dict[str, object]:
    facts = {"week": WEEK, "game_id": 1, "game_date": DATE, "season": 2021, "position": "G", "fetched_at": FETCHED_AT}
    zeros = dict.fromkeys(COUNTING_STATS, 0) | {"plus_minus": None}
    return facts | zeros | {"player_id": player, "player_name": f"P{player}", "team": team, "minutes": minutes} | stats


# Utah: 2 players and 3 more who take no shot. Plays: A 10 + 0.44 * 5 + 2 = 14.2, B 4 + 0 + 1 = 5, together 19.2.
BOX_SCORES = pd.DataFrame(
    [
        row(
            1, UTAH, "40", plus_minus=-4, fgm=3, fga=10, fg3m=1, fg3a=4, ftm=3, fta=5, turnover=2, oreb=1, reb=1, pts=10
        ),
        row(2, UTAH, "20:30", fgm=1, fga=4, turnover=1, pts=2),
        row(3, UTAH, "00", stl=1),
        row(4, UTAH, "00", plus_minus=0),
        row(5, UTAH, "39:30"),
        row(6, MIAMI, "50", fgm=4, fga=8, fta=2, ftm=1, oreb=2, reb=2, turnover=3, pts=9),
        row(7, MIAMI, "0"),
    ]
)


@pytest.fixture(scope="module")
def players() -> pd.DataFrame:
    return player_game_summary(games(), BOX_SCORES).set_index("player_id")


# Usage = 100 plays (team minutes / 5) / (minutes * team plays); Utah's minutes are 40 + 20.5 + 0 + 39.5 = 100.
BY_HAND = [
    # player, column, value
    (1, "minutes_played", 40.0),
    (1, "usage_rate", 100 * 14.2 * 20 / (40 * 19.2)),  # 36.98
    (1, "ts_pct", 10 / (2 * 12.2)),  # 0.4098
    (1, "efg_pct", 3.5 / 10),
    (2, "minutes_played", 20.5),
    (2, "usage_rate", 100 * 5 * 20 / (20.5 * 19.2)),  # 25.41
    (2, "ts_pct", 0.25),
    (2, "efg_pct", 0.25),
    (3, "minutes_played", 0.0),
    (3, "stl", 1),
    (3, "pts", 0),
    (5, "usage_rate", 0.0),
    (6, "usage_rate", 20.0),  # alone on the sheet: 100 (50 / 5) / 50
    (6, "ts_pct", 9 / (2 * 8.88)),
    (6, "efg_pct", 0.5),
]


@pytest.mark.parametrize(("player", "column", "value"), BY_HAND)
def test_player_numbers_are_those_worked_out_by_hand(
    players: pd.DataFrame, player: int, column: str, value: float
) -> None:
    assert players.loc[player, column] == pytest.approx(value, abs=1e-12)


NOT_DEFINED = [
    (3, "usage_rate", "no minutes to divide by"),
    (3, "ts_pct", "no attempt"),
    (5, "ts_pct", "no attempt"),
    (5, "efg_pct", "no attempt"),
]


@pytest.mark.parametrize(("player", "column", "because"), NOT_DEFINED)
def test_a_zero_denominator_gives_null(players: pd.DataFrame, player: int, column: str, because: str) -> None:
    assert pd.isna(players.loc[player, column]), because


@pytest.mark.parametrize(("player", "played"), [(1, True), (3, True), (4, False), (5, True), (7, False)])
def test_zero_minutes_and_any_stat_is_a_player_under_a_minute(players: pd.DataFrame, player: int, played: bool) -> None:
    assert players.loc[player, "played"] == played


def test_who_did_not_play_has_null_and_never_zero(players: pd.DataFrame) -> None:
    absent = players.loc[[4, 7], [*COUNTING_STATS, "minutes_played", "usage_rate", "ts_pct", "efg_pct"]]
    assert absent.isna().all(axis=None)


def test_plus_minus_is_that_of_who_played_where_it_was_sent(players: pd.DataFrame) -> None:
    assert players.loc[1, "plus_minus"] == -4
    assert players.loc[[2, 4], "plus_minus"].isna().all()
    assert not players.loc[4, "played"]


def test_the_row_says_where_and_against_whom(players: pd.DataFrame) -> None:
    told = players[["team", "opponent", "is_home", "won", "postseason"]]
    assert told.loc[1].tolist() == [UTAH, MIAMI, True, True, False]
    assert told.loc[6].tolist() == [MIAMI, UTAH, False, False, False]


def test_minutes_null_with_a_stat_is_left_for_the_checks_to_refuse() -> None:
    (line,) = player_game_summary(games(), pd.DataFrame([row(1, UTAH, None, ast=2)])).to_dict("records")
    assert line["played"]
    assert pd.isna(line["minutes_played"])


def test_text_that_is_no_time_costs_the_row_by_name() -> None:
    with pytest.raises(BadRow, match=r"game 1 of 2021-12-18, player 1: minutes 'abc'"):
        player_game_summary(games(), pd.DataFrame([row(1, UTAH, "abc")]))


@pytest.mark.parametrize("status", ["2021-12-18T00:30:00Z", "Postponed", "3rd Qtr"])
def test_only_final_games_are_summed_up(status: str) -> None:
    unfinished = games(status=status)
    for table, summary in (
        (PLAYER_GAME_SUMMARY, player_game_summary(unfinished, BOX_SCORES)),
        (TEAM_GAME_SUMMARY, team_game_summary(unfinished, BOX_SCORES)),
    ):
        assert summary.empty
        assert to_arrow(summary, table).num_rows == 0


def test_a_row_of_a_team_that_is_not_in_the_game_is_left_out() -> None:
    with_stranger = pd.concat([BOX_SCORES, pd.DataFrame([row(8, DENVER, "12", pts=4, fgm=2, fga=2)])])
    assert len(player_game_summary(games(), with_stranger)) == len(BOX_SCORES)


# Utah 14 + 0.44 * 5 + 3 - 1 = 18.2, Miami 8 + 0.44 * 2 + 3 - 2 = 9.88 possessions.
TEAM_BY_HAND = [
    # team, column, value
    (UTAH, "possessions", 18.2),
    (MIAMI, "possessions", 9.88),
    (UTAH, "off_rating", 100 * 12 / 18.2),
    (UTAH, "def_rating", 100 * 9 / 9.88),
    (MIAMI, "off_rating", 100 * 9 / 9.88),
    (MIAMI, "def_rating", 100 * 12 / 18.2),
    (UTAH, "minutes", 100.0),
    (MIAMI, "minutes", 50.0),
    (UTAH, "pace", 48 * ((18.2 + 9.88) / 2) / (100 / 5)),
    (UTAH, "points", 12),
    (UTAH, "opponent_points", 9),
    (UTAH, "overtimes", 0),
]


@pytest.mark.parametrize(("team", "column", "value"), TEAM_BY_HAND)
def test_team_numbers_are_those_worked_out_by_hand(team: str, column: str, value: float) -> None:
    teams = team_game_summary(games(), BOX_SCORES).set_index("team")
    assert teams.loc[team, column] == pytest.approx(value, abs=1e-12)


def test_a_team_without_an_attempt_has_no_rating() -> None:
    idle = pd.DataFrame([row(1, UTAH, "48"), row(6, MIAMI, "48", fga=4)])
    teams = team_game_summary(games(), idle).set_index("team")
    assert teams.loc[UTAH, "possessions"] == 0
    assert pd.isna(teams.loc[UTAH, "off_rating"])
    assert pd.isna(teams.loc[MIAMI, "def_rating"])


def test_overtime_does_not_raise_pace() -> None:
    """The same possessions in 265 player-minutes instead of 240 are a pace lower by 240 / 265."""
    week = league_week()
    teams = team_game_summary(week.games, week.box_scores)
    regulation, overtime = teams[teams["overtimes"] == 0], teams[teams["overtimes"] == 1]
    assert set(regulation["minutes"]) == {240.0}
    assert set(overtime["minutes"]) == {265.0}
    assert regulation["pace"].iloc[0] == pytest.approx(regulation["possessions"].mean())
    assert overtime["pace"].iloc[0] == pytest.approx(regulation["pace"].iloc[0] * 240 / 265)


def test_a_summary_fits_its_declared_table_and_keeps_every_row() -> None:
    week = league_week()
    assert to_arrow(week.player_summary, PLAYER_GAME_SUMMARY).num_rows == len(week.box_scores)
    assert to_arrow(week.team_summary, TEAM_GAME_SUMMARY).num_rows == 2 * len(week.games)
    assert week.player_summary["played"].mean() == pytest.approx(2 / 3)
