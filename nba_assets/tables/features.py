"""Every feature: description, unit, when it is NULL, and the feature sets that models are trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """FORM: the player's own box scores. REST: the schedules of the player and the teams. CONTEXT: teams, opponent,
    calendar. AVAILABILITY: who can play. EXPECTATION: the player's expected role, computed from the others."""

    FORM = "form"
    REST = "rest"
    CONTEXT = "context"
    AVAILABILITY = "availability"
    EXPECTATION = "expectation"


class Null(StrEnum):
    """When a feature is NULL. The model handles NULL itself; it is never replaced."""

    NEVER = "never"
    NO_GAME = "no earlier game played"
    NO_GAME_THIS_SEASON = "no earlier game played this season"
    NO_GAME_LAST_SEASON = "no game played last season"
    FEWER_THAN_TWO = "fewer than two earlier games played"
    NO_MINUTE = "no minute in the earlier games that count"
    NO_SHOT = "no shot in the earlier games that count"
    NO_TEAM_GAME = "no earlier game of the team on record"
    NO_LISTING = "not listed for an earlier game"


@dataclass(frozen=True)
class Feature:
    """sets: the feature sets that contain it, each in the order of FEATURES."""

    name: str
    group: Group
    sets: tuple[str, ...]
    unit: str
    description: str
    null: Null = Null.NEVER

    @property
    def text(self) -> str:
        """The column's documentation: description, unit, and when it is NULL."""
        nulls = "" if self.null is Null.NEVER else f"; NULL with {self.null}"
        return f"{self.description.rstrip('.')} ({self.unit}){nulls}"


_F, _R, _C, _A, _E = Group.FORM, Group.REST, Group.CONTEXT, Group.AVAILABILITY, Group.EXPECTATION
_GAME, _SEASON, _LAST, _TWO = Null.NO_GAME, Null.NO_GAME_THIS_SEASON, Null.NO_GAME_LAST_SEASON, Null.FEWER_THAN_TWO
_MINUTE, _SHOT, _TEAM, _LISTING = Null.NO_MINUTE, Null.NO_SHOT, Null.NO_TEAM_GAME, Null.NO_LISTING

SET_NAMES = ("v1", "v3", "v4", "v5", "v6")
_V1, _V1_V4 = ("v1", "v3", "v4", "v5"), ("v1", "v4", "v5")
_V3, _V4, _V5 = ("v3", "v4", "v5"), ("v4", "v5"), ("v5",)
# v6: the 40 features of v5 that brought most gain to a model of 2021-22, chosen on that season alone.
_V1_V6, _V3_V6, _V4_V6, _V5_V6 = ((*sets, "v6") for sets in (_V1, _V3, _V4, _V5))

FEATURES: tuple[Feature, ...] = (
    Feature("points_avg_last_5", _F, _V1_V6, "points", "Mean of his last 5 games played.", _GAME),
    Feature("points_avg_last_10", _F, _V1, "points", "Mean of his last 10 games played.", _GAME),
    Feature("points_avg_season", _F, _V1, "points", "Mean of his games played this season.", _SEASON),
    Feature("points_std_last_10", _F, _V3_V6, "points", "Sample deviation over his last 10 games played.", _TWO),
    Feature("minutes_avg_last_10", _F, _V1_V6, "minutes", "Mean of his last 10 games played.", _GAME),
    Feature("assists_avg_last_10", _F, _V3, "assists", "Mean of his last 10 games played.", _GAME),
    Feature("rebounds_avg_last_10", _F, _V3_V6, "rebounds", "Mean of his last 10 games played.", _GAME),
    Feature("three_pt_rate_last_10", _F, _V3, "share", "Three-point attempts per shot, last 10 games played.", _SHOT),
    Feature("free_throw_rate_last_10", _F, _V3, "ratio", "Free throws per shot, last 10 games played.", _SHOT),
    Feature("fg_pct_last_10", _F, _V3_V6, "share", "Shots made per shot tried, last 10 games played.", _SHOT),
    Feature("usage_rate_last_10", _F, _V1, "percent", "Mean usage rate of his last 10 games played.", _GAME),
    Feature("usage_spike", _F, _V3, "percent", "Mean usage rate, last 3 minus last 10 games played.", _GAME),
    Feature("minutes_trend", _F, _V3, "minutes", "Mean minutes, last 3 minus last 10 games played.", _GAME),
    Feature("fatigue_score", _R, _V3, "0 to 100", "100 rested; see player_form.rest."),
    Feature("is_home", _C, _V4, "0 or 1", "His team is at home."),
    Feature("days_rest", _R, _V1_V4, "days", "Full days since his last game played, 0 on consecutive days.", _GAME),
    Feature("back_to_back", _R, _V4, "0 or 1", "He played the day before."),
    Feature(
        "opponent_def_rating_last_15",
        _C,
        _V4,
        "points per 100",
        "Points the opponent allowed, mean of 15 games.",
        _TEAM,
    ),
    Feature("opponent_pace_last_15", _C, _V4, "per 48 min", "Possessions of the opponent's games, mean of 15.", _TEAM),
    Feature("team_pace_last_10", _C, _V4_V6, "per 48 min", "Possessions of the team's games, mean of 10.", _TEAM),
    Feature(
        "team_off_rating_last_10", _C, _V4_V6, "points per 100", "Points the team scored, mean of 10 games.", _TEAM
    ),
    Feature("minutes_last_game", _F, _V5_V6, "minutes", "In his last game played.", _GAME),
    Feature("minutes_form_fast", _F, _V5, "minutes", "Fading mean, half-life 2 games played.", _GAME),
    Feature("minutes_form", _F, _V5_V6, "minutes", "Fading mean, half-life 8.", _GAME),
    Feature("minutes_form_slow", _F, _V5_V6, "minutes", "Fading mean, half-life 40.", _GAME),
    Feature("minutes_std_last_10", _F, _V5_V6, "minutes", "Sample deviation over his last 10 games played.", _TWO),
    Feature("points_form_fast", _F, _V5, "points", "Fading mean, half-life 3.", _GAME),
    Feature("points_form", _F, _V5, "points", "Fading mean, half-life 8.", _GAME),
    Feature("points_form_slow", _F, _V5, "points", "Fading mean, half-life 40.", _GAME),
    Feature("points_per_minute_fast", _F, _V5_V6, "points", "Per minute, half-life 6.", _MINUTE),
    Feature("points_per_minute_recent", _F, _V5, "points", "Per minute, half-life 10, drawn to the league's.", _GAME),
    Feature("points_per_minute", _F, _V5, "points", "Per minute, half-life 40, drawn to the league's.", _GAME),
    Feature("points_per_minute_slow", _F, _V5_V6, "points", "Per minute, half-life 100.", _MINUTE),
    Feature("shots_form_fast", _F, _V5_V6, "shots", "Shots and 0.44 free throws, fading mean, half-life 3.", _GAME),
    Feature("shots_form", _F, _V5_V6, "shots", "Shots and 0.44 free throws, fading mean, half-life 10.", _GAME),
    Feature("shots_per_minute_recent", _F, _V5, "shots", "Per minute, half-life 8.", _MINUTE),
    Feature("shots_per_minute", _F, _V5_V6, "shots", "Per minute, half-life 40.", _MINUTE),
    Feature("points_per_shot", _F, _V5, "points", "Per shot or 0.44 free throws, half-life 40.", _SHOT),
    Feature("points_from_shot_profile", _F, _V5_V6, "points", "Recent attempts at his long-run accuracy.", _GAME),
    Feature("usage_form", _F, _V5, "percent", "Usage rate, fading mean, half-life 20.", _GAME),
    Feature("three_pt_attempts_per_minute", _F, _V5, "shots", "Per minute, half-life 20.", _MINUTE),
    Feature("fouls_per_minute", _F, _V5, "fouls", "Per minute, half-life 20.", _MINUTE),
    Feature(
        "interior_role", _F, _V5_V6, "per minute", "Rebounds + 2 blocks - assists - half the threes tried.", _MINUTE
    ),
    Feature("games_this_season", _F, _V5_V6, "games", "Played this season."),
    Feature("games_recorded", _F, _V5_V6, "games", "Played since the first season on record."),
    Feature("games_with_team", _F, _V5_V6, "games", "Played for this team since the first season on record."),
    Feature("points_avg_last_season", _F, _V5, "points", "Mean of last season.", _LAST),
    Feature("minutes_avg_last_season", _F, _V5, "minutes", "Mean of last season.", _LAST),
    Feature(
        "expected_off_rating", _C, _V5, "points per 100", "Of the team against this opponent, by adjusted ratings."
    ),
    Feature("expected_off_rating_change", _C, _V5, "points per 100", "That minus its fading mean in his games.", _GAME),
    Feature("expected_pace", _C, _V5, "per 48 min", "Possessions expected from both teams' ratings."),
    Feature("expected_team_points", _C, _V5, "points", "Expected offensive rating times expected pace."),
    Feature("expected_team_points_change", _C, _V5, "points", "That minus its fading mean in his games played.", _GAME),
    Feature("expected_margin", _C, _V5, "points", "Expected points of the team minus the opponent's."),
    Feature("league_points_level", _C, _V5, "points", "Per team and game in the league's last two weeks or so.", _TEAM),
    Feature("league_points_trend", _C, _V5_V6, "points", "That minus its level of the last months.", _TEAM),
    Feature("team_win_share", _C, _V5, "share", "Of the team's last 40 games; one half without any."),
    Feature("team_days_rest", _R, _V5_V6, "days", "Full days since the team's last game.", _TEAM),
    Feature("opponent_days_rest", _R, _V5, "days", "Full days since the opponent's last game.", _TEAM),
    Feature("season_day", _C, _V5_V6, "days", "Since the season's first finished game."),
    Feature("postseason", _C, _V5, "0 or 1", "A play-off game."),
    Feature("opponent_allowance", _C, _V5_V6, "ratio", "Points the opponent allows to players like him over expected."),
    Feature("games_missed_in_a_row", _A, _V5, "games", "Listed and not played, just before this game."),
    Feature("games_passed_over_in_a_row", _A, _V5, "games", "Of those the last ones without being ruled out."),
    Feature("games_ruled_out_in_a_row", _A, _V5, "games", "Of those the last ones ruled out."),
    Feature(
        "games_since_return", _A, _V5, "games", "Played since he last missed 3 or more; at most 60, also for never."
    ),
    Feature("share_of_listings_played", _A, _V5, "share", "Fading, half-life 8 listings.", _LISTING),
    Feature("share_of_fit_listings_played", _A, _V5, "share", "Not ruled out, half-life 3 listings.", _LISTING),
    Feature("minutes_ruled_out", _A, _V5, "minutes", "Usual minutes of the team-mates ruled out."),
    Feature("minutes_ruled_out_new", _A, _V5, "minutes", "The same; each fades with the games he has been out for."),
    Feature("points_ruled_out", _A, _V5, "points", "Usual points of the team-mates ruled out."),
    Feature("points_ruled_out_new", _A, _V5, "points", "The same; each fades with the games he has been out for."),
    Feature("opponent_points_ruled_out", _A, _V5_V6, "points", "Usual points of the opponents ruled out."),
    Feature(
        "opponent_points_ruled_out_new", _A, _V5, "points", "The same; each fades with the games he has been out for."
    ),
    Feature("team_mates_available", _A, _V5, "players", "Listed team-mates who are not ruled out."),
    Feature("minutes_rank", _A, _V5, "rank", "By usual minutes among those not ruled out; 1 has the most."),
    Feature("play_probability", _A, _V5, "share", "Probability that he plays, 0 if ruled out; learned week by week."),
    Feature("similar_lineup_minutes", _A, _V5_V6, "minutes", "In earlier games with the team-mates now expected."),
    Feature("similar_lineup_points", _A, _V5, "points", "In earlier games with the team-mates now expected."),
    Feature("similar_lineup_points_wide", _A, _V5, "points", "The same, counting less similar and older games."),
    Feature(
        "similar_role_minutes_change", _A, _V5_V6, "minutes", "Of team-mates like him, now minus in his games.", _GAME
    ),
    Feature("expected_minutes", _E, _V5_V6, "minutes", "Median if he plays; the team's add up. Learned week by week."),
    Feature("expected_minutes_mean", _E, _V5_V6, "minutes", "The mean, with a longer memory."),
    Feature("expected_minutes_change", _E, _V5_V6, "minutes", "Expected minus usual minutes."),
    Feature("expected_minutes_of_team", _E, _V5_V6, "minutes", "Sum over the team-mates by probability to play."),
    Feature("expected_shots", _E, _V5, "shots", "Expected minutes times his rate."),
    Feature("team_shots_change", _E, _V5_V6, "shots", "Expected of the team, now minus in his games.", _GAME),
    Feature(
        "shot_competition_change", _E, _V5, "shots", "Team-mates' shots per minute, now minus in his games.", _GAME
    ),
    Feature("team_points_change", _E, _V5_V6, "points", "Expected of the team, now minus in his games.", _GAME),
    Feature("team_points_change_fast", _E, _V5_V6, "points", "The same against his last few games.", _GAME),
    Feature("share_of_team_points", _E, _V5_V6, "share", "His expected_points_simple over the team's."),
    Feature("expected_points_simple", _E, _V5_V6, "points", "Expected minutes times points per minute."),
    Feature("expected_points_median", _E, _V5_V6, "points", "Median if he plays; learned week by week from the above."),
    Feature("expected_points_median_slow", _E, _V5_V6, "points", "The same with a longer memory."),
    Feature("expected_points_mean", _E, _V5_V6, "points", "The mean, with a longer memory."),
)

NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)

# Features that say nearly the same, by their subject; every other feature is a subject of its own.
_SAME_SUBJECT = {
    "points": (
        "points_avg_last_5", "points_avg_last_10", "points_avg_season", "points_avg_last_season", "points_form_fast",
        "points_form", "points_form_slow", "points_from_shot_profile", "similar_lineup_points",
        "similar_lineup_points_wide", "expected_points_simple", "expected_points_median", "expected_points_median_slow",
        "expected_points_mean",
    ),
    "minutes": (
        "minutes_avg_last_10", "minutes_avg_last_season", "minutes_last_game", "minutes_form_fast", "minutes_form",
        "minutes_form_slow", "similar_lineup_minutes", "expected_minutes", "expected_minutes_mean", "minutes_rank",
    ),
    "points per minute": (
        "points_per_minute_fast", "points_per_minute_recent", "points_per_minute", "points_per_minute_slow",
    ),
    "shots": ("shots_form_fast", "shots_form", "expected_shots"),
    "shots per minute": ("shots_per_minute_recent", "shots_per_minute", "usage_rate_last_10", "usage_form"),
    "change of minutes": ("minutes_trend", "expected_minutes_change", "similar_role_minutes_change"),
    "change of the team": (
        "team_shots_change", "team_points_change", "team_points_change_fast", "shot_competition_change",
    ),
    "pace": ("team_pace_last_10", "opponent_pace_last_15", "expected_pace"),
    "strength of the team": (
        "team_off_rating_last_10", "expected_off_rating", "expected_off_rating_change", "expected_team_points",
        "expected_team_points_change", "expected_margin", "team_win_share",
    ),
    "team-mates ruled out": (
        "minutes_ruled_out", "minutes_ruled_out_new", "points_ruled_out", "points_ruled_out_new",
    ),
    "opponents ruled out": ("opponent_points_ruled_out", "opponent_points_ruled_out_new"),
    "games played": ("games_this_season", "games_recorded", "games_with_team"),
    "missed games": (
        "games_missed_in_a_row", "games_passed_over_in_a_row", "games_ruled_out_in_a_row", "games_since_return",
        "share_of_listings_played", "share_of_fit_listings_played", "play_probability",
    ),
    "rest": ("days_rest", "back_to_back", "fatigue_score", "team_days_rest"),
    "season": ("season_day", "postseason", "league_points_level", "league_points_trend"),
}  # fmt: skip

SUBJECTS: dict[str, str] = {name: name for name in NAMES} | {
    name: subject for subject, names in _SAME_SUBJECT.items() for name in names
}
"""What each feature is about."""

WEEKLY_SET = "v6"
"""The set that weekly models are trained on unless a run is configured otherwise."""

SETS: dict[str, tuple[str, ...]] = {
    name: tuple(feature.name for feature in FEATURES if name in feature.sets) for name in SET_NAMES
}


def feature_hash(names: Sequence[str]) -> str:
    """Identifies an ordered list of features, to notice when a model and a table have different ones."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
