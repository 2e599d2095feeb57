"""Analytics tables: what follows from the raw rows of the same week."""

import pandas as pd

from nba_assets import summaries
from nba_assets.tables import PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.weekly_asset import SameWeeks, weekly_asset


@weekly_asset(PLAYER_GAME_SUMMARY, code_version="1", kinds={"pandas"})
def player_game_summary(bdl_games: SameWeeks, bdl_player_boxscores: SameWeeks) -> pd.DataFrame:
    """Minutes are parsed from text; a text that is no time is an error naming the row, never a NULL."""
    return summaries.player_game_summary(bdl_games, bdl_player_boxscores)


@weekly_asset(TEAM_GAME_SUMMARY, code_version="1", kinds={"pandas"})
def team_game_summary(bdl_games: SameWeeks, bdl_player_boxscores: SameWeeks) -> pd.DataFrame:
    """Possessions, pace and ratings follow from the sums over the team's players."""
    return summaries.team_game_summary(bdl_games, bdl_player_boxscores)
