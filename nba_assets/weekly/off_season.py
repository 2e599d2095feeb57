"""Whether the league plays, by the stored games and the source.

No calendar says it: a season can end on July 20 (2021) or in October (2020), and its first week varies too.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from nba_assets.errors import SourceError, WarehouseError
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.warehouse.interface import Warehouse, window_parameters

STORED_GAMES = """
SELECT COUNT(*) AS games FROM nba_raw.bdl_games
WHERE game_date BETWEEN @first_day AND @last_day AND week IN (SELECT * FROM UNNEST(@weeks))
"""
PATIENCE = 25.0  # seconds; Dagster ends a schedule's tick after 60, without a run or a reason


def off_season(
    weeks: Sequence[dt.date], source: BoxScoreSource, warehouse: Warehouse, patience: float = PATIENCE
) -> bool:
    """Whether no game of these weeks is stored and the source lists none.

    False if the source gives no answer within `patience` seconds: the run then starts and shows the source's error.
    """
    answer: Future[int] = Future()

    def ask() -> None:
        try:
            answer.set_result(stored_games(warehouse, weeks) or sum(listed_games(source, week) for week in weeks))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(patience) == 0
    except (SourceError, TimeoutError):
        return False


def listed_games(source: BoxScoreSource, week: dt.date) -> int:
    return len(source.games(week, refresh=True).rows)


def stored_games(warehouse: Warehouse, weeks: Sequence[dt.date]) -> int:
    try:
        return int(warehouse.query(STORED_GAMES, window_parameters(STORED_GAMES, weeks))["games"].iloc[0])
    except WarehouseError:
        return 0  # no table yet, or it cannot be read: ask the source
