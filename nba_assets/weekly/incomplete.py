"""Weeks that lack the box score of a game: not final although its day has passed, or in quarantine."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from nba_assets.errors import WarehouseError
from nba_assets.tables import CALLED_OFF
from nba_assets.warehouse.interface import Warehouse

NOT_FINAL = """
SELECT week, game_id, game_date, visitor_team, home_team, status FROM nba_raw.bdl_games
WHERE status <> 'Final' AND game_date >= @first_day AND game_date < @today ORDER BY game_date, game_id
"""
IN_QUARANTINE = """
SELECT week, game_id, MIN(reason) AS reason FROM nba_raw.bdl_player_boxscores_quarantine
WHERE whole_game AND game_date >= @first_day AND game_date < @today GROUP BY week, game_id ORDER BY week, game_id
"""


def incomplete_weeks(warehouse: Warehouse, first_day: dt.date, today: dt.date) -> dict[dt.date, str]:
    """By week, the games from `first_day` to yesterday that are missing, and why; games called off are not."""
    window = {"first_day": first_day, "today": today}
    try:
        games, quarantined = warehouse.query(NOT_FINAL, window), warehouse.query(IN_QUARANTINE, window)
    except WarehouseError:
        return {}  # without tables there are no games; such weeks are reported as never run
    not_final = not_called_off(games)
    reasons = pd.concat(
        [not_final.assign(reason=_sentences(not_final))[["week", "reason"]], quarantined[["week", "reason"]]]
    )
    return {week: "; ".join(of_week["reason"]) for week, of_week in reasons.groupby("week")}


def not_called_off(games: pd.DataFrame) -> pd.DataFrame:
    return games.loc[~games["status"].str.startswith(CALLED_OFF)]


def _sentences(games: pd.DataFrame) -> list[str]:
    return [
        f"game {game_id} of {day}, {visitor} at {home}: {status!r}"
        for _, game_id, day, visitor, home, status in games.itertuples(index=False)
    ]
