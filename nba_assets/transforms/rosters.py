"""Compares newly read rosters of some teams with the stored ones: the rows to store, and what changed."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from nba_assets.errors import SourceError

FACTS = [
    "player_name", "number", "position", "height", "weight", "birth_date", "birth_country", "years_experience",
    "college", "two_way",
]  # fmt: skip
LEAST_SHARE_KEPT = 1 / 3  # at the busiest trade deadlines, teams have kept two thirds of their players
_PLAYER = ["team", "player_lookup"]


def implausible_rosters(stored: pd.DataFrame, read: pd.DataFrame) -> dict[str, SourceError]:
    """The teams in `read` that list fewer than a third of their stored current players, each with its error.

    stored: rows of the same season.
    """
    current = stored[stored["is_current"].astype(bool)]
    refused = {}
    for team, listed in _in(current, read).groupby(current["team"]):
        if team in set(read["team"]) and listed.mean() < LEAST_SHARE_KEPT:
            refused[str(team)] = SourceError(
                f"roster of {team}: the page lists {listed.sum()} of the {len(listed)} players stored as current. "
                "It was not stored; look at the page, then materialize the season again with refresh: true, or with "
                "let_players_go: true if the page is right."
            )
    return refused


def merged_rosters(stored: pd.DataFrame, read: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The rows to store for the teams in `read`: its players as current, other stored players as departed.

    For current players last_seen_date becomes `as_of`; departed_date is the first day on which a player was missing.
    """
    known = stored[[*_PLAYER, "first_seen_date"]]
    present = read[[*_PLAYER, *FACTS]].merge(known, on=_PLAYER, how="left")
    present["first_seen_date"] = present["first_seen_date"].where(present["first_seen_date"].notna(), as_of)
    present = present.assign(last_seen_date=as_of, is_current=True, departed_date=None)
    departed = stored[~_in(stored, read)].drop(columns=["season", "fetched_at"])
    departed_date = departed["departed_date"].where(departed["departed_date"].notna(), as_of)
    departed = departed.assign(is_current=False, departed_date=departed_date)
    return pd.concat([present, departed], ignore_index=True) if len(departed) else present


def roster_changes(stored: pd.DataFrame, read: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The changes from the stored rows to `read`: ROSTER_CHANGES without season and fetched_at."""
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
    known = set(zip(others["team"], others["player_lookup"], strict=True))
    keys = zip(rows["team"], rows["player_lookup"], strict=True)
    return pd.Series([key in known for key in keys], index=rows.index, dtype=bool)


def _named(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(rows[[*_PLAYER, "player_name"]].itertuples(index=False, name=None))


def _text(value: object) -> str:
    return "none" if pd.isna(value) else str(value)
