"""Features from the teams' earlier games: strength, pace, league scoring, the calendar."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nba_assets.features.history import FloatArray, Past, filled
from nba_assets.features.roster import RosterRows, days

_HOME_RATING = 1.2  # home advantage in points per 100 possessions for and against, 2021-22 to 2023-24
_LEARNED = 0.07  # share of a game's surprise that moves a team's rating
_LEARNED_OF_LEAGUE = 0.005
_KEPT_OVER_SUMMER = 0.6
_ROLE_BOUNDS = (-0.08, 0.12)  # of interior_role: guards, wings, bigs in about equal numbers


def recent_team_averages(rows: RosterRows) -> dict[str, FloatArray]:
    """Plain means over the teams' last games, in any season."""
    team, opponent = rows.games_of(rows.team), rows.games_of(rows.opponent)
    defence, pace, offence = (rows.team_games[name].to_numpy(float) for name in ("def_rating", "pace", "off_rating"))
    return {
        "is_home": rows.frame["is_home"].to_numpy(float),
        "opponent_def_rating_last_15": opponent.mean(defence, 15),
        "opponent_pace_last_15": opponent.mean(pace, 15),
        "team_pace_last_10": team.mean(pace, 10),
        "team_off_rating_last_10": team.mean(offence, 10),
    }


def expected_game(rows: RosterRows) -> dict[str, FloatArray]:
    """Expected score, margin and possessions by the teams' ratings, the league's scoring level, the teams' rest."""
    team, opponent, league = rows.games_of(rows.team), rows.games_of(rows.opponent), _league(rows)
    scored, allowed = (rows.team_games[name].to_numpy(float) for name in ("points", "opponent_points"))
    rating, opponent_rating, pace = opponent_adjusted_ratings(rows)
    points = rating * pace / 100
    level = league.fading_mean(scored, 150)
    return {
        "expected_off_rating": rating,
        "expected_pace": pace,
        "expected_team_points": points,
        "expected_margin": (rating - opponent_rating) * pace / 100,
        "expected_team_points_change": points - rows.games.fading_mean(points, 10),
        "expected_off_rating_change": rating - rows.games.fading_mean(rating, 10),
        "league_points_level": level,
        "league_points_trend": level - league.fading_mean(scored, 900),
        "team_win_share": filled(team.mean((scored > allowed).astype(float), 40), 0.5),
        "team_days_rest": rows.day - team.latest_day() - 1,
        "opponent_days_rest": rows.day - opponent.latest_day() - 1,
    }


def opponent_adjusted_ratings(rows: RosterRows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Expected points per 100 possessions of the team and of its opponent, and possessions per 48 minutes.

    Every finished game moves the offence, defence and pace of both teams by a share of the difference between result
    and expectation (as Elo ratings do), so that points against a good defence count more. A new season keeps 60 % of
    the ratings. The games of a date are predicted before any of them changes a rating.
    """
    games = rows.team_games
    day, season = days(games["game_date"]), games["season"].to_numpy(np.int64)
    team, opponent = rows.team_code(games["team"]), rows.team_code(games["opponent"])
    rated, paced = games["off_rating"].to_numpy(float), games["pace"].to_numpy(float)
    at_home = np.where(games["is_home"], _HOME_RATING, -_HOME_RATING)
    offence, defence, pace = (np.zeros(len(rows.team_names)) for _ in range(3))
    league_rating, league_pace = 112.0, 99.0
    rows_at_home = np.where(rows.frame["is_home"].to_numpy(bool), _HOME_RATING, -_HOME_RATING)
    own, others, expected_pace = (np.empty(len(rows.frame)) for _ in range(3))
    current = season[0] if len(season) else 0
    for date in np.unique(np.concatenate([day, rows.day])):
        today = slice(*np.searchsorted(rows.day, [date, date + 1]))
        mine, theirs, home = rows.team[today], rows.opponent[today], rows_at_home[today]
        kept = np.where(rows.season[today] == current, 1.0, _KEPT_OVER_SUMMER)  # until its season has a finished game
        own[today] = league_rating + kept * offence[mine] + kept * defence[theirs] + home
        others[today] = league_rating + kept * offence[theirs] + kept * defence[mine] - home
        expected_pace[today] = league_pace + kept * pace[mine] + kept * pace[theirs]
        done = slice(*np.searchsorted(day, [date, date + 1]))
        us, them = team[done], opponent[done]
        if (season[done] != current).any():
            current = season[done][0]
            offence, defence, pace = offence * _KEPT_OVER_SUMMER, defence * _KEPT_OVER_SUMMER, pace * _KEPT_OVER_SUMMER
        surprise = rated[done] - (league_rating + offence[us] + defence[them] + at_home[done])
        hurry = paced[done] - (league_pace + pace[us] + pace[them])
        np.add.at(offence, us, _LEARNED * surprise)
        np.add.at(defence, them, _LEARNED * surprise)
        np.add.at(pace, us, _LEARNED * hurry)
        league_rating += _LEARNED_OF_LEAGUE * surprise.sum()
        league_pace += _LEARNED_OF_LEAGUE * hurry.sum()
    return own, others, expected_pace


def calendar(rows: RosterRows) -> dict[str, FloatArray]:
    """Days since the season's first finished game, play-offs."""
    finished = pd.Series(np.where(rows.known, rows.day, rows.day.max(initial=0)))
    opening = finished.groupby(rows.season).transform("min").to_numpy()
    return {
        "season_day": np.maximum(rows.day - opening, 0).astype(float),
        "postseason": rows.frame["postseason"].to_numpy(float),
    }


def opponent_allowance(rows: RosterRows, interior_role: FloatArray, expected: FloatArray) -> FloatArray:
    """Points that the opponent allowed to players of this kind (guard, wing, big by interior_role), relative to the
    points expected of them, shrunk to 1. Half-life 50 player-games, about 12 games."""
    role = np.digitize(filled(interior_role, 0.0), _ROLE_BOUNDS).astype(np.int64)
    owner = rows.opponent * 3 + role
    past = Past(owner, rows.day, rows.played)
    scored = filled(past.fading_sum(rows.statistic("pts"), 50), 0.0)
    usual = filled(past.fading_sum(filled(expected, 0.0), 50), 0.0)
    return (scored + 300) / (usual + 300)


def _league(rows: RosterRows) -> Past:
    everyone = np.zeros(len(rows.team_games), dtype=np.int64)
    today = np.zeros(len(rows.frame), dtype=np.int64)
    return Past(everyone, days(rows.team_games["game_date"]), everyone == 0, today, rows.day)
