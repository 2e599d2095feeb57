"""Features are a function of the history, not of the run: however a range is split into runs, the tables are equal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nba_assets.partitions import last_day, week_of
from nba_assets_tests.support.real_league import real_league
from nba_assets_tests.support.small_league import FIRST, League, small_league

LEAGUE = small_league()
WEEKS = [week_of(FIRST) + dt.timedelta(days=7 * index) for index in range(9)]
GAMES = LEAGUE.games.set_index("game_id")["game_date"]
OPENING_GAME, UNFINISHED = 1, int(GAMES[GAMES.between(WEEKS[3], WEEKS[4])].index[0])
Runs = Sequence[Sequence[dt.date]]


def known_after(league: League, week: dt.date) -> League:
    """What a run whose last week is this one can read."""
    frames = {field.name: getattr(league, field.name) for field in fields(league)}
    return League(**{name: frame[frame["game_date"] <= last_day(week)] for name, frame in frames.items()})


def without_results(league: League, *games: int, week: dt.date | None = None) -> League:
    """The games, or all of the week, are listed and have no box score."""

    def rest(frame: pd.DataFrame) -> pd.DataFrame:
        of_week = frame["game_date"].map(week_of) == week
        return frame[~(frame["game_id"].isin(games) | of_week)]

    return replace(league, player_games=rest(league.player_games), team_games=rest(league.team_games))


def moved(league: League, game: int, old_date: dt.date) -> League:
    """The game was to be played on the old date, where it still stands in the list under the same id."""
    old = league.games[league.games["game_id"] == game].assign(game_date=old_date)
    return replace(league, games=pd.concat([league.games, old], ignore_index=True))


def made_by(league: League, runs: Runs) -> pd.DataFrame:
    """The table after the runs, one after the other; as the asset does, weeks that a run skips have no rows of it."""
    rows = []
    for weeks in runs:
        table = known_after(league, weeks[-1]).features(weeks[0], last_day(weeks[-1]))
        rows.append(table[table["game_date"].map(week_of).isin(weeks)])
    return pd.concat(rows, ignore_index=True)


def assert_bit_equal(table: pd.DataFrame, other: pd.DataFrame) -> None:
    assert table.columns.tolist() == other.columns.tolist() and len(table) == len(other)
    differing = [
        name
        for name in table.columns
        if not (
            np.array_equal(table[name], other[name], equal_nan=True)
            if table[name].dtype == float
            else table[name].equals(other[name])
        )
    ]
    assert differing == []


def split(weeks: Sequence[dt.date], *sizes: int) -> Runs:
    ends = np.cumsum(sizes)
    return [weeks[end - size : end] for end, size in zip(ends, sizes, strict=True)]


SPLITS = [
    pytest.param([1] * 9, id="a run a week"),
    pytest.param([2, 3, 4], id="2, 3 and 4 weeks"),
    pytest.param([5, 4], id="5 and 4 weeks"),
    pytest.param([1, 8], id="1 and 8 weeks"),
]
REFUSED = WEEKS[4]
LEAGUES = [
    pytest.param(LEAGUE, WEEKS, id="every game finished"),
    pytest.param(without_results(LEAGUE, UNFINISHED), WEEKS, id="a past game never finished"),
    pytest.param(without_results(LEAGUE, OPENING_GAME, OPENING_GAME + 1), WEEKS, id="nor the season's first day"),
    pytest.param(without_results(LEAGUE, week=WEEKS[3]), WEEKS, id="no game of a week finished"),
    pytest.param(moved(LEAGUE, int(GAMES.index[-9]), WEEKS[2]), WEEKS, id="a game left on its old date"),
    pytest.param(
        without_results(LEAGUE, UNFINISHED, week=REFUSED),
        [week for week in WEEKS if week != REFUSED],
        id="a week refused and a past game never finished",
    ),
]


@pytest.mark.parametrize("sizes", SPLITS)
@pytest.mark.parametrize(("league", "weeks"), LEAGUES)
def test_any_split_of_a_range_into_runs_gives_equal_tables(
    league: League, weeks: list[dt.date], sizes: list[int]
) -> None:
    sizes = [*sizes[:-1], sizes[-1] - (len(WEEKS) - len(weeks))]
    assert_bit_equal(made_by(league, split(weeks, *(size for size in sizes if size))), made_by(league, [weeks]))


@pytest.mark.parametrize(("league", "weeks"), LEAGUES)
def test_a_game_without_a_result_leaves_no_trace_in_the_rows_of_others(league: League, weeks: list[dt.date]) -> None:
    only_played = replace(league, games=league.games.iloc[:0])
    both = league.features(FIRST, last_day(weeks[-1]))
    finished = both[both["played"].notna()].reset_index(drop=True)
    assert_bit_equal(finished, only_played.features(FIRST, last_day(weeks[-1])))


def test_a_past_game_without_a_result_is_a_game_still_to_come() -> None:
    rows = made_by(without_results(LEAGUE, UNFINISHED), [WEEKS]).query("game_id == @UNFINISHED")
    assert len(rows) and rows["played"].isna().all() and rows["points"].isna().all()


@pytest.mark.long
def test_any_split_of_real_weeks_gives_equal_tables(seasons: Path) -> None:
    """Six weeks of 2023-24, after the season before; the first game of 2023-12-15 is never finished."""
    league = real_league(seasons, "2022-23", "2023-24")
    weeks = [dt.date(2023, 12, 1) + dt.timedelta(days=7 * index) for index in range(6)]
    games = league.games.query("game_date >= @weeks[2]").sort_values(["game_date", "game_id"])
    league = without_results(league, int(games["game_id"].iloc[0]))
    expected = made_by(league, [weeks])
    for sizes in ([1] * 6, [2, 4], [3, 1, 2]):
        assert_bit_equal(made_by(league, split(weeks, *sizes)), expected)
