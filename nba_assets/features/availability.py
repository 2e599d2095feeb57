"""The probability that a player plays, and the usual minutes and points of team-mates who are ruled out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nba_assets.features.history import FloatArray, Past, filled
from nba_assets.features.roster import RosterRows
from nba_assets.features.weekly_regression import predict_weekly

_UNKNOWN_MINUTES = 5.0  # of a player who never played: between nothing and the average rookie's first game
_UNKNOWN_POINTS = 2.0
_ROLE_WIDTH = 0.15  # of interior_role; a third of the distance from guards to centres


def absences(rows: RosterRows) -> dict[str, FloatArray]:
    """The player's own missed games before this one, for any reason."""
    missed = rows.listings.run(rows.known & ~rows.played)
    returns = Past(rows.player, rows.day, rows.played & (missed >= 3))
    since_return = rows.games.count - filled(returns.latest(rows.games.count.astype(float)), -np.inf)
    return {
        "games_missed_in_a_row": missed,
        "games_passed_over_in_a_row": rows.listings.run(rows.known & ~rows.played & ~rows.ruled_out),
        "games_ruled_out_in_a_row": rows.listings.run(rows.known & rows.ruled_out),
        "share_of_listings_played": rows.listings.fading_mean(rows.played.astype(float), 8),
        "share_of_fit_listings_played": rows.fit_listings.fading_mean(rows.played.astype(float), 3),
        "games_since_return": np.minimum(since_return, 60.0),
    }


def usual_minutes(form: dict[str, FloatArray]) -> FloatArray:
    return filled(form["minutes_form"], _UNKNOWN_MINUTES)


def ruled_out_team_mates(
    rows: RosterRows, form: dict[str, FloatArray], missing: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Usual minutes and points of players who are ruled out. In `_new` columns each counts less with every game he has
    been out, because the team adapts. Ranks are among players not ruled out; 1 has the most minutes."""
    minutes, points = usual_minutes(form), filled(form["points_form"], _UNKNOWN_POINTS)
    news = np.exp(-missing["games_ruled_out_in_a_row"] / 10)
    available = pd.DataFrame({"side": rows.side, "minutes": np.where(rows.ruled_out, -1, minutes)})
    return {
        "minutes_ruled_out": rows.of_team_mates(np.where(rows.ruled_out, minutes, 0.0)),
        "minutes_ruled_out_new": rows.of_team_mates(np.where(rows.ruled_out, minutes * news, 0.0)),
        "points_ruled_out": rows.of_team_mates(np.where(rows.ruled_out, points, 0.0)),
        "points_ruled_out_new": rows.of_team_mates(np.where(rows.ruled_out, points * news, 0.0)),
        "minutes_rank": available.groupby("side")["minutes"].rank(ascending=False, method="min").to_numpy(),
        "opponent_points_ruled_out": rows.of_opponents(np.where(rows.ruled_out, points, 0.0)),
        "opponent_points_ruled_out_new": rows.of_opponents(np.where(rows.ruled_out, points * news, 0.0)),
        "team_mates_available": rows.of_team_mates((~rows.ruled_out).astype(float)),
    }


def play_probability(
    rows: RosterRows,
    form: dict[str, FloatArray],
    missing: dict[str, FloatArray],
    out: dict[str, FloatArray],
    postseason: FloatArray,
) -> FloatArray:
    """Probability that a listed player plays, 0 if ruled out: a linear model, refitted week by week, of how often he
    played when not ruled out, his minutes, and the available team-mates."""
    played = rows.played.astype(float)
    fit, listings = rows.fit_listings, rows.listings
    fast, middle, slow = (
        filled((fit.fading_sum(played, h) + 0.3) / (fit.fading_sum(np.ones(len(played)), h) + 0.6), 0.5)
        for h in (1, 3, 12)
    )
    overall = filled(missing["share_of_listings_played"], 0.5)
    minutes_listed = filled(listings.fading_mean(rows.statistic("minutes_played"), 8), 0.0) / 30
    usual = usual_minutes(form) / 30
    recent = filled(form["minutes_form_fast"], _UNKNOWN_MINUTES) / 30
    missed, passed_over = missing["games_missed_in_a_row"], missing["games_passed_over_in_a_row"]
    rank = out["minutes_rank"] / 10
    columns = [
        np.ones(len(played)), fast, middle, slow, overall, minutes_listed, usual, recent,
        np.minimum(passed_over, 5) / 5, passed_over > 0, passed_over > 2,
        np.minimum(missed, 10) / 10, missed > 0, (missed > 0) & (passed_over == 0),
        np.maximum(usual - 0.5, 0), np.maximum(recent - 1 / 3, 0), out["team_mates_available"] / 15,
        out["minutes_ruled_out"] / 100, out["minutes_ruled_out_new"] / 100, np.exp(-form["games_recorded"] / 10),
        rank, np.maximum(rank - 0.9, 0), postseason, postseason * middle, postseason * np.minimum(passed_over, 5) / 5,
        fast * slow, middle * usual, slow * usual, slow * slow, usual * usual, slow * rank, (missed > 0) * usual,
    ]  # fmt: skip
    prior = np.zeros(len(columns))
    prior[2] = 1.0
    learned = predict_weekly(columns, played, rows.known & ~rows.ruled_out, rows.day, prior, half_life=60)
    return np.where(rows.ruled_out, 0.0, np.clip(learned, 0.02, 0.99))


def similar_role_minutes(rows: RosterRows, interior_role: FloatArray, minutes: FloatArray) -> FloatArray:
    """Sum of team-mates' minutes, weighted by the similarity of their role (Gaussian in interior_role)."""
    result = np.zeros(len(minutes))
    role = filled(interior_role, 0.0)
    order = np.argsort(rows.side, kind="stable")
    for side in np.split(order, np.flatnonzero(np.diff(rows.side[order])) + 1):
        alike = np.exp(-(((role[side][:, None] - role[side][None, :]) / _ROLE_WIDTH) ** 2) / 2)
        result[side] = (alike * minutes[side]).sum(axis=1) - minutes[side]
    return result
