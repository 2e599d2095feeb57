"""Expected minutes and points of a player if he plays, given the team-mates who are expected to play."""

from __future__ import annotations

import numpy as np

from nba_assets.features.availability import similar_role_minutes, usual_minutes
from nba_assets.features.history import FloatArray, filled
from nba_assets.features.player_form import minutes_in_close_games
from nba_assets.features.roster import RosterRows
from nba_assets.features.similar_lineups import similar_lineup_mean
from nba_assets.features.weekly_regression import predict_weekly

Columns = dict[str, FloatArray]

_MOST_MINUTES = 43.0


def expected_minutes(rows: RosterRows, known: Columns) -> Columns:
    """Minutes if he plays, by a weekly regression; a second one adds that the minutes of a team sum to 240."""
    usual, chance = usual_minutes(known), known["play_probability"]
    lineup = similar_lineup_mean(
        rows, rows.statistic("minutes_played"), chance, usual, scale=0.08, half_life=15, prior=usual, prior_games=0.3
    )
    others = rows.of_team_mates(chance * usual)
    share = usual * 240 / (usual + others)
    alike = similar_role_minutes(rows, known["interior_role"], chance * usual)
    fast = filled(known["minutes_form_fast"], usual)
    levels = [filled(values, usual) for values in (
        rows.games.fading_mean(rows.statistic("minutes_played"), 1), known["minutes_form_fast"],
        rows.games.fading_mean(rows.statistic("minutes_played"), 4), known["minutes_form_slow"],
        minutes_in_close_games(rows, 4), minutes_in_close_games(rows, 12), known["minutes_last_game"],
        known["minutes_avg_last_season"], share,
    )]  # fmt: skip
    levels.append(
        similar_lineup_mean(
            rows, rows.statistic("minutes_played"), chance, usual, scale=0.2, half_life=40, prior=usual, prior_games=1.0
        )
    )
    columns = [np.ones(len(usual)), usual, lineup, *levels, *_situations(known, usual, lineup, fast)]
    for half_life in (1, 3, 10):
        freed = _change(rows, others, half_life) / 50
        columns += [freed, freed * usual / 20, freed * fast / 20, freed * np.abs(freed)]
    alike_change = _change(rows, alike, 8) / 30
    columns += [alike_change, alike_change * usual / 20]
    prior = np.zeros(len(columns))
    prior[1:3] = 0.5
    second = _team_minutes(rows, columns, prior, chance, half_life=15, nearest=2.0)
    return {
        "similar_lineup_minutes": lineup,
        "expected_minutes": second,
        "expected_minutes_mean": _team_minutes(rows, columns, prior, chance, half_life=60, nearest=None),
        "expected_minutes_change": second - usual,
        "expected_minutes_of_team": second + rows.of_team_mates(chance * second),
        "similar_role_minutes_change": alike_change * 30,
    }


def _team_minutes(
    rows: RosterRows,
    columns: list[FloatArray],
    prior: FloatArray,
    chance: FloatArray,
    *,
    half_life: float,
    nearest: float | None,
) -> FloatArray:
    minutes = rows.statistic("minutes_played")

    def learned(with_columns: list[FloatArray], drawn_to: FloatArray) -> FloatArray:
        prediction = predict_weekly(
            with_columns, minutes, rows.played, rows.day, drawn_to, half_life=half_life, nearest=nearest
        )
        return np.clip(prediction, 0.5, _MOST_MINUTES)

    first = learned(columns, prior)
    total = first + rows.of_team_mates(chance * first)
    spare = (240 - total) / 10
    drawn_to = np.concatenate([np.zeros(len(columns)), [1.0, 0.0, 0.0, 0.0]])
    return learned([*columns, first, first * 240 / total, spare, spare * first / 30], drawn_to)


def expected_points(rows: RosterRows, known: Columns) -> Columns:
    """Points if he plays: expected minutes times his rate, its share of the team's points, and weekly regressions on
    these and the situation: of the median with a short and a long memory, and of the mean."""
    minutes, chance = known["expected_minutes"], known["play_probability"]
    rate, shot_rate = known["points_per_minute"], filled(known["shots_per_minute"], 0.35)
    rate = filled(rate, 0.42)
    simple, shots = minutes * rate, minutes * shot_rate
    team = simple + rows.of_team_mates(chance * simple)
    competition = rows.of_team_mates(chance * shots) / np.maximum(rows.of_team_mates(chance * minutes), 50)
    points = rows.statistic("pts")
    lineups = {
        name: similar_lineup_mean(
            rows,
            points,
            chance,
            usual_minutes(known),
            scale=scale,
            half_life=half_life,
            prior=filled(known["points_form"], simple),
            prior_games=prior_games,
        )
        for name, scale, half_life, prior_games in (("near", 0.08, 15, 0.3), ("wide", 0.2, 40, 1.0))
    }
    result = {
        "expected_points_simple": simple,
        "share_of_team_points": simple / team,
        "expected_shots": shots,
        "team_shots_change": _change(rows, shots + rows.of_team_mates(chance * shots), 10),
        "team_points_change": _change(rows, team, 10),
        "team_points_change_fast": _change(rows, team, 3),
        "shot_competition_change": _change(rows, competition, 10),
        "similar_lineup_points": lineups["near"],
        "similar_lineup_points_wide": lineups["wide"],
    }
    known = known | result
    for name, expected, half_life, nearest in (
        ("expected_points_median", minutes, 15, 2.0),
        ("expected_points_median_slow", known["expected_minutes_mean"], 40, 4.0),
        ("expected_points_mean", known["expected_minutes_mean"], 60, None),
    ):
        columns = [np.ones(len(simple)), *_points_columns(known, expected * rate, expected, rate, shot_rate)]
        prior = np.zeros(len(columns))
        prior[1] = 1.0
        learned = predict_weekly(columns, points, rows.played, rows.day, prior, half_life=half_life, nearest=nearest)
        result[name] = np.clip(learned, 0, 60)
    return result


def _situations(known: Columns, usual: FloatArray, lineup: FloatArray, fast: FloatArray) -> list[FloatArray]:
    """Situations that change minutes, as they are and multiplied by the usual minutes."""
    missed, rank = known["games_missed_in_a_row"], known["minutes_rank"]
    after_return, rested = known["games_since_return"], known["back_to_back"]
    late = np.clip(known["season_day"] - 150, 0, 30) / 30
    uneven = np.minimum(np.abs(known["expected_margin"]), 15) / 10
    in_proportion = [
        missed > 0, missed > 3, missed > 12, known["postseason"], known["play_probability"], late,
        np.exp(-known["games_with_team"] / 4), np.exp(-known["games_this_season"] / 5),
    ]  # fmt: skip
    columns = [level * situation for level in (usual, lineup, fast) for situation in in_proportion]
    columns += [situation.astype(float) for situation in in_proportion]
    columns += [level * level / 40 for level in (usual, lineup, fast)]
    columns += [np.maximum(usual - 28, 0), np.maximum(lineup - 30, 0), np.maximum(10 - fast, 0)]
    columns += [(after_return < 3) * usual, (after_return < 6) * usual, rested * usual, rested]
    columns += [uneven, uneven * (lineup - 22), late * (lineup - 22) * known["team_win_share"]]
    columns += [rank, np.maximum(rank - 5, 0), np.maximum(rank - 9, 0), np.exp(-known["games_recorded"] / 15)]
    columns += [known["minutes_std_last_10"], known["fouls_per_minute"] * usual * 5]
    columns += [
        filled(known["points_form"], 0.42 * usual) - 0.42 * usual,
        filled(known["points_per_minute"], 0.42) * usual,
    ]
    columns += [
        known["minutes_ruled_out"] / 50,
        known["minutes_ruled_out_new"] / 50,
        np.minimum(known["team_days_rest"], 5),
    ]
    return columns


def _points_columns(
    known: Columns, simple: FloatArray, minutes: FloatArray, rate: FloatArray, shot_rate: FloatArray
) -> list[FloatArray]:
    """Estimates of the points, and situations multiplied by the simple estimate."""
    league = filled(known["league_points_level"], 112.0)
    in_proportion = [
        known["expected_team_points"] / 112 - 1, known["expected_off_rating_change"] / 10, league / 112 - 1,
        filled(known["league_points_trend"], 0.0) / 20, filled(known["expected_team_points_change"], 0.0) / 20,
        known["opponent_allowance"] - 1, known["is_home"], known["back_to_back"], known["postseason"],
        filled(known["shot_competition_change"], 0.0) * 10, filled(known["team_points_change_fast"], 0.0) / 30,
        filled(known["team_points_change"], 0.0) / 30, known["share_of_team_points"] - 0.1, simple / 20,
        np.minimum(np.abs(known["expected_margin"]), 15) / 50, np.clip(known["season_day"] - 150, 0, 30) / 30,
        np.exp(-known["games_with_team"] / 4), np.exp(-known["games_this_season"] / 5),
        np.exp(-known["games_recorded"] / 15), known["games_missed_in_a_row"] > 3, known["points_ruled_out"] / 50,
    ]  # fmt: skip
    estimates = (
        "points_form_fast", "points_form", "points_form_slow", "similar_lineup_points", "similar_lineup_points_wide",
        "points_from_shot_profile", "points_avg_last_season", "points_avg_season",
    )  # fmt: skip
    shot_value = 2 * minutes * shot_rate * filled(known["points_per_shot"], 1.1) / 2
    return [
        simple, minutes * filled(known["points_per_minute_recent"], rate), minutes * shot_rate, shot_value, minutes,
        known["expected_minutes_change"], np.maximum(minutes - 28, 0), known["play_probability"],
        minutes * filled(known["usage_form"], 20.0) / 100,
        *(filled(known[name], simple) for name in estimates),
        *(minutes * filled(known[f"points_per_minute_{speed}"], rate) for speed in ("fast", "slow")),
        *(filled(known[name], simple) for name in ("shots_form_fast", "shots_form")),
        minutes * filled(known["shots_per_minute_recent"], shot_rate),
        *(simple * factor for factor in in_proportion),
    ]  # fmt: skip


def _change(rows: RosterRows, values: FloatArray, half_life: float) -> FloatArray:
    """The value of this game minus the fading mean of what it was before the games that the player played."""
    return values - rows.games.fading_mean(values, half_life)
