"""Minutes on the court, parsed from box scores."""

from __future__ import annotations

import re

import pandas as pd

from nba_assets.errors import BadRow

READABLE_MINUTES = r"(?:[0-9]{1,2}(?::[0-5][0-9])?)?"
"""Whole minutes, minutes and seconds, or an empty text for who did not play."""


def minutes_played(box_scores: pd.DataFrame) -> pd.Series[float]:
    """Minutes as a number: "34" is 34.0, "34:21" is 34.35, "00" and "" are 0.0 and NULL stays NULL.

    Any other text is a BadRow.
    """
    text = box_scores["minutes"].astype("string")
    unreadable = text.isin(unreadable_minutes(text))
    if unreadable.any():
        row = box_scores.loc[unreadable.idxmax()]
        raise BadRow(
            f"nba_raw.bdl_player_boxscores, game {row['game_id']} of {row['game_date']}, player {row['player_id']}: "
            f'minutes {row["minutes"]!r} is neither minutes ("34") nor minutes and seconds ("34:21"); '
            "materialize the raw week again with refresh: true"
        )
    return text.map({each: _as_number(each) for each in text.dropna().unique()}).astype("float64")


def unreadable_minutes(text: pd.Series[str]) -> list[str]:
    """The different texts that are no minutes; there are a hundred texts in a hundred thousand rows."""
    return [each for each in text.dropna().unique() if not re.fullmatch(READABLE_MINUTES, each)]


def _as_number(text: str) -> float:
    whole, _, seconds = text.partition(":")
    return int(whole or 0) + int(seconds or 0) / 60
