"""Features: what was known about each player before each game."""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from nba_assets.checks.model import NO_TARGET_LEAKAGE
from nba_assets.features.leakage import Inputs, target_leakage
from nba_assets.features.player_games import player_game_features as make_features
from nba_assets.partitions import last_day, week_of
from nba_assets.tables.model import PLAYER_GAME_FEATURES
from nba_assets.transforms import injury_reports
from nba_assets.weekly.asset import AllWeeksUpTo, OptionalAllWeeksUpTo, weekly_asset
from nba_assets.weekly.incomplete import not_called_off
from nba_assets.weekly.publish import WeeklyRows

SCHEDULE = ["game_id", "game_date", "season", "postseason", "home_team", "visitor_team"]


@weekly_asset(PLAYER_GAME_FEATURES, code_version="2", kinds={"pandas"})
def player_game_features(
    bdl_games: AllWeeksUpTo,
    player_game_summary: AllWeeksUpTo,
    team_game_summary: AllWeeksUpTo,
    nbac_injury_report: OptionalAllWeeksUpTo,
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """Features of a game use only games before its date and the players ruled out before its tip-off.

    Games without a result, future or never finished, have rows too, for the players of their teams' newest game.
    """
    inputs = Inputs(
        player_game_summary,
        team_game_summary,
        ruled_out_before_tipoff(nbac_injury_report, bdl_games),
        not_called_off(bdl_games)[SCHEDULE],  # without scores, so that no feature can use them
    )
    rows = inputs.made_by(make_features, min(weeks), last_day(max(weeks)))
    rows["week"] = rows["game_date"].map(week_of)
    rows = rows.loc[rows["week"].isin(weeks), PLAYER_GAME_FEATURES.column_names]
    # Measured on the frames that the rows were computed from: another run may publish in the meantime.
    return WeeklyRows(rows, measured={NO_TARGET_LEAKAGE: target_leakage(make_features, inputs, rows)})


def ruled_out_before_tipoff(reports: pd.DataFrame, games: pd.DataFrame) -> pd.DataFrame:
    """game_id, game_date and player_id."""
    out = injury_reports.absences(reports, games)
    return out.loc[out["before_tipoff"], ["game_id", "game_date", "player_id"]]
