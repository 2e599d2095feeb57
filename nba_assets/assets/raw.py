"""Raw tables: the rows of the source by week, typed and audited but not interpreted."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import dagster as dg
import pandas as pd

from nba_assets.checks.games import GAMES_KEPT
from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.sources.balldontlie import RefusedRequest
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, Table
from nba_assets.weekly.asset import SameWeek, weekly_asset
from nba_assets.weekly.publish import WeeklyRows


class FetchConfig(dg.Config):
    """refresh: fetch weeks again even if their responses are stored in the landing folder."""

    refresh: bool = False


class GamesConfig(FetchConfig):
    """let_games_go: publish a week even if the source no longer sends final games that are stored; the check still
    names them."""

    let_games_go: bool = False


@weekly_asset(BDL_GAMES, code_version="1", kinds={"python"})
def bdl_games(
    context: dg.AssetExecutionContext,
    config: GamesConfig,
    source: dg.ResourceParam[BoxScoreSource],
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """Fetched from the source for each week; closed weeks are fetched once and then read from the landing folder."""
    fetched = fetch_weeks(lambda week: source.games(week, refresh=config.refresh), weeks, source.weeks_in_flight)
    gathered = gather(BDL_GAMES, fetched, source.quarantine)
    return replace(gathered, not_blocking=frozenset({GAMES_KEPT})) if config.let_games_go else gathered


@weekly_asset(BDL_PLAYER_BOXSCORES, code_version="1", kinds={"python"})
def bdl_player_boxscores(
    context: dg.AssetExecutionContext,
    config: FetchConfig,
    source: dg.ResourceParam[BoxScoreSource],
    bdl_games: SameWeek,
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """Fetched from the source for each week with games; stored in the landing folder once every game is final."""
    games = bdl_games.groupby("week").size().to_dict()
    unfinished = set(bdl_games.loc[bdl_games["status"] != "Final", "week"])

    def fetch(week: dt.date) -> pd.DataFrame:
        if week not in games:
            return pd.DataFrame()
        return source.box_scores(week, closed=week not in unfinished, refresh=config.refresh)

    def logged() -> Iterator[tuple[dt.date, pd.DataFrame | SourceError]]:
        for number, (week, rows) in enumerate(fetch_weeks(fetch, weeks, source.weeks_in_flight), start=1):
            result = f"failed, {rows}" if isinstance(rows, SourceError) else f"{len(rows):,} rows"
            context.log.info(f"week {number}/{len(weeks)} {week}: {games.get(week, 0)} games, {result}")
            yield week, rows

    return gather(BDL_PLAYER_BOXSCORES, logged(), source.quarantine)


def fetch_weeks(
    fetch: Callable[[dt.date], pd.DataFrame], weeks: Sequence[dt.date], in_flight: int
) -> Iterator[tuple[dt.date, pd.DataFrame | SourceError]]:
    """Each week with its rows or its error, as they arrive, `in_flight` at a time.

    The first RefusedRequest is raised: requests for other weeks would be refused too.
    """
    refused: list[RefusedRequest] = []

    def fetch_unless_refused(week: dt.date) -> pd.DataFrame:
        if refused:
            raise refused[0]
        try:
            return fetch(week)
        except RefusedRequest as refusal:
            refused.append(refusal)
            raise

    with ThreadPoolExecutor(max_workers=in_flight) as pool:
        submitted = {pool.submit(fetch_unless_refused, week): week for week in weeks}
        try:
            for future in as_completed(submitted):
                try:
                    yield submitted[future], future.result()
                except RefusedRequest:
                    raise
                except SourceError as error:
                    yield submitted[future], error
        finally:
            pool.shutdown(cancel_futures=True)


def gather(
    table: Table,
    fetched: Iterator[tuple[dt.date, pd.DataFrame | SourceError]],
    quarantine: Callable[[dt.date], None],
) -> WeeklyRows:
    """The fetched rows with their week, sorted by week, and the error of each failed week."""
    by_week = dict(fetched)
    frames = [rows.assign(week=week) for week, rows in sorted(by_week.items()) if isinstance(rows, pd.DataFrame)]
    filled = [frame for frame in frames if len(frame)]
    frame = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=table.column_names)
    failures = {week: str(rows) for week, rows in by_week.items() if isinstance(rows, SourceError)}
    retryable = {week for week, rows in by_week.items() if isinstance(rows, SourceUnavailable)}
    return WeeklyRows(frame, failures, quarantine, retryable=retryable)
