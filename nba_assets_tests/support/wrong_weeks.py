"""Weeks that are wrong in exactly one way, each named, with the check that has to find it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    COUNTING_STATS,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
    Table,
)
from nba_assets_tests.support.small_week import WEEK

NEXT_FRIDAY = WEEK + dt.timedelta(days=7)
SUNDAY = WEEK + dt.timedelta(days=2)
FEW_GAMES, MANY_GAMES = 3, 12  # with 24 team-games, one wrong is a warning
Change = Callable[[pd.DataFrame], pd.DataFrame]


def set_values(rows: str, first: int | None = None, **values: object) -> Change:
    """Write `values` into the rows (the `first` of them)."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.copy()
        for column, value in values.items():
            changed.loc[frame.query(rows).index[:first], column] = value
        return changed

    return change


def drop(rows: str, first: int | None = None) -> Change:
    return lambda frame: frame.drop(frame.query(rows).index[:first])


def repeat_first(rows: str) -> Change:
    return lambda frame: pd.concat([frame, frame.query(rows).head(1)], ignore_index=True)


def add_players_like(rows: str, times: int, **values: object) -> Change:
    """Add `times` new players for each of the rows, with the same line and `values`."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        new = [
            frame.query(rows).assign(player_id=lambda row, copy=copy: row["player_id"] + 10_000 * copy, **values)
            for copy in range(1, times + 1)
        ]
        return pd.concat([frame, *new], ignore_index=True)

    return change


def only_players(count: int) -> Change:
    """Give the minutes of all but `count` of Atlanta's players to the first one."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.copy()
        playing = frame.query("team == 'ATL' and played").index
        benched = playing[count:]
        changed.loc[playing[0], "minutes_played"] += frame.loc[benched, "minutes_played"].sum()
        changed.loc[benched, "minutes_played"] = None
        changed.loc[benched, "played"] = False
        return changed

    return change


@dataclass(frozen=True)
class Case:
    """`change` brings the check of `table` to `outcome` through `metric`.

    also: the only other check that does not pass, and its outcome.
    """

    table: Table
    check: str
    metric: str
    outcome: str
    change: Change
    games: int = FEW_GAMES
    also: tuple[str, str] | None = None


GAMES, BOXES, PLAYERS, TEAMS = BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
INTEGRITY, ROWS, MINUTES_NULL = "row_integrity", "rows_per_final_game", "minutes_null_rate"
FIRST_GAME = "team in ['ATL', 'BOS']"
PER_TEAM, MOST = "games_per_team", "most_games_of_a_team"
NO_POINTS = ("team_points_match_score", "warn")
ZEROS, NULLS = dict.fromkeys(COUNTING_STATS, 0), dict.fromkeys(COUNTING_STATS)

EVERYBODY_PLAYS = set_values("~played", played=True, minutes_played=0.0)

WRONG = {
    "games: one is there twice": Case(GAMES, INTEGRITY, "duplicate_keys", "error", repeat_first("index == 0")),
    "games: one of next week": Case(
        GAMES, INTEGRITY, "rows_outside_week", "error", set_values("index == 1", game_date=NEXT_FRIDAY)
    ),
    "games: a final tie": Case(
        GAMES, "final_scores", "final_games_without_a_winner", "warn", set_values("index == 0", home_score=105)
    ),
    "games: final without a score": Case(
        GAMES, "final_scores", "final_games_without_a_winner", "warn", set_values("index == 0", visitor_score=0)
    ),
    "games: a team against itself": Case(
        GAMES, "final_scores", "games_of_one_team", "error", set_values("index == 0", visitor_team="ATL")
    ),
    "games: a stored final game is gone": Case(
        GAMES, "final_games_kept", "final_games_gone", "error", drop("index == 1")
    ),
    "games: a stored final game is open again": Case(
        GAMES, "final_games_kept", "final_games_gone", "error", set_values("index == 0", status="2021-12-18T00:30:00Z")
    ),
    "games: a team plays six times": Case(
        GAMES, PER_TEAM, MOST, "warn", set_values("index < 6", home_team="ATL"), games=MANY_GAMES
    ),
    "games: a team plays eight times": Case(
        GAMES, PER_TEAM, MOST, "error", set_values("index < 8", home_team="ATL"), games=MANY_GAMES
    ),
    "games: 9 days after the last game": Case(
        GAMES, "no_gap_in_season", "gaps_before_the_week", "warn", set_values("index == 0", game_date=SUNDAY)
    ),
    "box scores: a row is there twice": Case(
        BOXES, INTEGRITY, "duplicate_keys", "error", repeat_first("minutes == '00'")
    ),
    "box scores: a row of next week": Case(
        BOXES, INTEGRITY, "rows_outside_week", "error", set_values("index == 0", game_date=NEXT_FRIDAY)
    ),
    "box scores: 2 of 90 minutes NULL": Case(
        BOXES, MINUTES_NULL, MINUTES_NULL, "warn", set_values("minutes == '00'", first=2, minutes=None)
    ),
    "box scores: 5 of 90 minutes NULL": Case(
        BOXES, MINUTES_NULL, MINUTES_NULL, "error", set_values("minutes == '00'", first=5, minutes=None)
    ),
    "box scores: 20 rows a game": Case(BOXES, ROWS, ROWS, "warn", drop("minutes == '00'")),
    "box scores: 18 rows a game": Case(BOXES, ROWS, ROWS, "error", drop("pts == 0")),
    "box scores: 50 rows a game": Case(BOXES, ROWS, ROWS, "warn", add_players_like("minutes == '00'", 2)),
    "box scores: 70 rows a game": Case(BOXES, ROWS, ROWS, "error", add_players_like("minutes == '00'", 4)),
    "box scores: a final game without rows": Case(BOXES, ROWS, "final_games_without_rows", "error", drop(FIRST_GAME)),
    "box scores: a team is missing": Case(BOXES, ROWS, "final_games_of_one_team", "error", drop("team == 'ATL'")),
    "box scores: a game of zeros": Case(
        BOXES, ROWS, "final_games_all_zero", "error", set_values(FIRST_GAME, **ZEROS), also=NO_POINTS
    ),
    "box scores: a game of NULLs": Case(
        BOXES, ROWS, "final_games_all_zero", "error", set_values(FIRST_GAME, **NULLS), also=NO_POINTS
    ),
    "box scores: two players' points exchanged": Case(
        BOXES, "points_add_up", "rows_of_wrong_points", "error", set_values("index < 2", pts=24)
    ),
    "box scores: a basket that the score has not": Case(
        BOXES, "team_points_match_score", "team_scores_not_matched", "warn", set_values("index == 0", fgm=10, pts=28)
    ),
    "box scores: a team of NULLs": Case(
        BOXES, "team_points_match_score", "team_scores_not_matched", "warn", set_values("team == 'ATL'", **NULLS)
    ),
    "summary: a row is there twice": Case(PLAYERS, INTEGRITY, "duplicate_keys", "error", repeat_first("~played")),
    "summary: a row of next week": Case(
        PLAYERS, INTEGRITY, "rows_outside_week", "error", set_values("index == 0", game_date=NEXT_FRIDAY)
    ),
    "summary: 60 % of minutes NULL": Case(PLAYERS, MINUTES_NULL, MINUTES_NULL, "warn", add_players_like("~played", 2)),
    "summary: 75 % of minutes NULL": Case(PLAYERS, MINUTES_NULL, MINUTES_NULL, "error", add_players_like("~played", 5)),
    "summary: nobody listed who did not play": Case(
        PLAYERS, MINUTES_NULL, "games_where_all_played", "warn", EVERYBODY_PLAYS
    ),
    "summary: minutes missing where played": Case(
        PLAYERS,
        "minutes_exactly_when_played",
        "minutes_missing_where_played",
        "error",
        set_values("minutes_played == 4", first=1, minutes_played=None),
    ),
    "summary: minutes set where not played": Case(
        PLAYERS,
        "minutes_exactly_when_played",
        "minutes_set_where_not_played",
        "error",
        set_values("~played", first=1, minutes_played=0.0),
    ),
    "summary: 78 of 90 raw rows": Case(PLAYERS, "coverage_of_raw_rows", "coverage", "warn", drop("~played", 12)),
    "summary: 62 of 90 raw rows": Case(
        PLAYERS, "coverage_of_raw_rows", "coverage", "error", drop("~played and player_id not in [14, 214]")
    ),
    "summary: 5 players": Case(PLAYERS, "players_per_team_game", "fewest_players", "warn", only_players(5)),
    "summary: 4 players": Case(PLAYERS, "players_per_team_game", "fewest_players", "error", only_players(4)),
    "summary: 16 players": Case(
        PLAYERS,
        "players_per_team_game",
        "most_players",
        "warn",
        add_players_like("player_id == 10", 6, played=True, minutes_played=0.0),
    ),
    "summary: 18 players": Case(
        PLAYERS,
        "players_per_team_game",
        "most_players",
        "error",
        add_players_like("player_id == 10", 8, played=True, minutes_played=0.0),
    ),
    "summary: 1 of 24 teams of 250 minutes": Case(
        PLAYERS,
        "team_minutes",
        "team_games_of_full_minutes",
        "warn",
        set_values("index == 0", minutes_played=46.0),
        games=MANY_GAMES,
    ),
    "summary: 1 of 6 teams of 250 minutes": Case(
        PLAYERS,
        "team_minutes",
        "team_games_of_full_minutes",
        "error",
        set_values("index == 0", minutes_played=46.0),
    ),
    "summary: 1 of 60 usage rates NULL": Case(
        PLAYERS, "usage_rate_null_rate", "usage_rate_null_rate", "warn", set_values("index == 0", usage_rate=None)
    ),
    "summary: 4 of 60 usage rates NULL": Case(
        PLAYERS, "usage_rate_null_rate", "usage_rate_null_rate", "error", set_values("index < 4", usage_rate=None)
    ),
    "teams: a row is there twice": Case(
        TEAMS, INTEGRITY, "duplicate_keys", "error", repeat_first("index == 0"), also=("two_teams_a_game", "error")
    ),
    "teams: a row of next week": Case(
        TEAMS, INTEGRITY, "rows_outside_week", "error", set_values("index == 0", game_date=NEXT_FRIDAY)
    ),
    "teams: one is missing": Case(
        TEAMS, "two_teams_a_game", "games_without_two_teams", "error", drop("team == 'ATL'")
    ),
    "metrics: a row is there twice": Case(
        VALIDATION_METRICS, INTEGRITY, "duplicate_keys", "error", repeat_first("index == 0")
    ),
}  # fmt: skip
