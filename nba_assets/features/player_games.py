"""From summaries to features: one row per listed player and game, for training and for prediction."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from nba_assets.features.availability import absences, play_probability, ruled_out_team_mates
from nba_assets.features.expected_role import expected_minutes, expected_points
from nba_assets.features.history import FloatArray
from nba_assets.features.player_form import fading_form, last_game_averages, rest
from nba_assets.features.roster import RosterRows, day_number, roster_rows
from nba_assets.features.team_context import calendar, expected_game, opponent_allowance, recent_team_averages
from nba_assets.tables.features import NAMES

_IDENTITY = ["game_id", "player_id", "game_date", "season", "team", "opponent", "player_name"]
_DECIMALS = 4


def player_game_features(
    player_games: pd.DataFrame,
    team_games: pd.DataFrame,
    ruled_out: pd.DataFrame,
    games: pd.DataFrame,
    *,
    first: dt.date,
    last: dt.date,
    roster: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Rows of the games with first <= game_date <= last, in order of date, game, team and player.

    player_games, team_games: the summaries, from the first season on record on; rows after `last` are not used.
    ruled_out: game_id, game_date and player_id of who was ruled out before tip-off.
    games: game_id, game_date, season, postseason, home_team, visitor_team; those without rows in player_games on their
    date are future games, even if the date is past, with the players of `roster` (game_id, game_date, team, player_id,
    player_name) or of their teams' newest game.

    Columns: game_id, player_id, game_date, season, team, opponent, player_name, played (NA: future game), ruled_out,
    points (the target, NaN unless played), then the features of `tables.features.FEATURES` as float64 rounded to four
    decimals. Features of a game use only games before its date, and do not depend on `first` and `last`. One exception:
    the players listed for a finished game, and so a player's team-mates, are those of its box score, played or not.
    """
    rows = roster_rows(player_games, team_games, ruled_out, games, first, last, roster)
    wanted = rows.day >= day_number(first)
    table = rows.frame.loc[wanted, [*_IDENTITY, "played", "ruled_out"]].reset_index(drop=True)
    table["game_date"] = table["game_date"].dt.date
    table["points"] = np.where(rows.played, rows.column("pts"), np.nan)[wanted]
    features = _features(rows) if wanted.any() else dict.fromkeys(NAMES, np.empty(len(wanted)))
    values = {name: np.round(features[name][wanted], _DECIMALS) for name in NAMES}
    return pd.concat([table, pd.DataFrame(values)], axis=1)


def _features(rows: RosterRows) -> dict[str, FloatArray]:
    """Each step uses the features of the steps before it."""
    known = last_game_averages(rows) | rest(rows) | fading_form(rows)
    known |= recent_team_averages(rows) | expected_game(rows) | calendar(rows)
    known |= absences(rows)
    known |= ruled_out_team_mates(rows, known, known)
    known["play_probability"] = play_probability(rows, known, known, known, known["postseason"])
    known["opponent_allowance"] = opponent_allowance(rows, known["interior_role"], known["points_form"])
    known |= expected_minutes(rows, known)
    known |= expected_points(rows, known)
    return known
