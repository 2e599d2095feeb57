from pathlib import Path

import pandas as pd
import pytest

from nba_assets.league.teams import TEAMS, team_named


def test_there_are_thirty_teams_fifteen_in_each_conference() -> None:
    conferences = [team.conference for team in TEAMS.values()]
    assert (len(TEAMS), conferences.count("East"), conferences.count("West")) == (30, 15, 15)


def test_no_code_or_name_belongs_to_two_teams() -> None:
    for attribute in ("abbreviation", "name", "full_name", "basketball_reference"):
        assert len({getattr(team, attribute) for team in TEAMS.values()}) == 30, attribute


def test_basketball_reference_has_other_codes_for_three_teams() -> None:
    different = {code: team.basketball_reference for code, team in TEAMS.items() if team.basketball_reference != code}
    assert different == {"BKN": "BRK", "CHA": "CHO", "PHX": "PHO"}


@pytest.mark.parametrize(
    ("printed", "abbreviation"),
    [
        ("Houston Rockets", "HOU"),
        ("HoustonRockets", "HOU"),
        ("OklahomaCityThunder", "OKC"),
        ("PORTLAND TRAILBLAZERS", "POR"),
        ("Philadelphia76ers", "PHI"),
        ("LA Clippers", "LAC"),
        ("Los Angeles Clippers", "LAC"),
        ("Los Angeles Lakers", "LAL"),
    ],
)
def test_a_team_is_found_by_its_name_whatever_the_blanks(printed: str, abbreviation: str) -> None:
    assert team_named(printed) is TEAMS[abbreviation]


@pytest.mark.parametrize("printed", ["", "Rockets", "Seattle SuperSonics", "Houston Rockets Houston Rockets"])
def test_any_other_text_is_no_team(printed: str) -> None:
    assert team_named(printed) is None


def test_the_abbreviations_are_those_of_the_real_schedule() -> None:
    schedule = Path(__file__).resolve().parents[3] / "shared" / "nba" / "schedule.parquet"
    if not schedule.exists():
        pytest.skip("needs the real seasons in ../shared/nba")
    games = pd.read_parquet(schedule)
    assert {*games["home"], *games["away"]} >= set(TEAMS)
    regular = games[games["season_type"] == "Regular Season"]
    assert {*regular["home"], *regular["away"]} == set(TEAMS)
