"""A player's means over earlier games of the season with a line-up similar to the one now expected."""

from __future__ import annotations

import numpy as np

from nba_assets.features.history import BoolArray, FloatArray, IntArray
from nba_assets.features.roster import RosterRows
from nba_assets.features.rounding import to_grid


def similar_lineup_mean(
    rows: RosterRows,
    values: FloatArray,
    play_probability: FloatArray,
    usual_minutes: FloatArray,
    *,
    scale: float,
    half_life: float,
    prior: FloatArray,
    prior_games: float,
) -> FloatArray:
    """Weighted mean of `values` over the player's earlier games of the season for this team.

    An earlier game weighs exp(-distance / scale), halved every `half_life` finished team games since. The
    distance is the share of the team's 240 minutes that changes hands: over the players listed now, usual minutes / 240
    times the difference between the probability to play now and having played then. The mean is shrunk to `prior`,
    which counts as `prior_games` games.
    """
    result = prior.copy()
    for of_team in _team_seasons(rows):
        game, player = _dense(rows.game[of_team]), _dense(rows.player[of_team])
        shape = (game.max() + 1, player.max() + 1)
        probability, weight, played, value = (np.zeros(shape) for _ in range(4))
        number = _finished_before(game, rows.day[of_team], rows.known[of_team])
        probability[game, player] = play_probability[of_team]
        weight[game, player] = usual_minutes[of_team] / 240
        played[game, player] = rows.played[of_team]
        value[game, player] = values[of_team]
        probability, weight = to_grid(probability), to_grid(weight)
        distance = (weight * probability).sum(1)[:, None] + (weight * (1 - 2 * probability)) @ played.T
        # The player himself played in every game of his mean, and is assumed to play now.
        own = weight * (1 - probability)
        age = number[:, None] - number[None, :]
        similarity = np.where(age > 0, np.exp(-distance / scale) * 0.5 ** (age / half_life), 0.0)
        closeness = np.exp(own / scale)
        games = (similarity @ played) * closeness
        total = (similarity @ (value * played)) * closeness
        drawn_to = prior[of_team]
        result[of_team] = (total[game, player] + prior_games * drawn_to) / (games[game, player] + prior_games)
    return to_grid(result)


def _finished_before(game: IntArray, day: IntArray, known: BoolArray) -> IntArray:
    """For each of a team's games, numbered in order of day, the number of finished games of earlier days."""
    finished = np.bincount(game, known) > 0
    day_of_game = np.empty(len(finished), dtype=np.int64)
    day_of_game[game] = day
    counted = np.concatenate([[0], np.cumsum(finished)])
    return counted[np.searchsorted(day_of_game, day_of_game)]


def _team_seasons(rows: RosterRows) -> list[IntArray]:
    codes = rows.team * 10_000 + rows.season
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def _dense(codes: IntArray) -> IntArray:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
