"""Analytics tables, computed from the raw rows of the same week."""

import pandas as pd

from nba_assets.tables import PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.transforms import injury_reports, summaries
from nba_assets.weekly.asset import OptionalSameWeek, SameWeek, weekly_asset


@weekly_asset(PLAYER_GAME_SUMMARY, code_version="2", kinds={"pandas"})
def player_game_summary(
    bdl_games: SameWeek, bdl_player_boxscores: SameWeek, nbac_injury_report: OptionalSameWeek
) -> pd.DataFrame:
    """Minutes are parsed from text; a text that is not a time is an error that names the row, never a NULL."""
    summary = summaries.player_game_summary(bdl_games, bdl_player_boxscores)
    return injury_reports.with_absence_reasons(summary, injury_reports.absences(nbac_injury_report, bdl_games))


@weekly_asset(TEAM_GAME_SUMMARY, code_version="1", kinds={"pandas"})
def team_game_summary(bdl_games: SameWeek, bdl_player_boxscores: SameWeek) -> pd.DataFrame:
    """Possessions, pace and ratings are computed from the sums over the team's players."""
    return summaries.team_game_summary(bdl_games, bdl_player_boxscores)
