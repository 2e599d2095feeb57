"""Who can play: the injury reports by week and the rosters by season."""

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dagster as dg
import pandas as pd

from nba_assets.assets.raw import FetchConfig
from nba_assets.assets.rosters import store_rosters, stored_rosters
from nba_assets.checks.rosters import evaluate_rosters, roster_check_specs
from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.league.teams import TEAMS
from nba_assets.partitions import SEASONS, last_day_of_season, league_today, season_of_name, week_of
from nba_assets.sources.http import HostBlocked
from nba_assets.sources.interface import EVENING, InjuryReportSource, Report, RosterSource
from nba_assets.tables import BR_ROSTERS_CURRENT, NBAC_INJURY_REPORT, ROSTER_CHANGES, ROSTER_TABLES
from nba_assets.tables.asset_keys import group_of
from nba_assets.transforms import injury_reports
from nba_assets.transforms.rosters import implausible_rosters
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.asset import OWNERS, OptionalSameWeek, SameWeek, weekly_asset
from nba_assets.weekly.publish import WeeklyRows

DayAndTime = tuple[dt.date, dt.time]
Responses = dict[DayAndTime, Report | SourceError | None]
YEAR = dt.timedelta(days=365)


class RostersConfig(FetchConfig):
    """let_players_go: also accept a page that lists fewer than a third of the players stored as current."""

    let_players_go: bool = False


PLAYERS_BEFORE = """
SELECT DISTINCT team, player_name, player_id
FROM nba_raw.bdl_player_boxscores WHERE game_date >= @first AND game_date < @week
"""


@weekly_asset(NBAC_INJURY_REPORT, code_version="1", kinds={"python"})
def nbac_injury_report(
    context: dg.AssetExecutionContext,
    config: FetchConfig,
    injury_report_source: dg.ResourceParam[InjuryReportSource],
    warehouse: dg.ResourceParam[Warehouse],
    bdl_games: SameWeek,
    bdl_player_boxscores: OptionalSameWeek,
    weeks: Sequence[dt.date],
) -> WeeklyRows:
    """The 17:30 report of each day with games, and for games that tip off earlier the last report before tip-off.

    A report that is completely stored is not fetched again unless `refresh` is set. Players are matched by name to the
    box scores of the week, and those without a match to the box scores of the year before.
    """
    stored = warehouse.read_weeks(NBAC_INJURY_REPORT, weeks)
    wanted = injury_reports.reports_wanted(bdl_games, league_today())
    requested = sorted(wanted if config.refresh else wanted - injury_reports.reports_stored(stored))
    responses = fetch_reports(injury_report_source, requested, refresh=config.refresh)
    fetched = [report for report in responses.values() if isinstance(report, Report)]
    rows = injury_reports.with_reports(stored, injury_reports.report_rows(fetched, pd.Timestamp.now(tz="UTC")))
    rows["player_id"] = injury_reports.match_players(rows, bdl_player_boxscores)
    unmatched = injury_reports.unmatched_weeks(rows)
    if unmatched:
        earlier = players_before(warehouse, unmatched)
        rows["player_id"] = rows["player_id"].fillna(injury_reports.match_players(rows, earlier))
    failures = failed_weeks(responses)
    retryable = {week_of(day) for (day, _), response in responses.items() if isinstance(response, SourceUnavailable)}
    missing = [
        f"{day}" + (f" {at:%H:%M}" if at != EVENING else "")
        for (day, at), response in responses.items()
        if response is None
    ]
    context.log.info(
        f"injury reports: {len(requested)} requested, {len(fetched)} found, {len(missing)} not published"
        + (f" ({', '.join(missing[:7])}{' and more' if len(missing) > 7 else ''})" if missing else "")
    )
    return WeeklyRows(rows, failures, retryable=retryable)


def fetch_reports(source: InjuryReportSource, wanted: Sequence[DayAndTime], *, refresh: bool) -> Responses:
    """Each report, None where none was published, or the error of its request; several requests run at once."""

    def fetch(day_and_time: DayAndTime) -> Report | SourceError | None:
        try:
            return source.report(*day_and_time, refresh=refresh)
        except SourceError as error:
            return error

    with ThreadPoolExecutor(max_workers=source.reports_in_flight) as pool:
        return dict(zip(wanted, pool.map(fetch, wanted), strict=True))


def failed_weeks(responses: Responses) -> dict[dt.date, str]:
    """The first error of each week with a failed request, and how many more there are."""
    errors: dict[dt.date, list[SourceError]] = {}
    for (day, _), response in responses.items():
        if isinstance(response, SourceError):
            errors.setdefault(week_of(day), []).append(response)
    return {
        week: f"{of_week[0]}" + (f" And {len(of_week) - 1} more reports of the week." if len(of_week) > 1 else "")
        for week, of_week in errors.items()
    }


def players_before(warehouse: Warehouse, weeks: Sequence[dt.date]) -> pd.DataFrame:
    """week, team, player_name and player_id of all players with a box-score row in the year before each week."""
    known = [warehouse.query(PLAYERS_BEFORE, {"first": week - YEAR, "week": week}).assign(week=week) for week in weeks]
    return pd.concat(known, ignore_index=True)


@dg.multi_asset(
    name="team_rosters",
    specs=[
        dg.AssetSpec(
            table.asset_key,
            deps=[BR_ROSTERS_CURRENT.asset_key] if table is ROSTER_CHANGES else [],
            description=table.description,
            group_name=group_of(table.asset_key),
            owners=OWNERS,
            kinds={"python"},
            code_version="1",
            metadata={"dagster/column_schema": table.column_schema, "dagster/table_name": table.qualified_name},
        )
        for table in ROSTER_TABLES
    ],
    partitions_def=SEASONS,
    check_specs=roster_check_specs(),
    pool=BR_ROSTERS_CURRENT.name,
)
def team_rosters(
    context: dg.AssetExecutionContext,
    config: RostersConfig,
    roster_source: dg.ResourceParam[RosterSource],
    warehouse: dg.ResourceParam[Warehouse],
) -> Iterator[dg.MaterializeResult[Any]]:
    """Stores all teams that can be read in one MERGE; the others keep their rows and fail the check thirty_teams."""
    season = season_of_name(context.partition_key)
    today, over = league_today(), last_day_of_season(season)
    as_of = min(today, over)
    read, failures = read_rosters(roster_source, season, as_of, refresh=config.refresh)
    with retries.expected_failures(context):
        if not config.let_players_go and len(read):
            strangers = implausible_rosters(stored_rosters(warehouse, season, list(TEAMS)), read)
            failures |= strangers
            read = read[~read["team"].isin(list(strangers))]
        for message in dict.fromkeys(map(str, failures.values())):
            context.log.error(message)
        if read.empty:
            first = next(iter(failures.values()))
            raise type(first)(
                f"season {context.partition_key}: no roster could be read, {first} "
                "Nothing was changed; materialize the season again later."
            )
        rows, changes = store_rosters(warehouse, season, read, as_of)
        stored = stored_rosters(warehouse, season, list(TEAMS))
    teams = len(TEAMS) - len(failures)
    context.log.info(f"rosters of {context.partition_key}: {len(read)} players of {teams} teams, {changes} changes")
    results = evaluate_rosters(stored, failures, as_of, in_season=today <= over)
    counts = {"players": len(read), "teams": teams, "rows": rows}
    yield dg.MaterializeResult(asset_key=BR_ROSTERS_CURRENT.asset_key, metadata=counts, check_results=results)
    yield dg.MaterializeResult(asset_key=ROSTER_CHANGES.asset_key, metadata={"rows": changes})


def read_rosters(
    source: RosterSource, season: int, as_of: dt.date, *, refresh: bool
) -> tuple[pd.DataFrame, dict[str, SourceError]]:
    """The rosters that could be read, and the error of each other team; HostBlocked is listed in full only once."""
    host_shut = False
    read: list[pd.DataFrame] = []
    failures: dict[str, SourceError] = {}
    for team in TEAMS:
        try:
            roster = source.roster(team, season, as_of, refresh=refresh)
        except HostBlocked as error:
            failures[team] = SourceError("not requested any more.") if host_shut else error
            host_shut = True
            continue
        except SourceError as error:
            failures[team] = error
            continue
        twice = roster.loc[roster.duplicated("player_lookup"), "player_name"]
        if len(twice):
            failures[team] = SourceError(
                f"roster of {team} {season}: {', '.join(twice)} is listed twice; look at the page."
            )
        else:
            read.append(roster)
    return pd.concat(read, ignore_index=True) if read else pd.DataFrame(), failures
