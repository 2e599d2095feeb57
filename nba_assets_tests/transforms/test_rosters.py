"""What a new reading of teams does to the stored rosters."""

import datetime as dt
import itertools
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from pydantic import PrivateAttr

from nba_assets.assets.availability import read_rosters
from nba_assets.assets.rosters import store_rosters, stored_rosters
from nba_assets.checks.rosters import evaluate_rosters
from nba_assets.definitions import build_definitions
from nba_assets.errors import SourceError
from nba_assets.league.teams import TEAMS
from nba_assets.partitions import last_day_of_season
from nba_assets.settings import Settings
from nba_assets.sources.basketball_reference import COLUMNS
from nba_assets.sources.http import HostBlocked
from nba_assets.sources.interface import RosterSource
from nba_assets.sources.sample.source import SampleRosters
from nba_assets.tables import BR_ROSTERS_CURRENT, ROSTER_CHANGES
from nba_assets.transforms.rosters import implausible_rosters
from nba_assets.warehouse.duckdb import DuckDBWarehouse

SEASON = 2021
MONDAY = dt.date(2022, 1, 3)
TUESDAY, WEDNESDAY = MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=2)
ANN, BEA, CYD = "ann lee", "bea fox", "cyd ray"


def roster(team: str, *players: str, **facts: object) -> pd.DataFrame:
    """A team's players by their lookup, number 7 and 200 pounds unless told otherwise."""
    usual: dict[str, object] = {
        "season": SEASON, "team": team, "number": "7", "position": "PG", "height": "6-8", "weight": 200,
        "birth_date": dt.date(1999, 2, 28), "birth_country": "US", "years_experience": 0, "college": None,
        "two_way": False,
    }  # fmt: skip
    rows = [usual | facts | {"player_lookup": player, "player_name": player.title()} for player in players]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"weight": "Int64", "years_experience": "Int64"})


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")


def dates(warehouse: DuckDBWarehouse) -> dict[tuple[str, str], str]:
    """When each player was first seen, last seen and gone, as weekdays: "Mon Tue -"."""
    rows = warehouse.query(f"SELECT * FROM {BR_ROSTERS_CURRENT.qualified_name}")
    assert (rows["is_current"] == rows["departed_date"].isna()).all()
    return {
        (row.team, row.player_lookup): " ".join(
            "-" if pd.isna(day) else f"{day:%a}" for day in (row.first_seen_date, row.last_seen_date, row.departed_date)
        )
        for row in rows.itertuples()
    }


def changes(warehouse: DuckDBWarehouse) -> list[str]:
    in_order = "ORDER BY change_date, team, player_lookup, what"
    rows = warehouse.query(f"SELECT * FROM {ROSTER_CHANGES.qualified_name} {in_order}")
    return [
        f"{row.change_date:%a} {row.team} {row.player_lookup} {row.change} {row.what}".strip()
        for row in rows.itertuples()
    ]


def test_who_stays_comes_leaves_and_returns_is_told_by_dates_and_changes(warehouse: DuckDBWarehouse) -> None:
    store_rosters(warehouse, SEASON, roster("DAL", ANN, BEA), MONDAY)
    store_rosters(warehouse, SEASON, roster("DAL", ANN, CYD), TUESDAY)
    assert dates(warehouse) == {
        ("DAL", ANN): "Mon Tue -",
        ("DAL", BEA): "Mon Mon Tue",
        ("DAL", CYD): "Tue Tue -",
    }
    store_rosters(warehouse, SEASON, roster("DAL", ANN, BEA), WEDNESDAY)
    assert dates(warehouse) == {
        ("DAL", ANN): "Mon Wed -",
        ("DAL", BEA): "Mon Wed -",
        ("DAL", CYD): "Tue Tue Wed",
    }
    assert changes(warehouse) == [
        "Mon DAL ann lee added",
        "Mon DAL bea fox added",
        "Tue DAL bea fox removed",
        "Tue DAL cyd ray added",
        "Wed DAL bea fox added",
        "Wed DAL cyd ray removed",
    ]


def test_what_is_different_of_a_player_is_named_with_both_values(warehouse: DuckDBWarehouse) -> None:
    store_rosters(warehouse, SEASON, roster("DAL", ANN, two_way=True, weight=None), MONDAY)
    store_rosters(warehouse, SEASON, roster("DAL", ANN, number="0", weight=210), TUESDAY)
    assert changes(warehouse)[1:] == [
        "Tue DAL ann lee modified number: 7 to 0",
        "Tue DAL ann lee modified two_way: True to False",
        "Tue DAL ann lee modified weight: none to 210",
    ]
    (row,) = stored_rosters(warehouse, SEASON, ["DAL"]).to_dict("records")
    assert (row["number"], row["weight"], row["two_way"], row["first_seen_date"]) == ("0", 210, False, MONDAY)


def test_reading_the_same_rosters_again_changes_nothing(warehouse: DuckDBWarehouse) -> None:
    both = pd.concat([roster("DAL", ANN), roster("BOS", BEA, weight=None, birth_date=None)])
    assert store_rosters(warehouse, SEASON, both, MONDAY) == (2, 2)
    before = dates(warehouse)
    assert store_rosters(warehouse, SEASON, both, MONDAY) == (2, 0)
    assert dates(warehouse) == before


def test_a_team_or_season_that_was_not_read_keeps_its_rows(warehouse: DuckDBWarehouse) -> None:
    store_rosters(warehouse, SEASON, pd.concat([roster("DAL", ANN), roster("BOS", BEA)]), MONDAY)
    store_rosters(warehouse, SEASON, roster("DAL", CYD), TUESDAY)
    store_rosters(warehouse, SEASON + 1, roster("BOS", CYD), TUESDAY)
    assert stored_rosters(warehouse, SEASON, ["BOS"])["player_lookup"].to_list() == [BEA]
    assert dates(warehouse)["BOS", BEA] == "Mon Mon -"


def test_a_traded_player_leaves_one_team_and_joins_the_other(warehouse: DuckDBWarehouse) -> None:
    store_rosters(warehouse, SEASON, pd.concat([roster("DAL", ANN, BEA), roster("BOS", CYD)]), MONDAY)
    store_rosters(warehouse, SEASON, pd.concat([roster("DAL", ANN), roster("BOS", CYD, BEA)]), TUESDAY)
    assert dates(warehouse)["DAL", BEA] == "Mon Mon Tue"
    assert dates(warehouse)["BOS", BEA] == "Tue Tue -"


class Pages(RosterSource):
    """The sample league's rosters, but some teams fail or come as a test says."""

    _instead: dict[str, pd.DataFrame | SourceError] = PrivateAttr(default_factory=dict)

    def roster(self, team: str, season: int, as_of: dt.date, *, refresh: bool) -> pd.DataFrame:
        answer = self._instead.get(team)
        if isinstance(answer, SourceError):
            raise answer
        return SampleRosters().roster(team, season, as_of, refresh=refresh) if answer is None else answer


def pages(**instead: pd.DataFrame | SourceError) -> Pages:
    source = Pages()
    source._instead |= instead
    return source


GONE = SourceError("roster of MIA 2021: HTTP 404; check the address.")


def test_a_team_that_fails_costs_no_other_team() -> None:
    read, failures = read_rosters(pages(MIA=GONE, DAL=roster("DAL", ANN, ANN)), SEASON, MONDAY, refresh=False)
    assert set(TEAMS) - set(read["team"]) == {"MIA", "DAL"}
    assert {team: str(why) for team, why in failures.items()} == {
        "MIA": str(GONE),
        "DAL": "roster of DAL 2021: Ann Lee is listed twice; look at the page.",
    }


def materialize(folder: Path, source: Pages, **config: bool) -> dg.ExecuteInProcessResult:
    settings = Settings.from_environment({"NBA_DATA": str(folder)})
    roster_source = dg.ResourceDefinition.hardcoded_resource(source)
    job = build_definitions(settings, roster_source=roster_source).resolve_job_def("rosters")
    return job.execute_in_process(
        partition_key="2021-22", run_config={"ops": {"team_rosters": {"config": config}}}, raise_on_error=False
    )


def results(run: dg.ExecuteInProcessResult) -> Mapping[str, tuple[bool, str]]:
    return {each.check_name: (each.passed, each.description or "") for each in run.get_asset_check_evaluations()}


def test_the_asset_stores_the_teams_it_read_and_a_check_names_the_others(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/sample.duckdb")
    first = materialize(tmp_path, pages())
    assert first.success
    assert results(first) == dict.fromkeys(("thirty_teams", "roster_sizes", "unique_keys", "freshness"), (True, ""))
    before = stored_rosters(warehouse, SEASON, ["MIA"])
    eight = SampleRosters().roster("DAL", SEASON, last_day_of_season(SEASON), refresh=False).head(8)
    second = materialize(tmp_path, pages(MIA=GONE, DAL=eight))
    assert second.success
    assert results(second) == {
        "thirty_teams": (False, f"MIA: {GONE}"),
        "roster_sizes": (False, "DAL 8"),
        "unique_keys": (True, ""),
        "freshness": (True, ""),
    }
    pd.testing.assert_frame_equal(stored_rosters(warehouse, SEASON, ["MIA"]), before)
    dallas = stored_rosters(warehouse, SEASON, ["DAL"])
    assert dallas[dallas["is_current"]]["player_lookup"].to_list() == sorted(eight["player_lookup"])
    (players, noted) = (run.metadata["rows"].value for run in second.asset_materializations_for_node("team_rosters"))
    assert players == len(stored_rosters(warehouse, SEASON, [team for team in TEAMS if team != "MIA"]))
    assert noted == len(dallas) - 8


def test_a_page_of_other_players_is_refused_until_they_are_let_go(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/sample.duckdb")
    assert materialize(tmp_path, pages()).success
    before = stored_rosters(warehouse, SEASON, ["DAL"])
    strangers = pages(DAL=roster("DAL", ANN, BEA, CYD))
    refused = materialize(tmp_path, strangers)
    assert refused.success
    passed, told = results(refused)["thirty_teams"]
    assert not passed
    assert told.startswith(f"DAL: roster of DAL: the page lists 0 of the {before['is_current'].sum()} players")
    pd.testing.assert_frame_equal(stored_rosters(warehouse, SEASON, ["DAL"]), before)
    assert results(materialize(tmp_path, strangers, let_players_go=True))["thirty_teams"] == (True, "")
    dallas = stored_rosters(warehouse, SEASON, ["DAL"])
    assert dallas[dallas["is_current"]]["player_lookup"].to_list() == [ANN, BEA, CYD]


@pytest.mark.parametrize(("kept", "refused"), [(4, True), (5, False)])
def test_a_third_of_the_players_is_enough(kept: int, refused: bool, full_league: pd.DataFrame) -> None:
    of_team = full_league[full_league["team"] == "BOS"]
    read = of_team.head(kept)
    assert set(implausible_rosters(full_league, read)) == ({"BOS"} if refused else set())


def test_father_and_son_are_two_players_of_a_team() -> None:
    jacksons = roster("MEM", "jaren jackson", "jaren jackson jr")
    read, failures = read_rosters(pages(MEM=jacksons), SEASON, MONDAY, refresh=False)
    assert not failures
    assert read[read["team"] == "MEM"]["player_lookup"].to_list() == ["jaren jackson", "jaren jackson jr"]


def test_a_host_that_shuts_is_told_once_and_kept_pages_are_still_read() -> None:
    shut = HostBlocked("roster of BOS 2021: HTTP 403 from http://host. This run sends it no more requests.")
    read, failures = read_rosters(pages(BOS=shut, CHI=shut, UTA=shut), SEASON, MONDAY, refresh=False)
    assert {team: str(why) for team, why in failures.items()} == {
        "BOS": str(shut),
        "CHI": "not requested any more.",
        "UTA": "not requested any more.",
    }
    assert read["team"].nunique() == 27


def test_when_no_team_can_be_read_the_run_fails_and_nothing_is_changed(tmp_path: Path) -> None:
    assert materialize(tmp_path, pages()).success
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/sample.duckdb")
    before = stored_rosters(warehouse, SEASON, list(TEAMS))
    run = materialize(tmp_path, pages(**dict.fromkeys(TEAMS, GONE)))
    (failure,) = [event.step_failure_data for event in run.all_events if event.is_step_failure]
    assert failure.user_failure_data
    assert f"season 2021-22: no roster could be read, {GONE}" in str(failure.user_failure_data.description)
    pd.testing.assert_frame_equal(stored_rosters(warehouse, SEASON, list(TEAMS)), before)


@pytest.fixture
def full_league(warehouse: DuckDBWarehouse) -> pd.DataFrame:
    """All rows after a reading of 15 players a team on Monday."""
    everyone = [f"player {letter}{number}" for letter, number in itertools.product("abc", range(5))]
    store_rosters(warehouse, SEASON, pd.concat([roster(team, *everyone) for team in TEAMS]), MONDAY)
    return stored_rosters(warehouse, SEASON, list(TEAMS))


@pytest.mark.parametrize(
    ("as_of", "in_season", "told"),
    [
        pytest.param(WEDNESDAY, True, "", id="48 hours"),
        pytest.param(WEDNESDAY + dt.timedelta(days=1), True, "ATL 3 days ago", id="72 hours"),
        pytest.param(WEDNESDAY + dt.timedelta(days=1), False, "", id="72 hours after the season"),
    ],
)
def test_a_team_not_read_for_48_hours_is_named_in_season(
    full_league: pd.DataFrame, as_of: dt.date, in_season: bool, told: str
) -> None:
    judged = evaluate_rosters(full_league, {}, as_of, in_season=in_season)
    (freshness,) = [result for result in judged if result.check_name == "freshness"]
    assert freshness.passed is not bool(told)
    assert (freshness.description or "").startswith(told)


def test_doubled_keys_missing_teams_and_odd_sizes_are_named(full_league: pd.DataFrame) -> None:
    wrong = full_league[full_league["team"] != "ATL"]
    wrong = pd.concat([wrong, wrong[(wrong["team"] == "BOS")].head(8)])
    failures = {"ATL": SourceError("a 404")}
    judged = {result.check_name: result for result in evaluate_rosters(wrong, failures, MONDAY, in_season=True)}
    assert {name: result.passed for name, result in judged.items()} == dict.fromkeys(judged, False)
    assert str(judged["unique_keys"].description).startswith("2021 BOS player a0; 2021 BOS player a1")
    assert judged["roster_sizes"].description == "ATL 0; BOS 23"
    assert judged["roster_sizes"].severity == dg.AssetCheckSeverity.WARN
    assert judged["freshness"].description == "ATL never"
    assert judged["thirty_teams"].description == "ATL: a 404"
