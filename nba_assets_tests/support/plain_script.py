"""The box-score weeks without Dagster: the same functions, tables and checks in a plain script, for `bench` to compare.

`python -m nba_assets_tests.support.plain_script 2021-12-10 2022-01-06`
"""

import datetime as dt
import sys
from collections.abc import Callable, Iterator, Sequence

import pandas as pd

from nba_assets.definitions import box_score_source, warehouse_of
from nba_assets.partitions import weeks_between
from nba_assets.settings import Settings
from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.interface import BoxScoreSource, Fetched
from nba_assets.sources.many_weeks import fetch_weeks, gather
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    NBAC_INJURY_REPORT,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    Table,
)
from nba_assets.transforms import injury_reports, summaries
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish


def backfill(settings: Settings, weeks: Sequence[dt.date]) -> bool:
    """Whether every week was published in every table."""
    source, warehouse = box_score_source(settings), warehouse_of(settings)
    if isinstance(source, Balldontlie):
        source.open()
    fetched = fetch_weeks(lambda week: source.games(week, refresh=False), weeks, source.weeks_in_flight)
    stored = [publish(warehouse, BDL_GAMES, WeeklyRows(gather(BDL_GAMES, fetched).rows), weeks)]
    games = warehouse.read_weeks(BDL_GAMES, weeks)
    answers = fetch_weeks(box_scores_of(games, source), weeks, source.weeks_in_flight)
    stored.append(
        publish(warehouse, BDL_PLAYER_BOXSCORES, WeeklyRows(gather(BDL_PLAYER_BOXSCORES, answers).rows), weeks)
    )
    for table, frame in summaries_of(games, warehouse.read_weeks, weeks):
        stored.append(publish(warehouse, table, WeeklyRows(frame), weeks))
    return all(result.published for results in stored for result in results)


def box_scores_of(games: pd.DataFrame, source: BoxScoreSource) -> Callable[[dt.date], Fetched]:
    unfinished = set(games.loc[games["status"] != "Final", "week"])
    busy = set(games["week"])

    def ask(week: dt.date) -> Fetched:
        if week not in busy:
            return Fetched(pd.DataFrame())
        return source.box_scores(week, closed=week not in unfinished, refresh=False)

    return ask


def summaries_of(
    games: pd.DataFrame, read: Callable[[Table, Sequence[dt.date]], pd.DataFrame], weeks: Sequence[dt.date]
) -> Iterator[tuple[Table, pd.DataFrame]]:
    box_scores = read(BDL_PLAYER_BOXSCORES, weeks)
    absences = injury_reports.absences(read(NBAC_INJURY_REPORT, weeks), games)
    players = summaries.player_game_summary(games, box_scores)
    yield PLAYER_GAME_SUMMARY, injury_reports.with_absence_reasons(players, absences)
    yield TEAM_GAME_SUMMARY, summaries.team_game_summary(games, box_scores)


if __name__ == "__main__":
    first, last = map(dt.date.fromisoformat, sys.argv[1:3])
    sys.exit(0 if backfill(Settings.from_environment(), weeks_between(first, last)) else 1)
