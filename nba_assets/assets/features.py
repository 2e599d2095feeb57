"""Features: what was known of each player before each game."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
import numpy as np
import pandas as pd

from nba_assets.errors import WarehouseError
from nba_assets.features.player_games import player_game_features as make_features
from nba_assets.partitions import WEEKS, last_day, week_of, weeks_of_keys
from nba_assets.tables import BDL_GAMES, NBAC_INJURY_REPORT, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.tables.features import NAMES
from nba_assets.tables.model import PLAYER_GAME_FEATURES
from nba_assets.transforms import injury_reports
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.asset import AllWeeksUpTo, OptionalAllWeeksUpTo, weekly_asset

CALLED_OFF = ("Postponed", "Cancel")
DAYS_WITH_RESULTS = """
SELECT DISTINCT game_date FROM nba_features.player_game_features
WHERE played IS NOT NULL AND game_date BETWEEN @first_day AND @last_day
"""


@weekly_asset(PLAYER_GAME_FEATURES, code_version="2", kinds={"pandas"})
def player_game_features(
    bdl_games: AllWeeksUpTo,
    player_game_summary: AllWeeksUpTo,
    team_game_summary: AllWeeksUpTo,
    nbac_injury_report: OptionalAllWeeksUpTo,
    weeks: Sequence[dt.date],
) -> pd.DataFrame:
    """A game's features read games strictly before its date, and who the injury report had ruled out before tip-off.

    Games still to come have rows too, for the players of their teams' newest game.
    """
    rows = make_features(
        player_game_summary,
        team_game_summary,
        ruled_out_before_tipoff(nbac_injury_report, bdl_games),
        not_called_off(bdl_games),
        first=min(weeks),
        last=last_day(max(weeks)),
    )
    rows["week"] = rows["game_date"].map(week_of)
    return rows.loc[rows["week"].isin(weeks), PLAYER_GAME_FEATURES.column_names]


def ruled_out_before_tipoff(reports: pd.DataFrame, games: pd.DataFrame) -> pd.DataFrame:
    """game_id, game_date and player_id."""
    out = injury_reports.absences(reports, games)
    return out.loc[out["before_tipoff"], ["game_id", "game_date", "player_id"]]


def not_called_off(games: pd.DataFrame) -> pd.DataFrame:
    return games.loc[~games["status"].str.startswith(CALLED_OFF)]


@dg.asset_check(
    asset=PLAYER_GAME_FEATURES.asset_key,
    name="blind_to_the_game",
    blocking=True,
    description="The features of the newest day with results, made again with the box scores of that day and all later "
    "ones deleted, are those that were published. If it fails, a feature sees the game it is to predict: nothing is "
    "trained on it, because predictions would look too good to be true. Repair the features it names.",
)
def blind_to_the_game(
    context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
) -> dg.AssetCheckResult:
    asked = weeks_of_keys(context.op_execution_context.partition_keys)
    before = [week for week in weeks_of_keys(WEEKS.get_partition_keys()) if week <= asked[-1]]
    try:
        window = {"first_day": asked[0], "last_day": last_day(asked[-1])}
        days = warehouse.query(DAYS_WITH_RESULTS, window)["game_date"]
        if days.empty:
            return dg.AssetCheckResult(passed=True, description="no games", metadata={"rows_looked_at": 0})
        day = days.max()
        published = warehouse.read_weeks(PLAYER_GAME_FEATURES, [week_of(day)])
        games, players, teams, reports = (
            warehouse.read_weeks(table, before)
            for table in (BDL_GAMES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY, NBAC_INJURY_REPORT)
        )
    except WarehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    expected = published.loc[published["game_date"] == day]
    blind = make_features(
        players.loc[players["game_date"] < day],
        teams.loc[teams["game_date"] < day],
        ruled_out_before_tipoff(reports, games),
        not_called_off(games),
        first=day,
        last=day,
        roster=expected,
    )
    differing = differing_features(expected, blind)
    return dg.AssetCheckResult(
        passed=not differing,
        description=f"{day}: " + (f"{', '.join(differing)} see the game itself" if differing else "no feature differs"),
        metadata={"rows_looked_at": len(expected), "features that see the game": len(differing)},
    )


def differing_features(published: pd.DataFrame, blind: pd.DataFrame) -> list[str]:
    """The features that are not the same in both, by name; "rows" where one has players that the other has not."""
    both = [rows.set_index(["game_id", "player_id"]).sort_index() for rows in (published, blind)]
    if not both[0].index.equals(both[1].index):
        return ["rows"]
    return [name for name in NAMES if not np.array_equal(both[0][name], both[1][name], equal_nan=True)]
