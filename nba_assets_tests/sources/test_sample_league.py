import datetime as dt

import pandas as pd
import pytest

from nba_assets.sources.sample_league import SampleLeague
from nba_assets.teams import TEAMS

SEASONS = (2021, 2022, 2023, 2024)
STATS = [
    "fgm",
    "fga",
    "fg3m",
    "fg3a",
    "ftm",
    "fta",
    "oreb",
    "dreb",
    "reb",
    "ast",
    "stl",
    "blk",
    "turnover",
    "pf",
    "pts",
]


@pytest.fixture(scope="module")
def league() -> SampleLeague:
    return SampleLeague()


def whole(season: int) -> tuple[dt.date, dt.date]:
    return dt.date(season, 9, 1), dt.date(season + 1, 8, 31)


def was_on_court(rows: pd.DataFrame) -> pd.Series:
    return (rows["minutes"] != "00") | rows[STATS].any(axis=1)


@pytest.mark.parametrize("season", SEASONS)
def test_everyone_plays_82_games_half_at_home_and_one_a_day(league: SampleLeague, season: int) -> None:
    games = league.games(*whole(season)).query("~postseason")
    assert len(games) == 1230
    assert games["home_team"].value_counts().to_dict() == dict.fromkeys(TEAMS, 41)
    assert games["visitor_team"].value_counts().to_dict() == dict.fromkeys(TEAMS, 41)
    appearances = pd.concat([games[["game_date", side]].set_axis(["date", "team"], axis=1) for side in SIDES])
    assert not appearances.duplicated().any()
    assert (games["home_team"].map(conference) == games["visitor_team"].map(conference)).sum() == 2 * 15 * 52 / 2


SIDES = ("home_team", "visitor_team")


def conference(team: str) -> str:
    return TEAMS[team].conference


@pytest.mark.parametrize(
    ("season", "opening", "all_star_friday", "regular_season_end"),
    [
        (2021, dt.date(2021, 10, 19), dt.date(2022, 2, 18), dt.date(2022, 4, 10)),
        (2022, dt.date(2022, 10, 18), dt.date(2023, 2, 17), dt.date(2023, 4, 9)),
        (2023, dt.date(2023, 10, 24), dt.date(2024, 2, 16), dt.date(2024, 4, 14)),
        (2024, dt.date(2024, 10, 22), dt.date(2025, 2, 14), dt.date(2025, 4, 13)),
    ],
)
def test_the_season_has_its_real_shape(
    league: SampleLeague, season: int, opening: dt.date, all_star_friday: dt.date, regular_season_end: dt.date
) -> None:
    games = league.games(*whole(season))
    regular, playoffs = games.query("~postseason"), games.query("postseason")
    assert (regular["game_date"].min(), regular["game_date"].max()) == (opening, regular_season_end)
    assert playoffs["game_date"].min() == regular_season_end + dt.timedelta(days=6)
    assert dt.date(season + 1, 6, 8) <= playoffs["game_date"].max() <= dt.date(season + 1, 6, 22)
    assert league.games(all_star_friday, all_star_friday + dt.timedelta(days=5)).empty
    assert len(league.games(all_star_friday + dt.timedelta(days=6), all_star_friday + dt.timedelta(days=6))) > 0
    assert league.games(dt.date(season, 7, 1), opening - dt.timedelta(days=1)).empty
    assert games["game_id"].is_unique
    assert games["game_date"].is_monotonic_increasing


@pytest.mark.parametrize("season", SEASONS)
def test_every_playoff_series_ends_with_the_fourth_win(league: SampleLeague, season: int) -> None:
    games = league.games(*whole(season)).query("postseason")
    games = games.assign(
        series=[frozenset(pair) for pair in zip(games["home_team"], games["visitor_team"], strict=True)],
        winner=games["home_team"].where(games["home_score"] > games["visitor_score"], games["visitor_team"]),
    )
    series = games.groupby("series")
    assert len(series) == 15
    assert (series["winner"].agg(lambda winner: winner.value_counts().max()) == 4).all()
    assert (series["winner"].last() == series["winner"].agg(lambda winner: winner.mode()[0])).all()
    first_round = games[games["game_date"] < games["game_date"].min() + dt.timedelta(days=15)]
    assert first_round["series"].nunique() == 8


ADDS_UP = {
    "points": "pts == 2 * fgm + fg3m + ftm",
    "rebounds": "reb == oreb + dreb",
    "shots made within taken": "fgm <= fga and fg3m <= fg3a and ftm <= fta",
    "threes within shots": "fg3a <= fga and fg3m <= fgm and fgm - fg3m <= fga - fg3a",
    "fouls": "pf <= 6 or pf <= 18",
    "not negative": " and ".join(f"{stat} >= 0" for stat in STATS),
}


@pytest.mark.parametrize("rule", ADDS_UP.values(), ids=ADDS_UP)
def test_every_line_adds_up(league: SampleLeague, rule: str) -> None:
    rows = league.box_scores(dt.date(2021, 10, 1), dt.date(2025, 6, 30))
    assert rows[~rows.eval(rule)].empty
