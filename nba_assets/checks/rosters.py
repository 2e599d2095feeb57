"""The checks of the rosters of one season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import dagster as dg
import pandas as pd

from nba_assets.checks.check import Range
from nba_assets.errors import SourceError
from nba_assets.league.teams import TEAMS
from nba_assets.partitions import SEASONS
from nba_assets.tables import BR_ROSTERS_CURRENT

ROSTER_SIZE = Range(13, 21)  # current players of a team
ROSTER_AGE_IN_DAYS = Range(at_most=2)
THIRTY_TEAMS, ROSTER_SIZES, UNIQUE_KEYS, FRESHNESS = "thirty_teams", "roster_sizes", "unique_keys", "freshness"
_DESCRIPTIONS = {
    THIRTY_TEAMS: "This run read the rosters of all 30 teams. A team that failed keeps its earlier rows: materialize "
    "the season again; pages fetched today are not fetched again.",
    ROSTER_SIZES: f"Current players of each team {ROSTER_SIZE}: 15 contracts, 3 two-way ones and a few on trial. If it "
    "fails, compare the team's page; it only warns.",
    UNIQUE_KEYS: "Each season, team and player is stored once. If it fails, another program has written to the table.",
    FRESHNESS: f"In season, days since each team was last read {ROSTER_AGE_IN_DAYS}. If it fails, see thirty_teams.",
}


def roster_check_specs() -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(name, asset=BR_ROSTERS_CURRENT.asset_key, description=text, partitions_def=SEASONS)
        for name, text in _DESCRIPTIONS.items()
    ]


def evaluate_rosters(
    stored: pd.DataFrame, failures: Mapping[str, SourceError], as_of: dt.date, *, in_season: bool
) -> list[dg.AssetCheckResult]:
    """One result a check. stored: all rows of the season. failures: the errors of teams that could not be read."""
    keys = list(BR_ROSTERS_CURRENT.key)
    current = stored[stored["is_current"].astype(bool)]
    sizes = current.groupby("team").size().reindex(list(TEAMS), fill_value=0)
    unlikely = [f"{team} {size}" for team, size in sizes.items() if size not in ROSTER_SIZE]
    copies = [" ".join(map(str, key)) for key in stored.loc[stored.duplicated(keys), keys].to_numpy()]
    ages = {team: (as_of - seen).days for team, seen in current.groupby("team")["last_seen_date"].min().items()}
    old = [f"{team} {age} days ago" for team, age in ages.items() if age not in ROSTER_AGE_IN_DAYS]
    old += [f"{team} never" for team in TEAMS if team not in ages]
    rows = len(current)
    return [
        _result(THIRTY_TEAMS, [f"{team}: {why}" for team, why in failures.items()], rows, teams=30 - len(failures)),
        _result(ROSTER_SIZES, unlikely, rows, dg.AssetCheckSeverity.WARN, players=rows),
        _result(UNIQUE_KEYS, copies, len(stored), duplicate_keys=len(copies)),
        _result(FRESHNESS, old if in_season else [], rows, oldest_in_days=max(ages.values(), default=0)),
    ]


def _result(
    name: str,
    wrong: list[str],
    rows: int,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
    **numbers: float,
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        passed=not wrong,
        severity=severity,
        description="; ".join(wrong),
        metadata={"rows_looked_at": rows, **numbers},
    )
