"""Features: what was known of each player before each game."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from nba_assets import injury_reports
from nba_assets.features.player_games import player_game_features as make_features
from nba_assets.model_tables import PLAYER_GAME_FEATURES
from nba_assets.partitions import last_day, week_of
from nba_assets.weekly_asset import History, HistoryIfPublished, weekly_asset

CALLED_OFF = ("Postponed", "Cancel")


@weekly_asset(PLAYER_GAME_FEATURES, code_version="1", kinds={"pandas"})
def player_game_features(
    bdl_games: History,
    player_game_summary: History,
    team_game_summary: History,
    nbac_injury_report: HistoryIfPublished,
    weeks: Sequence[dt.date],
) -> pd.DataFrame:
    """A game's features read games strictly before its date, and who the injury report had ruled out before tip-off.

    Games still to come have rows too, for the players of their teams' newest game.
    """
    called_off = bdl_games["status"].str.startswith(CALLED_OFF)
    out = injury_reports.absences(nbac_injury_report, bdl_games)
    rows = make_features(
        player_game_summary,
        team_game_summary,
        out.loc[out["before_tipoff"], ["game_id", "player_id"]],
        bdl_games.loc[~called_off],
        first=min(weeks),
        last=last_day(max(weeks)),
    )
    rows["week"] = rows["game_date"].map(week_of)
    return rows.loc[rows["week"].isin(weeks), PLAYER_GAME_FEATURES.column_names]
