"""Rosters as they are kept: what a new reading of some teams does to their stored rows, and what changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from nba_assets.errors import SourceError
from nba_assets.tables import BR_ROSTERS_CURRENT, ROSTER_CHANGES
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse

FACTS = [
    "player_name", "number", "position", "height", "weight", "birth_date", "birth_country", "years_experience",
    "college", "two_way",
]  # fmt: skip
LEAST_SHARE_KEPT = 1 / 3  # the busiest trade deadlines have left two thirds of a team in place
_PLAYER = ["team", "player_lookup"]
_OF_TEAMS = f"""
SELECT {", ".join(BR_ROSTERS_CURRENT.column_names)} FROM {BR_ROSTERS_CURRENT.qualified_name}
WHERE season = @season AND team IN (SELECT * FROM UNNEST(@teams)) ORDER BY team, player_lookup
"""


def teams_of_strangers(stored: pd.DataFrame, read: pd.DataFrame) -> dict[str, SourceError]:
    """The teams in `read` that list fewer than a third of their stored current players, and why each is refused.

    stored: rows of the same season, in which so many never leave a team from one reading to the next.
    """
    current = stored[stored["is_current"].astype(bool)]
    refused = {}
    for team, listed in _in(current, read).groupby(current["team"]):
        if team in set(read["team"]) and listed.mean() < LEAST_SHARE_KEPT:
            refused[str(team)] = SourceError(
                f"roster of {team}: the page lists {listed.sum()} of the {len(listed)} players stored as current. "
                "Nothing of it was stored; look at the page, then materialize the season again with refresh: true, or "
                "with let_players_go: true if the page is right."
            )
    return refused


def store_rosters(warehouse: Warehouse, season: int, read: pd.DataFrame, as_of: dt.date) -> tuple[int, int]:
    """Bring the stored rows of the teams in `read` up to date in one MERGE; rows stored and changes noted.

    Only rows of these teams are written, so writers of different teams do not touch each other's. The changes are
    noted first: a run that is killed between the two notes them again, under the same keys.
    """
    teams = sorted(set(read["team"]))
    stored = stored_rosters(warehouse, season, teams)
    now = pd.Timestamp.now(tz="UTC")
    changes = roster_changes(stored, read, as_of).assign(season=season, fetched_at=now)
    noted = warehouse.merge(ROSTER_CHANGES, to_arrow(changes[ROSTER_CHANGES.column_names], ROSTER_CHANGES))
    merged = merged_rosters(stored, read, as_of).assign(season=season, fetched_at=now)
    rows = warehouse.merge(BR_ROSTERS_CURRENT, to_arrow(merged[BR_ROSTERS_CURRENT.column_names], BR_ROSTERS_CURRENT))
    return rows, noted


def stored_rosters(warehouse: Warehouse, season: int, teams: Sequence[str]) -> pd.DataFrame:
    """BR_ROSTERS_CURRENT rows of these teams, current and departed."""
    # Merging no rows changes nothing, and makes the table where there is none yet.
    nothing = pd.DataFrame(columns=BR_ROSTERS_CURRENT.column_names)
    warehouse.merge(BR_ROSTERS_CURRENT, to_arrow(nothing, BR_ROSTERS_CURRENT))
    rows = warehouse.query(_OF_TEAMS, {"season": season, "teams": list(teams)})
    return rows.astype({"weight": "Int64", "years_experience": "Int64"})


def merged_rosters(stored: pd.DataFrame, read: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The rows to store for the teams in `read`: its players as current, stored ones it lacks as departed.

    first_seen_date stays, last_seen_date moves to `as_of` for who is there, departed_date is the first day he was not.
    """
    known = stored[[*_PLAYER, "first_seen_date"]]
    present = read[[*_PLAYER, *FACTS]].merge(known, on=_PLAYER, how="left")
    present["first_seen_date"] = present["first_seen_date"].where(present["first_seen_date"].notna(), as_of)
    present = present.assign(last_seen_date=as_of, is_current=True, departed_date=None)
    gone = stored[~_in(stored, read)].drop(columns=["season", "fetched_at"])
    leaving = gone["departed_date"].where(gone["departed_date"].notna(), as_of)
    gone = gone.assign(is_current=False, departed_date=leaving)
    return pd.concat([present, gone], ignore_index=True) if len(gone) else present


def roster_changes(stored: pd.DataFrame, read: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """ROSTER_CHANGES, without season and fetched_at, between the stored rows of the teams in `read` and `read`."""
    current = stored[stored["is_current"].astype(bool)]
    changes = [(*row, "added", "") for row in _named(read[~_in(read, current)])]
    changes += [(*row, "removed", "") for row in _named(current[~_in(current, read)])]
    both = read.merge(current, on=_PLAYER, suffixes=("", "_before"))
    for player in both.to_dict("records"):
        for fact in FACTS:
            before, after = _text(player[f"{fact}_before"]), _text(player[fact])
            if before != after:
                who = (player["team"], player["player_lookup"], player["player_name"])
                changes.append((*who, "modified", f"{fact}: {before} to {after}"))
    columns = [*_PLAYER, "player_name", "change", "what"]
    return pd.DataFrame(changes, columns=columns).assign(change_date=as_of)


def _in(rows: pd.DataFrame, others: pd.DataFrame) -> pd.Series[bool]:
    """Whether each row's player is on the same team in `others` too."""
    there = set(zip(others["team"], others["player_lookup"], strict=True))
    keys = zip(rows["team"], rows["player_lookup"], strict=True)
    return pd.Series([key in there for key in keys], index=rows.index, dtype=bool)


def _named(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(rows[[*_PLAYER, "player_name"]].itertuples(index=False, name=None))


def _text(value: object) -> str:
    return "none" if pd.isna(value) else str(value)
