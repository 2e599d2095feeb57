"""The state of every week of every weekly asset, derived from its publications: frames in, frame out."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import pandas as pd

from nba_assets.partitions import WEEK
from nba_assets.tables.model import XGBOOST_MODEL


class State(enum.StrEnum):
    """The state of a week of an asset, the worst last."""

    NO_GAMES = "no games"
    COMPLETE = "complete"
    STALE = "stale"
    INCOMPLETE = "incomplete"
    LOG_DISAGREES = "log and tables disagree"
    NEVER_RUN = "never run"
    ROWS_MISSING = "rows missing"
    FAILED = "failed"


WORST_LAST = list(State)
FINE = (State.NO_GAMES, State.COMPLETE)
MISSING = (State.LOG_DISAGREES, State.NEVER_RUN, State.ROWS_MISSING, State.FAILED)


@dataclass(frozen=True)
class Lineage:
    """A weekly asset as it is declared in the code.

    upstream: which weeks it reads of each upstream asset: None for its own week only, 0 for its own and all earlier
    ones, 1 for earlier ones only.
    """

    name: str
    code_version: str
    upstream: Mapping[str, int | None]


def classify(
    history: pd.DataFrame,
    lineage: Sequence[Lineage],
    incomplete: Mapping[dt.date, str],
    without_games: Set[dt.date],
    in_progress: dt.date,
) -> pd.DataFrame:
    """One row per week and asset: week, asset, state (State) and why (text).

    history: one row per week and asset, with
        published: time of the newest publication; NaN for none.
        read_up_to: time when the newest of its upstream rows were published; NaN if unknown.
        code_version: of the newest publication; None if unknown.
        rows_missing, log_disagrees: what is wrong with that publication; "" for nothing.
        unpublished: why the newest attempt failed to publish; "" if it did not fail.
        nothing_due: whether the newest attempt rightly published nothing.
    lineage: all assets, upstream before downstream. incomplete: by week, the past games that are missing, and why.
    without_games: weeks known to have no games. in_progress: the current week.
    """
    weeks = pd.Index(sorted(history["week"].unique()), name="week")
    by_asset = {name: rows.set_index("week").reindex(weeks) for name, rows in history.groupby("asset")}
    stale: dict[str, pd.Series[str]] = {}
    rows = []
    for asset in lineage:
        own = by_asset[asset.name]
        stale[asset.name] = _staleness(asset, by_asset, stale, in_progress)
        for week, record in zip(weeks, own.to_dict("records"), strict=True):
            outdated = stale[asset.name][week]
            missing = incomplete.get(week, "") if not asset.upstream else ""
            state, why = _state(record, outdated, missing, week in without_games)
            rows.append((week, asset.name, state, why))
    return pd.DataFrame(rows, columns=["week", "asset", "state", "why"])


def _state(record: Mapping[str, object], outdated: str, missing: str, no_games: bool) -> tuple[State, str]:
    refusal = str(record["unpublished"])
    if record["rows_missing"]:
        return State.ROWS_MISSING, str(record["rows_missing"])
    if record["log_disagrees"]:
        return State.LOG_DISAGREES, str(record["log_disagrees"])
    if pd.isna(record["published"]):
        if refusal:
            return State.FAILED, refusal
        if record["nothing_due"]:
            return State.COMPLETE, ""
        return (State.NO_GAMES, "") if no_games else (State.NEVER_RUN, "")
    if refusal:
        return State.INCOMPLETE, f"keeps earlier rows: {refusal}"
    if missing:
        return State.INCOMPLETE, missing
    return (State.STALE, outdated) if outdated else (State.COMPLETE, "")


def _staleness(
    asset: Lineage,
    by_asset: Mapping[str, pd.DataFrame],
    stale: Mapping[str, pd.Series[str]],
    in_progress: dt.date,
) -> pd.Series[str]:
    """Why each week of the asset is stale; "" where it is not."""
    own = by_asset[asset.name]
    made_from = own["read_up_to"].fillna(own["published"])
    why = pd.Series("", index=own.index, dtype="object")
    for name, reach in asset.upstream.items():
        later = _up_to(by_asset[name]["published"], reach) > made_from
        if asset.name == XGBOOST_MODEL.name:
            # The two newest weeks are refreshed each morning, but models are trained on Fridays only.
            later &= own.index < in_progress - WEEK
        outdated = _up_to((stale[name] != "").astype(float), reach) > 0
        why = why.mask(outdated & (why == ""), "an upstream week is stale").mask(later, f"{name} was published later")
    changed = own["code_version"].notna() & (own["code_version"] != asset.code_version)
    return why.mask(changed, "its code has changed since").where(own["published"].notna(), "")


def _up_to(values: pd.Series[float], reach: int | None) -> pd.Series[float]:
    """For each week, the highest value among the weeks that it reads."""
    return values if reach is None else values.cummax().ffill().shift(reach)


def worst(states: pd.DataFrame) -> pd.Series[State]:
    """The worst state of each week over all assets."""
    rank = states["state"].map(WORST_LAST.index)
    return rank.groupby(states["week"]).max().map(WORST_LAST.__getitem__)
