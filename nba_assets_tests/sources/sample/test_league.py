import datetime as dt
import os
import subprocess
import sys

import pandas as pd
import pytest

from nba_assets.league.player_names import player_lookup
from nba_assets.league.teams import TEAMS
from nba_assets.sources.sample.league import SampleLeague
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, COUNTING_STATS

SEASONS = (2021, 2022, 2023, 2024)
STATS = list(COUNTING_STATS)
EVERYTHING = (dt.date(2021, 10, 1), dt.date(2025, 6, 30))


@pytest.fixture(scope="module")
def league() -> SampleLeague:
    return SampleLeague()


def whole(season: int) -> tuple[dt.date, dt.date]:
    return dt.date(season, 9, 1), dt.date(season + 1, 8, 31)


def was_on_court(rows: pd.DataFrame) -> pd.Series:
    return (rows["minutes"] != "00") | rows[STATS].any(axis=1)


@pytest.mark.parametrize("season", SEASONS)
def test_everyone_plays_82_games_half_of_them_at_home_and_one_a_day(league: SampleLeague, season: int) -> None:
    games = league.games(*whole(season)).query("~postseason")
    assert games["home_team"].value_counts().to_dict() == dict.fromkeys(TEAMS, 41)
    assert games["visitor_team"].value_counts().to_dict() == dict.fromkeys(TEAMS, 41)
    per_day = games.melt("game_date", ["home_team", "visitor_team"]).value_counts(["game_date", "value"])
    assert per_day.max() == 1
    conference = {team.abbreviation: team.conference for team in TEAMS.values()}
    within = games["home_team"].map(conference) == games["visitor_team"].map(conference)
    assert within.sum() == 30 * 52 / 2


@pytest.mark.parametrize(
    ("opening", "all_star_friday", "regular_season_end"),
    [
        (dt.date(2021, 10, 19), dt.date(2022, 2, 18), dt.date(2022, 4, 10)),
        (dt.date(2022, 10, 18), dt.date(2023, 2, 17), dt.date(2023, 4, 9)),
        (dt.date(2023, 10, 24), dt.date(2024, 2, 16), dt.date(2024, 4, 14)),
        (dt.date(2024, 10, 22), dt.date(2025, 2, 14), dt.date(2025, 4, 13)),
    ],
    ids=SEASONS,
)
def test_a_season_has_its_real_shape(
    league: SampleLeague, opening: dt.date, all_star_friday: dt.date, regular_season_end: dt.date
) -> None:
    day = dt.timedelta(days=1)
    games = league.games(*whole(opening.year))
    regular, playoffs = games.query("~postseason"), games.query("postseason")
    assert (regular["game_date"].min(), regular["game_date"].max()) == (opening, regular_season_end)
    assert playoffs["game_date"].min() == regular_season_end + 6 * day
    assert dt.date(opening.year + 1, 6, 7) <= playoffs["game_date"].max() <= dt.date(opening.year + 1, 6, 22)
    assert league.games(all_star_friday, all_star_friday + 5 * day).empty
    assert not league.games(all_star_friday + 6 * day, all_star_friday + 6 * day).empty
    assert league.games(dt.date(opening.year, 7, 1), opening - day).empty
    assert games["game_id"].is_unique
    assert games["game_date"].is_monotonic_increasing


@pytest.mark.parametrize("season", SEASONS)
def test_a_playoff_series_ends_with_its_fourth_win(league: SampleLeague, season: int) -> None:
    games = league.games(*whole(season)).query("postseason")
    at_home = games["home_score"] > games["visitor_score"]
    games = games.assign(
        series=games[["home_team", "visitor_team"]].apply(lambda pair: "-".join(sorted(pair)), axis=1),
        winner=games["home_team"].where(at_home, games["visitor_team"]),
    )
    winners = games.groupby("series")["winner"]
    assert len(winners) == 15
    assert (winners.agg(lambda winner: winner.value_counts().max()) == 4).all()
    assert (winners.agg(lambda winner: winner.value_counts().idxmax()) == winners.last()).all()


@pytest.mark.parametrize(
    "rule",
    [
        "pts == 2 * fgm + fg3m + ftm",
        "reb == oreb + dreb",
        "fgm <= fga and fg3m <= fg3a and ftm <= fta",
        "fg3a <= fga and fg3m <= fgm and fgm - fg3m <= fga - fg3a",
        "pf <= 6",
        " and ".join(f"{stat} >= 0" for stat in STATS),
    ],
)
def test_every_line_adds_up(league: SampleLeague, rule: str) -> None:
    rows = league.box_scores(*EVERYTHING)
    assert rows[~rows.eval(rule)].empty


def test_team_lines_add_up_to_the_scores_and_nobody_draws(league: SampleLeague) -> None:
    games = league.games(*EVERYTHING).set_index("game_id")
    points = league.box_scores(*EVERYTHING).groupby(["game_id", "team"])["pts"].sum()
    for side in ("home", "visitor"):
        of_side = pd.MultiIndex.from_arrays([games.index, games[f"{side}_team"]])
        assert points[of_side].tolist() == games[f"{side}_score"].tolist()
    assert (games["home_score"] != games["visitor_score"]).all()


def test_team_minutes_are_240_and_25_for_each_overtime(league: SampleLeague) -> None:
    games = league.games(*EVERYTHING).set_index("game_id")
    rows = league.box_scores(*EVERYTHING)
    minutes = rows["minutes"].astype(int)
    assert minutes.between(0, 53).all()
    of_team = minutes.groupby([rows["game_id"], rows["team"]]).sum()
    expected = 240 + 25 * (games["period"].reindex(of_team.index.get_level_values("game_id")) - 4)
    assert (of_team.to_numpy() - expected.to_numpy()).min() >= -4
    assert (of_team.to_numpy() - expected.to_numpy()).max() <= 4


@pytest.mark.parametrize("season", SEASONS)
def test_as_many_are_listed_and_play_as_in_the_nba(league: SampleLeague, season: int) -> None:
    rows = league.box_scores(*whole(season))
    listed = rows.groupby("game_id").size()
    assert listed.between(24, 42).all()
    assert 33 <= listed.mean() <= 36
    on_court = was_on_court(rows)
    assert 0.35 <= 1 - on_court.mean() <= 0.40
    assert rows[on_court].groupby(["game_id", "team"]).size().between(6, 15).all()


@pytest.mark.parametrize("season", SEASONS)
def test_levels_are_those_of_the_nba(league: SampleLeague, season: int) -> None:
    games, rows = league.games(*whole(season)), league.box_scores(*whole(season))
    team_games = 2 * len(games)
    total = rows[STATS].sum()
    possessions = total["fga"] + 0.44 * total["fta"] + total["turnover"] - total["oreb"]
    measured = {
        "points a team": (111, total["pts"] / team_games, 117),
        "possessions a team": (98, possessions / team_games, 102),
        "field-goal percentage": (0.46, total["fgm"] / total["fga"], 0.49),
        "share of threes": (0.37, total["fg3a"] / total["fga"], 0.42),
        "turnovers a team": (12, total["turnover"] / team_games, 15),
        "share of games with overtime": (0.03, (games["period"] > 4).mean(), 0.09),
        "home margin": (1, (games["home_score"] - games["visitor_score"]).mean(), 4),
    }
    assert {name: value for name, (low, value, high) in measured.items() if not low <= value <= high} == {}


def test_some_play_less_than_half_a_minute(league: SampleLeague) -> None:
    rows = league.box_scores(*whole(2021))
    seconds = rows[(rows["minutes"] == "00") & was_on_court(rows)]
    assert 0.001 <= len(seconds) / was_on_court(rows).sum() <= 0.01


def test_whoever_is_reported_out_does_not_play(league: SampleLeague) -> None:
    report, rows = league.injury_report(*EVERYTHING), league.box_scores(*EVERYTHING)
    lookup = {name: player_lookup(name) for name in rows["player_name"].unique()}
    rows = rows.assign(player_lookup=rows["player_name"].map(lookup))
    found = report.merge(rows, on=["game_date", "team", "player_lookup"], how="left", validate="one_to_one")
    assert found["minutes"].eq("00").all()
    assert not was_on_court(found).any()
    assert (report["status"] == "Out").all()
    coach_decisions = (~was_on_court(rows)).sum() - len(report)
    assert 1 <= coach_decisions / rows.groupby(["game_id", "team"]).ngroups <= 4


def test_a_report_row_reads_like_the_printed_one(league: SampleLeague) -> None:
    row = league.injury_report(dt.date(2024, 1, 19), dt.date(2024, 1, 19)).iloc[0]
    visitor, home = row["matchup"].split("@")
    assert row["team"] in (visitor, home)
    assert row["player_name"].isascii()
    assert row["player_lookup"] == player_lookup(row["player_name"])
    assert (row["report_date"], row["report_time"]) == (row["game_date"], "17:30")
    assert row["report_time"] < row["game_time"]


def test_reasons_come_in_all_categories(league: SampleLeague) -> None:
    categories = league.injury_report(*EVERYTHING)["reason_category"].value_counts(normalize=True)
    assert set(categories.index) == {
        *("injury", "illness", "rest", "g_league", "suspension", "personal", "trade", "other")
    }
    assert categories["injury"] > 0.4


def test_names_exercise_the_matching(league: SampleLeague) -> None:
    names = league.box_scores(*EVERYTHING)["player_name"].unique()
    assert len({player_lookup(name) for name in names}) == len(names)
    assert any(not name.isascii() for name in names)
    assert any(name.endswith("Jr.") for name in names)


@pytest.mark.parametrize("season", SEASONS)
def test_rosters_hold_who_is_in_the_box_scores(league: SampleLeague, season: int) -> None:
    day = dt.date(season + 1, 3, 1)
    roster = league.roster(season, day)
    assert roster.groupby("team").size().between(16, 18).all()
    assert not roster.duplicated(["team", "number"]).any()
    assert roster.groupby("team")["two_way"].sum().between(2, 3).all()
    listed = league.box_scores(day, day + dt.timedelta(days=6))[["team", "player_name"]].drop_duplicates()
    assert set(listed.itertuples(index=False, name=None)) == set(
        zip(roster["team"], roster["player_name"], strict=True)
    )
    assert roster["years_experience"].between(0, 22).all()
    assert 60 <= (roster["years_experience"] == 0).sum() <= 130


def test_trades_move_players_between_teams(league: SampleLeague) -> None:
    before = league.roster(2023, dt.date(2023, 12, 1)).set_index("player_name")["team"]
    after = league.roster(2023, dt.date(2024, 3, 1)).set_index("player_name")["team"]
    moved = before.index[before != after.reindex(before.index)]
    assert sorted(before.index) == sorted(after.index)
    assert 10 <= len(moved) <= 40


def test_players_come_and_go_between_seasons(league: SampleLeague) -> None:
    first, second = (set(league.roster(season, dt.date(season, 11, 1))["player_name"]) for season in (2021, 2022))
    assert 0.70 <= len(first & second) / len(first) <= 0.95


def test_a_season_the_league_does_not_have_is_named(league: SampleLeague) -> None:
    with pytest.raises(ValueError, match="seasons 2021 to 2024, not 2019"):
        league.roster(2019, dt.date(2019, 11, 1))


def test_rows_do_not_depend_on_what_was_asked_before(league: SampleLeague) -> None:
    week = (dt.date(2024, 1, 19), dt.date(2024, 1, 25))
    other = SampleLeague()
    for ask in ("injury_report", "box_scores", "games"):
        pd.testing.assert_frame_equal(getattr(other, ask)(*week), getattr(league, ask)(*week))
    pd.testing.assert_frame_equal(other.games(*EVERYTHING), league.games(*EVERYTHING))
    pd.testing.assert_frame_equal(other.roster(2022, week[0]), league.roster(2022, week[0]))


def test_another_process_sees_the_same_league(league: SampleLeague) -> None:
    program = (
        "import datetime as dt; from nba_assets.sources.sample.league import SampleLeague;"
        "print(SampleLeague().box_scores(dt.date(2024, 11, 1), dt.date(2024, 11, 7)).to_csv())"
    )
    seen = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert seen.stdout.strip() == league.box_scores(dt.date(2024, 11, 1), dt.date(2024, 11, 7)).to_csv().strip()


def test_another_seed_is_another_league(league: SampleLeague) -> None:
    week = (dt.date(2021, 11, 5), dt.date(2021, 11, 11))
    assert SampleLeague(seed=7).box_scores(*week)["pts"].tolist() != league.box_scores(*week)["pts"].tolist()


def test_games_from_today_on_are_scheduled_and_not_played(league: SampleLeague) -> None:
    first, today, last = dt.date(2024, 1, 19), dt.date(2024, 1, 22), dt.date(2024, 1, 25)
    yesterday = today - dt.timedelta(days=1)
    current = SampleLeague(today=today)
    games, played = current.games(first, last), league.games(first, yesterday)
    pd.testing.assert_frame_equal(games[games["game_date"] < today], played)
    ahead = games[games["game_date"] >= today]
    unchanged = ["game_id", "game_date", "tipoff", "home_team", "visitor_team"]
    pd.testing.assert_frame_equal(
        ahead[unchanged].reset_index(drop=True), league.games(today, last)[unchanged].reset_index(drop=True)
    )
    assert (pd.to_datetime(ahead["status"], utc=True) == ahead["tipoff"]).all()
    assert not ahead[["period", "home_score", "visitor_score"]].any(axis=None)
    pd.testing.assert_frame_equal(current.box_scores(first, last), league.box_scores(first, yesterday))
    pd.testing.assert_frame_equal(current.injury_report(first, last), league.injury_report(first, today))


def test_playoff_pairings_are_not_known_in_january() -> None:
    current = SampleLeague(today=dt.date(2024, 1, 22))
    assert len(current.games(*whole(2023))) == 1230
    assert not current.games(*whole(2022)).query("postseason").empty


@pytest.mark.parametrize("window", [whole(2021), (dt.date(2022, 8, 5), dt.date(2022, 8, 11))], ids=["season", "summer"])
def test_frames_have_the_columns_of_their_tables(league: SampleLeague, window: tuple[dt.date, dt.date]) -> None:
    added_later = {"week", "scheduled_date", "fetched_at"}
    games, rows = league.games(*window), league.box_scores(*window)
    assert list(games) == [name for name in BDL_GAMES.column_names if name not in added_later]
    assert list(rows) == [name for name in BDL_PLAYER_BOXSCORES.column_names if name not in added_later]
    assert games["tipoff"].dtype == "datetime64[ns, UTC]"
    assert (games.dtypes[["game_id", "season", "period", "home_score"]] == "int64").all()
    assert (rows.dtypes[["game_id", "player_id", "season", *STATS]] == "int64").all()


def test_tip_off_is_in_the_evening_eastern_time_in_winter_and_summer(league: SampleLeague) -> None:
    tipoff = league.games(*whole(2023)).set_index("game_date")["tipoff"].dt.tz_convert("US/Eastern")
    assert (tipoff.dt.date == tipoff.index).all()
    assert tipoff.dt.hour.between(19, 22).all()
