"""Reads and writes rosters in the warehouse, for the asset team_rosters."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from nba_assets.tables import BR_ROSTERS_CURRENT, ROSTER_CHANGES
from nba_assets.transforms.rosters import merged_rosters, roster_changes
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse

ROSTERS_OF_TEAMS = f"""
SELECT {", ".join(BR_ROSTERS_CURRENT.column_names)} FROM {BR_ROSTERS_CURRENT.qualified_name}
WHERE season = @season AND team IN (SELECT * FROM UNNEST(@teams)) ORDER BY team, player_lookup
"""


def store_rosters(warehouse: Warehouse, season: int, read: pd.DataFrame, as_of: dt.date) -> tuple[int, int]:
    """Store the rosters of the teams in `read` and their changes; the numbers of rows and of changes.

    Only rows of these teams are written, so that several writers can store different teams. Changes are written first:
    if a run is killed before the rosters are written, the next run writes the same changes under the same keys.
    """
    teams = sorted(set(read["team"]))
    stored = stored_rosters(warehouse, season, teams)
    now = pd.Timestamp.now(tz="UTC")
    changes = roster_changes(stored, read, as_of).assign(season=season, fetched_at=now)
    change_count = warehouse.merge(ROSTER_CHANGES, to_arrow(changes[ROSTER_CHANGES.column_names], ROSTER_CHANGES))
    merged = merged_rosters(stored, read, as_of).assign(season=season, fetched_at=now)
    rows = warehouse.merge(BR_ROSTERS_CURRENT, to_arrow(merged[BR_ROSTERS_CURRENT.column_names], BR_ROSTERS_CURRENT))
    return rows, change_count


def stored_rosters(warehouse: Warehouse, season: int, teams: Sequence[str]) -> pd.DataFrame:
    """BR_ROSTERS_CURRENT rows of these teams, current and departed."""
    # Merging no rows creates the table if it does not exist.
    no_rows = pd.DataFrame(columns=BR_ROSTERS_CURRENT.column_names)
    warehouse.merge(BR_ROSTERS_CURRENT, to_arrow(no_rows, BR_ROSTERS_CURRENT))
    rows = warehouse.query(ROSTERS_OF_TEAMS, {"season": season, "teams": list(teams)})
    return rows.astype({"weight": "Int64", "years_experience": "Int64"})
