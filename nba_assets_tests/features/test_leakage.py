"""The leak check: a planted leak of each kind of feature is found and named, and nothing else is accused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nba_assets.features import availability, expected_role, player_games
from nba_assets.features.history import Past
from nba_assets.features.leakage import Inputs, differing_features, groups, target_leakage
from nba_assets.features.player_games import player_game_features
from nba_assets.features.roster import RosterRows, days
from nba_assets.features.weekly_regression import predict_weekly
from nba_assets.partitions import last_day, week_of
from nba_assets.tables.features import FEATURES, NAMES, Group
from nba_assets_tests.support.small_league import FIRST, League, small_league

LEAGUE = small_league()
WEEKS = [week_of(FIRST) + dt.timedelta(days=7 * index) for index in range(9)]
WEEK = WEEKS[5]
TARGET = LEAGUE.games.loc[LEAGUE.games["game_date"].between(WEEK, last_day(WEEK)), "game_date"].min()
KIND = {feature.name: feature.group for feature in FEATURES}
Plant = Callable[[pytest.MonkeyPatch], None]


def inputs_of(league: League) -> Inputs:
    return Inputs(**{field.name: getattr(league, field.name) for field in fields(league)})


def judged(league: League, *weeks: dt.date, make: Callable[..., pd.DataFrame] = player_game_features) -> pd.DataFrame:
    """What the check says of a run over the weeks, by week."""
    inputs = inputs_of(league)
    made = inputs.made_by(make, weeks[0], last_day(weeks[-1]))
    made = made[made["game_date"].map(week_of).isin(weeks)]
    return target_leakage(make, inputs, made).set_index("week")


def names_in(named: str) -> set[str]:
    return set(named.rpartition(" of ")[0].split(", "))


def on_the_day_too(owner: str, counts: str) -> property:
    """A past of the rows in which each row sees its own day: the off-by-one of `<=`."""
    return property(lambda rows: Past(x := getattr(rows, owner), rows.day, getattr(rows, counts), x, rows.day + 1))


def form(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(RosterRows, "season_games", on_the_day_too("player", "played"))


def rest(plant: pytest.MonkeyPatch) -> None:
    """Rest counted to the next game: the schedule is known, but who plays in it is not."""

    def leaking(rows: RosterRows) -> dict[str, Any]:
        seen = Past(rows.player, rows.day, rows.played, rows.player, rows.day + 1)
        return true(rows) | {"days_rest": rows.day - seen.latest_day() - 1}

    true = player_games.rest
    plant.setattr(player_games, "rest", leaking)


def team_context(plant: pytest.MonkeyPatch) -> None:
    def games_of(rows: RosterRows, asked: Any) -> Past:
        owner = rows.team_code(rows.team_games["team"])
        return Past(owner, days(rows.team_games["game_date"]), np.ones(len(owner), bool), asked, rows.day + 1)

    plant.setattr(RosterRows, "games_of", games_of)


def listings(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(RosterRows, "listings", on_the_day_too("player", "known"))


def ruled_out(plant: pytest.MonkeyPatch) -> None:
    """Whoever did not play counts as ruled out, as if the box score were the injury report."""

    def leaking(rows: RosterRows) -> Any:
        return rows.frame["ruled_out"].to_numpy(bool) | (rows.known & ~rows.played)

    plant.setattr(RosterRows, "ruled_out", property(leaking))


def learned_with_its_own_week(columns: Any, target: Any, learn: Any, day: Any, prior: Any, **how: Any) -> Any:
    """The weekly regression, but each week is predicted after it was learned from."""
    order = np.argsort(np.concatenate([day - 7, day]), kind="stable")
    twice = [np.concatenate([column, column])[order] for column in columns]
    learn_early = np.concatenate([learn, np.zeros(len(learn), bool)])[order]
    both = predict_weekly(
        twice,
        np.concatenate([target, target])[order],
        learn_early,
        np.concatenate([day - 7, day])[order],
        prior,
        **how,
    )
    result = np.empty(len(order))
    result[order] = both
    return result[len(target) :]


def chance_to_play(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(availability, "predict_weekly", learned_with_its_own_week)


def expectation(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(expected_role, "predict_weekly", learned_with_its_own_week)


@pytest.mark.parametrize(
    ("plant", "found", "kind"),
    [
        pytest.param(form, "points_avg_season", Group.FORM, id="form"),
        pytest.param(rest, "days_rest", Group.REST, id="rest"),
        pytest.param(team_context, "team_off_rating_last_10", Group.CONTEXT, id="team context"),
        pytest.param(listings, "share_of_listings_played", Group.AVAILABILITY, id="listings"),
        pytest.param(ruled_out, "minutes_ruled_out", Group.AVAILABILITY, id="ruled out"),
        pytest.param(chance_to_play, "play_probability", Group.AVAILABILITY, id="chance to play"),
        pytest.param(expectation, "expected_points_median", Group.EXPECTATION, id="expected role"),
    ],
)
def test_a_planted_leak_of_each_kind_is_found_in_every_week_and_named(
    plant: Plant, found: str, kind: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    said = judged(LEAGUE, *WEEKS[1:4])
    assert KIND[found] is kind
    for week in WEEKS[1:4]:
        assert found in names_in(said.loc[week, "named"])
        assert said.loc[week, "leaking_features"] == len(names_in(said.loc[week, "named"]))


def test_a_feature_that_reads_a_later_day_of_the_week_is_found() -> None:
    def make(*frames: Any, **how: Any) -> pd.DataFrame:
        rows = player_game_features(*frames, **how)
        return rows.assign(days_rest=frames[1]["points"].iloc[-1:].mean())

    assert judged(LEAGUE, WEEK, make=make).loc[WEEK, "named"] == f"days_rest of {TARGET}"


def test_a_week_is_judged_by_itself() -> None:
    """The week before the one whose feature leaks is innocent, and so is the week after it."""

    def make(*frames: Any, **how: Any) -> pd.DataFrame:
        rows = player_game_features(*frames, **how)
        own = (rows["game_date"].map(week_of) == WEEK) & rows["points"].notna()
        return rows.assign(points_avg_last_5=rows["points_avg_last_5"].where(~own, rows["points"]))

    said = judged(LEAGUE, *WEEKS[4:7], make=make)
    assert said["leaking_features"].to_dict() == {WEEKS[4]: 0, WEEK: 1, WEEKS[6]: 0}
    assert said.loc[WEEK, "named"] == f"points_avg_last_5 of {TARGET}"


GAMES = LEAGUE.games[LEAGUE.games["game_date"] < WEEK].sort_values("game_id")
PAST = int(GAMES["game_id"].iloc[-2])
SAME_DAY = int(LEAGUE.games.loc[LEAGUE.games["game_date"] == TARGET, "game_id"].min())


def without(league: League, gone: Callable[[pd.DataFrame], pd.Series[bool]]) -> League:
    players, teams = (frame[~gone(frame)] for frame in (league.player_games, league.team_games))
    return replace(league, player_games=players, team_games=teams)


def postponed(league: League) -> League:
    old = league.games[league.games["game_id"] == league.games["game_id"].max()].assign(game_date=TARGET)
    return replace(league, games=pd.concat([league.games, old], ignore_index=True))


@pytest.mark.parametrize(
    ("league", "weeks"),
    [
        pytest.param(LEAGUE, WEEKS, id="every game finished"),
        pytest.param(without(LEAGUE, lambda frame: frame["game_id"] == PAST), [WEEK], id="a past game unfinished"),
        pytest.param(without(LEAGUE, lambda frame: frame["game_id"] == PAST), WEEKS, id="the same in the range"),
        pytest.param(without(LEAGUE, lambda frame: frame["game_id"] == SAME_DAY), [WEEK], id="one of the same day"),
        pytest.param(postponed(LEAGUE), WEEKS, id="a postponed game on its old date"),
        pytest.param(
            without(LEAGUE, lambda frame: frame["game_date"].map(week_of) == WEEKS[4]),
            [WEEK],
            id="an earlier week missing",
        ),
        pytest.param(
            without(LEAGUE, lambda frame: frame["game_date"].map(week_of) == WEEKS[4]),
            [*WEEKS[:4], *WEEKS[5:]],
            id="a week of the range refused",
        ),
        pytest.param(without(LEAGUE, lambda frame: frame["game_date"] < WEEK), [WEEK], id="no history at all"),
    ],
)
def test_nothing_is_accused_that_does_not_see_its_game(league: League, weeks: list[dt.date]) -> None:
    said = judged(league, *weeks)
    assert said.index.tolist() == weeks
    assert said["leaking_features"].eq(0).all() and said["named"].isna().all()
    assert said["rows_looked_at"].gt(0).all()


def test_rows_of_games_still_to_come_are_not_rows_looked_at() -> None:
    assert judged(LEAGUE.without_results_from(WEEK), WEEK).empty
    half = without(LEAGUE, lambda frame: frame["game_id"] == SAME_DAY)
    inputs = inputs_of(half)
    on_the_day = inputs.made_by(player_game_features, TARGET, TARGET)
    said = target_leakage(player_game_features, inputs, on_the_day)
    assert said["rows_looked_at"].tolist() == [on_the_day["played"].notna().sum()] == [len(on_the_day) / 2]


def test_many_weeks_are_judged_in_few_groups() -> None:
    weeks = [WEEK + dt.timedelta(days=7 * index) for index in range(10)]
    assert [len(group) for group in groups(weeks, 4)] == [3, 3, 2, 2]
    assert [week for group in groups(weeks, 4) for week in group] == weeks
    assert [len(group) for group in groups(weeks[:2], 4)] == [1, 1]


BOTH = pd.DataFrame({"game_id": [1, 1], "player_id": [7, 8], **{name: [1.0, None] for name in NAMES}})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda rows: rows.iloc[::-1], [], id="in another order"),
        pytest.param(lambda rows: rows.assign(days_rest=[1.0, 2.0]), ["days_rest"], id="a value where none was"),
        pytest.param(lambda rows: rows.assign(days_rest=[1.1, None]), ["days_rest"], id="another value"),
        pytest.param(lambda rows: rows.iloc[:1], ["rows"], id="a row less"),
    ],
)
def test_features_differ_by_value_null_or_row(change: Callable[[pd.DataFrame], pd.DataFrame], found: list[str]) -> None:
    assert differing_features(BOTH, change(BOTH)) == found
