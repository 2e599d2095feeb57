"""The 30 NBA teams. Every other list of teams, names or codes is derived from `TEAMS`."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Team:
    """One team, with its abbreviation, city and name as balldontlie sends them."""

    abbreviation: str
    city: str
    name: str
    basketball_reference: str
    conference: str

    @property
    def full_name(self) -> str:
        return f"{self.city} {self.name}"


TEAMS = {
    team.abbreviation: team
    for team in (
        Team("ATL", "Atlanta", "Hawks", "ATL", "East"),
        Team("BOS", "Boston", "Celtics", "BOS", "East"),
        Team("BKN", "Brooklyn", "Nets", "BRK", "East"),
        Team("CHA", "Charlotte", "Hornets", "CHO", "East"),
        Team("CHI", "Chicago", "Bulls", "CHI", "East"),
        Team("CLE", "Cleveland", "Cavaliers", "CLE", "East"),
        Team("DAL", "Dallas", "Mavericks", "DAL", "West"),
        Team("DEN", "Denver", "Nuggets", "DEN", "West"),
        Team("DET", "Detroit", "Pistons", "DET", "East"),
        Team("GSW", "Golden State", "Warriors", "GSW", "West"),
        Team("HOU", "Houston", "Rockets", "HOU", "West"),
        Team("IND", "Indiana", "Pacers", "IND", "East"),
        Team("LAC", "LA", "Clippers", "LAC", "West"),
        Team("LAL", "Los Angeles", "Lakers", "LAL", "West"),
        Team("MEM", "Memphis", "Grizzlies", "MEM", "West"),
        Team("MIA", "Miami", "Heat", "MIA", "East"),
        Team("MIL", "Milwaukee", "Bucks", "MIL", "East"),
        Team("MIN", "Minnesota", "Timberwolves", "MIN", "West"),
        Team("NOP", "New Orleans", "Pelicans", "NOP", "West"),
        Team("NYK", "New York", "Knicks", "NYK", "East"),
        Team("OKC", "Oklahoma City", "Thunder", "OKC", "West"),
        Team("ORL", "Orlando", "Magic", "ORL", "East"),
        Team("PHI", "Philadelphia", "76ers", "PHI", "East"),
        Team("PHX", "Phoenix", "Suns", "PHO", "West"),
        Team("POR", "Portland", "Trail Blazers", "POR", "West"),
        Team("SAC", "Sacramento", "Kings", "SAC", "West"),
        Team("SAS", "San Antonio", "Spurs", "SAS", "West"),
        Team("TOR", "Toronto", "Raptors", "TOR", "East"),
        Team("UTA", "Utah", "Jazz", "UTA", "West"),
        Team("WAS", "Washington", "Wizards", "WAS", "East"),
    )
}


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


# Team names are unique without their city, so "LA Clippers" and "Los Angeles Clippers" are one team.
_BY_LETTERS = {_letters(team.full_name): team for team in TEAMS.values()} | {
    _letters("Los Angeles Clippers"): TEAMS["LAC"]
}


def team_named(full_name: str) -> Team | None:
    """The team with this full name, regardless of blanks, punctuation and capitals; None if there is none."""
    return _BY_LETTERS.get(_letters(full_name))
