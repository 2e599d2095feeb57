"""The state of every week of every weekly asset, and the freshness of the newest weeks."""

import datetime as dt
import functools
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

import dagster as dg
import pandas as pd

from nba_assets import assets
from nba_assets.checks.check import Outcome, Threshold
from nba_assets.checks.freshness import LATE_HOURS, PUBLICATION_AGE, TOO_LATE_HOURS
from nba_assets.errors import SourceError, WarehouseError
from nba_assets.partitions import (
    LEAGUE_TIME,
    WEEK,
    WEEKS,
    contiguous_runs,
    league_today,
    week_of,
    weeks_as_ranges,
    weeks_between,
    weeks_of_keys,
)
from nba_assets.reports.health import FINE, MISSING, Lineage, State, classify, worst
from nba_assets.reports.health_text import markdown
from nba_assets.sources.interface import BoxScoreSource, Fetched
from nba_assets.sources.many_weeks import fetch_weeks
from nba_assets.tables import WEEKLY_TABLES
from nba_assets.tables.asset_keys import DATA_HEALTH, group_of
from nba_assets.tables.model import XGBOOST_MODEL
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.asset import OWNERS
from nba_assets.weekly.incomplete import incomplete_weeks
from nba_assets.weekly.off_season import off_season
from nba_assets.weekly.publications import newest_publications
from nba_assets.weekly.state import publication_history

LONGEST_OFF_SEASON = 30  # weeks; the longest was 28, in the lockout of 2011


@functools.cache
def lineage() -> list[Lineage]:
    """Every weekly asset, upstream before downstream."""
    specs = {
        spec.key: spec
        for asset in dg.load_assets_from_package_module(assets)
        if isinstance(asset, dg.AssetsDefinition)
        for spec in asset.specs
        if spec.partitions_def == WEEKS
    }
    deps = {key: sorted(specs[key].deps, key=lambda dep: dep.asset_key) for key in sorted(specs)}
    order = TopologicalSorter({key: [dep.asset_key for dep in of_key] for key, of_key in deps.items()}).static_order()
    return [
        Lineage(
            key.path[-1],
            str(specs[key].code_version),
            {dep.asset_key.path[-1]: _reach(dep.partition_mapping) for dep in deps[key]},
        )
        for key in order
    ]


def _reach(mapping: dg.PartitionMapping | None) -> int | None:
    return -mapping.end_offset if isinstance(mapping, dg.TimeWindowPartitionMapping) else None


class HealthRange(dg.Config):
    """first_date, last_date: range of the report in league dates; by default the whole history."""

    first_date: str = ""
    last_date: str = ""


@dg.asset(
    key=DATA_HEALTH,
    deps=[table.asset_key for table in WEEKLY_TABLES],
    group_name=group_of(DATA_HEALTH),
    owners=OWNERS,
    kinds={"python"},
    code_version="1",
    freshness_policy=dg.FreshnessPolicy.time_window(
        warn_window=dt.timedelta(hours=LATE_HOURS), fail_window=dt.timedelta(hours=TOO_LATE_HOURS)
    ),
    check_specs=[
        dg.AssetCheckSpec(
            "every_past_week",
            asset=DATA_HEALTH,
            description="Every week before the one in progress is complete in every weekly asset, or has no games. An "
            "incomplete or stale week is a warning; a failed, missing or never run week is an error. If it fails, the "
            "report of data_health lists the next step for each week.",
        )
    ],
)
def data_health(
    context: dg.AssetExecutionContext,
    config: HealthRange,
    source: dg.ResourceParam[BoxScoreSource],
    warehouse: dg.ResourceParam[Warehouse],
) -> dg.MaterializeResult:
    """The state of every week of every weekly asset. Open the Markdown of the newest materialization.

    Incomplete: the newest attempt was refused or failed, so the table keeps earlier rows, or past games are not final.
    Stale: the asset's code has changed, or a week it reads was published later. No games: never run, between other
    weeks, and the source lists no game.
    """
    today = league_today()
    weeks = weeks_of_keys(WEEKS.get_partition_keys())
    with retries.expected_failures(context):
        history = publication_history(context.instance, warehouse, WEEKLY_TABLES, weeks, context.run_id)
    first = dt.date.fromisoformat(config.first_date or f"{weeks[0]}")
    last = dt.date.fromisoformat(config.last_date or f"{today}")
    chosen = [week for week in weeks_between(first, last) if week in weeks]
    incomplete = incomplete_weeks(warehouse, weeks[0], today)
    without_games = weeks_without_games(source, never_run(history, chosen, week_of(today)))
    states = classify(history, lineage(), incomplete, without_games, week_of(today))
    states = states[states["week"].isin(chosen)]
    counts = worst(states).value_counts()
    return dg.MaterializeResult(
        metadata={
            "weeks by state": dg.MetadataValue.md(markdown(states, week_of(today))),
            "weeks": len(chosen),
            **{str(state): int(counts.get(state, 0)) for state in State},
        },
        check_results=[judge_past_weeks(states, week_of(today))],
    )


def never_run(history: pd.DataFrame, weeks: Iterable[dt.date], in_progress: dt.date) -> list[dt.date]:
    """The past weeks that no asset ever tried to publish, in gaps that are short enough to be an off-season."""
    tried = set(history.loc[history["published"].notna() | (history["unpublished"] != ""), "week"])
    untried = contiguous_runs(week for week in weeks if week not in tried and week < in_progress)
    return [week for gap in untried if len(gap) <= LONGEST_OFF_SEASON for week in gap]


def weeks_without_games(source: BoxScoreSource, weeks: Iterable[dt.date]) -> set[dt.date]:
    """The weeks for which the source lists no game; a week whose request fails is left out."""
    found = fetch_weeks(lambda week: source.games(week, refresh=False), list(weeks), source.weeks_in_flight)
    try:
        return {week for week, games in found if isinstance(games, Fetched) and games.rows.empty}
    except SourceError:
        return set()


def judge_past_weeks(states: pd.DataFrame, in_progress: dt.date) -> dg.AssetCheckResult:
    by_week = worst(states[states["week"] < in_progress])
    wrong = by_week[~by_week.isin(FINE)]
    by_state = [f"{state}: {', '.join(weeks_as_ranges(weeks.index))}" for state, weeks in wrong.groupby(wrong)]
    missing = bool(wrong.isin(MISSING).any())
    return dg.AssetCheckResult(
        check_name="every_past_week",
        passed=wrong.empty,
        severity=dg.AssetCheckSeverity.ERROR if missing else dg.AssetCheckSeverity.WARN,
        description="; ".join(by_state) or f"{len(by_week)} weeks are complete or have no games",
        metadata={"rows_looked_at": len(by_week), "weeks not complete": len(wrong)},
    )


@dg.asset_check(
    name="freshness",
    asset=DATA_HEALTH,
    description="In season, every weekly table except the models has published the week in progress within the last "
    f"{LATE_HOURS} hours. Longer is a warning; longer than {TOO_LATE_HOURS} hours, or never, is an error. On the first "
    "day of a week, a publication of the week before counts too. If it fails, look at the schedules `morning` and "
    "`friday` and their last runs.",
)
def freshness(
    context: dg.AssetCheckExecutionContext,
    source: dg.ResourceParam[BoxScoreSource],
    warehouse: dg.ResourceParam[Warehouse],
) -> dg.AssetCheckResult:
    now = dt.datetime.now(LEAGUE_TIME)
    week = week_of(now.date())
    if off_season([week - WEEK, week], source, warehouse):
        return dg.AssetCheckResult(passed=True, description=f"off-season: weeks {week - WEEK} and {week} have no game")
    try:
        published = last_published(warehouse, [week - WEEK, week])
    except WarehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    return judge_freshness(published, now, PUBLICATION_AGE)


def last_published(warehouse: Warehouse, weeks: list[dt.date]) -> dict[str, dict[dt.date, dt.datetime]]:
    """When each table last published each of the weeks; without the models, which are trained on Fridays only."""
    due = [table for table in WEEKLY_TABLES if table is not XGBOOST_MODEL]
    published: dict[str, dict[dt.date, dt.datetime]] = {table.qualified_name: {} for table in due}
    if warehouse.is_there():
        for record in newest_publications(warehouse.query, due, weeks).to_dict("records"):
            published[record["table_name"]][record["week"]] = record["published_at"].to_pydatetime()
    return {table.name: published[table.qualified_name] for table in due}


def judge_freshness(
    published: Mapping[str, Mapping[dt.date, dt.datetime]], now: dt.datetime, threshold: Threshold
) -> dg.AssetCheckResult:
    """published: by table, when each of the two newest weeks was last published. now: in league time."""
    ages = {table: _hours_since(by_week, now) for table, by_week in published.items()}
    outcomes = {table: Outcome.ERROR if age is None else threshold.outcome(age) for table, age in ages.items()}
    late = [table for table, outcome in outcomes.items() if outcome is not Outcome.PASS]
    known = [age for age in ages.values() if age is not None]
    late_ages = [f"{table} {'never' if (age := ages[table]) is None else f'{age:.0f} h ago'}" for table in late]
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.ERROR if Outcome.ERROR in outcomes.values() else dg.AssetCheckSeverity.WARN,
        description=f"week {week_of(now.date())} was published by {', '.join(late_ages) or 'every table in time'}",
        metadata={"rows_looked_at": len(known), **({threshold.metric: max(known)} if known else {})},
    )


def _hours_since(published: Mapping[dt.date, dt.datetime], now: dt.datetime) -> float | None:
    """Hours since the week in progress was last published, on its first day also the week before; None for never."""
    week = week_of(now.date())
    first_day = now.date() == week
    newest = published.get(week) or (published.get(week - WEEK) if first_day else None)
    return None if newest is None else (now - newest).total_seconds() / 3600
