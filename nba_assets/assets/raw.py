"""Raw tables: the rows of the source by week, typed and audited but not interpreted."""

import datetime as dt
from collections.abc import Iterator, Sequence

import dagster as dg
import pandas as pd

from nba_assets.checks.games import EQUAL_SCHEDULES, GAMES_KEPT
from nba_assets.errors import SourceError
from nba_assets.league.seasons import UNEVEN_SEASONS
from nba_assets.partitions import WEEKS, season_of
from nba_assets.sources.interface import BoxScoreSource, Fetched
from nba_assets.sources.many_weeks import Gathered, fetch_weeks, gather
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, FINAL, QUARANTINE_OF
from nba_assets.tables.asset_keys import group_of
from nba_assets.tables.frames import concatenated
from nba_assets.tables.quarantine import NOTHING_MISSING
from nba_assets.transforms.box_score_quarantine import screen
from nba_assets.weekly.asset import OWNERS, SameWeek, StoredRows, weekly_asset
from nba_assets.weekly.publish import WeeklyRows


class FetchConfig(dg.Config):
    """refresh: fetch weeks again even if their responses are stored in the landing folder."""

    refresh: bool = False


class GamesConfig(FetchConfig):
    """let_games_go: publish a week even if the source no longer sends final games that are stored; the check still
    names them."""

    let_games_go: bool = False


class BoxScoresConfig(FetchConfig):
    """accept_changes: publish new box scores of a game even if they lack lines that are stored, or lines shrank."""

    accept_changes: bool = False


@weekly_asset(BDL_GAMES, code_version="2", kinds={"python"})
def bdl_games(
    context: dg.AssetExecutionContext,
    config: GamesConfig,
    source: dg.ResourceParam[BoxScoreSource],
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """Fetched from the source for each week; closed weeks are fetched once and then read from the landing folder."""
    fetched = fetch_weeks(lambda week: source.games(week, refresh=config.refresh), weeks, source.weeks_in_flight)
    games = gather(BDL_GAMES, fetched)
    return WeeklyRows(
        games.rows,
        games.failures,
        source.quarantine,
        not_blocking=frozenset({GAMES_KEPT}) if config.let_games_go else frozenset(),
        retryable=games.retryable,
        measured={EQUAL_SCHEDULES: teams_with_fewer_games(source, sorted(games.weeks))},
        quarantined=games.unreadable,
    )


def teams_with_fewer_games(source: BoxScoreSource, weeks: Sequence[dt.date]) -> pd.DataFrame:
    """Of each week's season: how many teams have fewer regular-season games on the list than most teams have."""
    rows = []
    for week in weeks:
        games = source.games_by_team(week)
        usual = games.mode().max() if len(games) else 0
        fewer = games[games < usual] if season_of(week) not in UNEVEN_SEASONS else games.iloc[:0]
        named = ", ".join(f"{team} has {number} of {usual:.0f}" for team, number in fewer.sort_index().items())
        rows.append({"week": week, "rows_looked_at": len(games), "teams_with_fewer_games": len(fewer), "named": named})
    return pd.DataFrame(rows, columns=["week", "rows_looked_at", "teams_with_fewer_games", "named"])


@weekly_asset(BDL_PLAYER_BOXSCORES, code_version="2", kinds={"python"})
def bdl_player_boxscores(
    context: dg.AssetExecutionContext,
    config: BoxScoresConfig,
    source: dg.ResourceParam[BoxScoreSource],
    bdl_games: SameWeek,
    stored: StoredRows,
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """Fetched from the source for each week with games; kept in the landing folder once every game is final.

    A final game whose box score cannot be right goes to the quarantine, and the rows stored of it before stay.
    """
    gathered = fetch_box_scores(context, source, bdl_games, weeks, refresh=config.refresh)
    rows, quarantined = usable(bdl_games, gathered, stored, config)
    outdated = sorted(gathered.from_landing & incomplete_weeks(quarantined))
    if outdated:  # what was kept is no use, so it is requested again
        fresh = fetch_box_scores(context, source, bdl_games, outdated, refresh=True)
        gathered = gathered.with_weeks_of(fresh, outdated)
        rows, quarantined = usable(bdl_games, gathered, stored, config)
    for week in incomplete_weeks(quarantined):
        source.quarantine(week)
    return WeeklyRows(rows, gathered.failures, source.quarantine, retryable=gathered.retryable, quarantined=quarantined)


quarantines = [
    dg.AssetSpec(
        quarantine.asset_key,
        deps=[table.asset_key],
        description=f"{quarantine.description} Written by the step of {table.qualified_name}.",
        group_name=group_of(quarantine.asset_key),
        owners=OWNERS,
        kinds={"table"},
        partitions_def=WEEKS,
        metadata={"dagster/column_schema": quarantine.column_schema, "dagster/table_name": quarantine.qualified_name},
    )
    for table in (BDL_GAMES, BDL_PLAYER_BOXSCORES)
    for quarantine in (QUARANTINE_OF[table.name],)
]


def fetch_box_scores(
    context: dg.AssetExecutionContext,
    source: BoxScoreSource,
    bdl_games: pd.DataFrame,
    weeks: Sequence[dt.date],
    *,
    refresh: bool,
) -> Gathered:
    """The box scores of the weeks that have games."""
    games = bdl_games.groupby("week").size().to_dict()
    unfinished = set(bdl_games.loc[bdl_games["status"] != FINAL, "week"])
    elsewhere = bdl_games[bdl_games["scheduled_date"].notna()]
    moved = elsewhere.groupby("week")["game_id"].apply(list).to_dict()

    def fetch(week: dt.date) -> Fetched:
        if week not in games:
            return Fetched(pd.DataFrame())
        return source.box_scores(week, moved=moved.get(week, []), closed=week not in unfinished, refresh=refresh)

    def logged() -> Iterator[tuple[dt.date, Fetched | SourceError]]:
        for number, (week, fetched) in enumerate(fetch_weeks(fetch, weeks, source.weeks_in_flight), start=1):
            result = f"failed, {fetched}" if isinstance(fetched, SourceError) else f"{len(fetched.rows):,} rows"
            context.log.info(f"week {number}/{len(weeks)} {week}: {games.get(week, 0)} games, {result}")
            yield week, fetched

    return gather(BDL_PLAYER_BOXSCORES, logged())


def usable(
    bdl_games: pd.DataFrame, gathered: Gathered, stored: pd.DataFrame, config: BoxScoresConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that can be used, and all others, of the weeks that did not fail."""
    games = bdl_games[bdl_games["week"].isin(gathered.weeks)]
    screened = screen(games, gathered.rows, stored, accept_changes=config.accept_changes)
    return screened.rows, concatenated([gathered.unreadable, screened.quarantined])


def incomplete_weeks(quarantined: pd.DataFrame) -> set[dt.date]:
    """The weeks that lack rows because they are in quarantine."""
    return set(quarantined.loc[~quarantined["rule"].isin(NOTHING_MISSING), "week"])
