"""Features from a player's own earlier box scores: averages of his last games, weighted form, rest."""

from __future__ import annotations

import numpy as np

from nba_assets.features.history import FloatArray, Past, filled, ratio
from nba_assets.features.roster import RosterRows, days

_LEAGUE_POINTS_PER_MINUTE = 0.42  # measured on 2021-22; rates of players with few minutes are shrunk to it
_DRAWN_BY_MINUTES = 60.0


def last_game_averages(rows: RosterRows) -> dict[str, FloatArray]:
    """Plain means over the last games played, in whatever season; `_season` means are of this season only."""
    games = rows.games
    points, minutes, usage = (rows.statistic(name) for name in ("pts", "minutes_played", "usage_rate"))
    attempts = games.total(rows.statistic("fga"), 10)
    return {
        "points_avg_last_5": games.mean(points, 5),
        "points_avg_last_10": games.mean(points, 10),
        "points_avg_season": rows.season_games.mean(points),
        "points_std_last_10": games.deviation(points, 10),
        "minutes_avg_last_10": games.mean(minutes, 10),
        "assists_avg_last_10": games.mean(rows.statistic("ast"), 10),
        "rebounds_avg_last_10": games.mean(rows.statistic("reb"), 10),
        "three_pt_rate_last_10": ratio(games.total(rows.statistic("fg3a"), 10), attempts),
        "free_throw_rate_last_10": ratio(games.total(rows.statistic("fta"), 10), attempts),
        "fg_pct_last_10": ratio(games.total(rows.statistic("fgm"), 10), attempts),
        "usage_rate_last_10": games.mean(usage, 10),
        "usage_spike": games.mean(usage, 3) - games.mean(usage, 10),
        "minutes_trend": games.mean(minutes, 3) - games.mean(minutes, 10),
    }


def rest(rows: RosterRows) -> dict[str, FloatArray]:
    """Rest and fatigue by the games that the player himself played.

    days_rest: full days between his last game and this one, 0 on consecutive days. Fatigue starts at 100: back-to-back
    -15; 4 or more games in the 7 days before -10; more than 240 minutes in them -10; back-to-backs whose second game
    is this one or lies in the 14 days before, two or more -12, one -5; 3 or more days of rest +5; kept in 0 to 100.
    """
    games = rows.games
    played = np.ones(len(rows.frame))
    since = rows.day - games.latest_day()
    back_to_back = since == 1
    games_in_week = games.total_within(played, 7)
    minutes_in_week = games.total_within(rows.statistic("minutes_played"), 7)
    back_to_backs = games.total_within(back_to_back.astype(float), 14) + back_to_back
    fatigue = (
        100.0
        - 15 * back_to_back
        - 10 * (games_in_week >= 4)
        - 10 * (minutes_in_week > 240)
        - np.select([back_to_backs >= 2, back_to_backs == 1], [12, 5], 0)
        + 5 * (since > 3)
    )
    return {
        "days_rest": since - 1,
        "back_to_back": back_to_back.astype(float),
        "fatigue_score": np.clip(fatigue, 0, 100),
    }


def fading_form(rows: RosterRows) -> dict[str, FloatArray]:
    """Exponentially weighted means and rates: short half-lives for the role, long ones for the skill."""
    games = rows.games
    points, minutes, attempts = (rows.statistic(name) for name in ("pts", "minutes_played", "fga"))
    free_throws, threes, usage = (rows.statistic(name) for name in ("fta", "fg3a", "usage_rate"))
    shots = attempts + 0.44 * free_throws
    slow_minutes = games.fading_sum(minutes, 20)
    big = rows.statistic("reb") + 2 * rows.statistic("blk") - rows.statistic("ast") - 0.5 * threes
    return {
        "minutes_last_game": games.latest(minutes),
        "minutes_form_fast": games.fading_mean(minutes, 2),
        "minutes_form": games.fading_mean(minutes, 8),
        "minutes_form_slow": games.fading_mean(minutes, 40),
        "minutes_std_last_10": games.deviation(minutes, 10),
        "points_form_fast": games.fading_mean(points, 3),
        "points_form": games.fading_mean(points, 8),
        "points_form_slow": games.fading_mean(points, 40),
        "points_per_minute_recent": _drawn_points_per_minute(games, points, minutes, 10),
        "points_per_minute": _drawn_points_per_minute(games, points, minutes, 40),
        "points_per_minute_fast": ratio(games.fading_sum(points, 6), games.fading_sum(minutes, 6)),
        "points_per_minute_slow": ratio(games.fading_sum(points, 100), games.fading_sum(minutes, 100)),
        "shots_form_fast": games.fading_mean(shots, 3),
        "shots_form": games.fading_mean(shots, 10),
        "shots_per_minute_recent": ratio(games.fading_sum(shots, 8), games.fading_sum(minutes, 8)),
        "shots_per_minute": ratio(games.fading_sum(shots, 40), games.fading_sum(minutes, 40)),
        "points_per_shot": ratio(games.fading_sum(points, 40), games.fading_sum(shots, 40)),
        "points_from_shot_profile": shot_profile_points(rows),
        "usage_form": games.fading_mean(usage, 20),
        "three_pt_attempts_per_minute": ratio(games.fading_sum(threes, 20), slow_minutes),
        "fouls_per_minute": ratio(games.fading_sum(rows.statistic("pf"), 20), slow_minutes),
        "interior_role": ratio(games.fading_sum(big, 20), slow_minutes),
        "games_this_season": rows.season_games.count.astype(float),
        "games_recorded": games.count.astype(float),
        "games_with_team": rows.stint_games.count.astype(float),
        "points_avg_last_season": rows.last_season_games.mean(points),
        "minutes_avg_last_season": rows.last_season_games.mean(minutes),
    }


def shot_profile_points(rows: RosterRows) -> FloatArray:
    """Points a game from recent attempts (half-life 25 games) at the player's own long-run accuracy (60 games, free
    throws 100), shrunk to the league's: attempts predict more than hits."""
    games = rows.games

    def accuracy(made: FloatArray, tried: FloatArray, half_life: float, league: float, drawn_by: float) -> FloatArray:
        return (games.fading_sum(made, half_life) + league * drawn_by) / (games.fading_sum(tried, half_life) + drawn_by)

    threes, threes_made = rows.statistic("fg3a"), rows.statistic("fg3m")
    twos, twos_made = rows.statistic("fga") - threes, rows.statistic("fgm") - threes_made
    free_throws = rows.statistic("fta")
    return (
        3 * accuracy(threes_made, threes, 60, 0.35, 60) * games.fading_mean(threes, 25)
        + 2 * accuracy(twos_made, twos, 60, 0.52, 60) * games.fading_mean(twos, 25)
        + accuracy(rows.statistic("ftm"), free_throws, 100, 0.76, 40) * games.fading_mean(free_throws, 25)
    )


def minutes_in_close_games(rows: RosterRows, half_life: float) -> FloatArray:
    """Weighted mean of minutes per 48; a game counts less with a larger final margin."""
    sides = rows.team_games.set_index([rows.team_games["game_id"], days(rows.team_games["game_date"]), "team"])
    of_row = sides.reindex([rows.frame["game_id"], rows.day, rows.frame["team"]])
    margin = filled((of_row["points"] - of_row["opponent_points"]).to_numpy(float), 0.0)
    overtimes = filled(of_row["overtimes"].to_numpy(float), 0.0)
    minutes = rows.statistic("minutes_played") * 48 / (48 + 5 * overtimes)
    return rows.games.fading_mean(minutes, half_life, np.exp(-np.abs(margin) / 12))


def _drawn_points_per_minute(games: Past, points: FloatArray, minutes: FloatArray, half_life: float) -> FloatArray:
    drawn = games.fading_sum(points, half_life) + _DRAWN_BY_MINUTES * _LEAGUE_POINTS_PER_MINUTE
    return drawn / (games.fading_sum(minutes, half_life) + _DRAWN_BY_MINUTES)
