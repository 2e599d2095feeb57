"""The schedules, in US/Eastern; all are stopped until somebody starts them.

The weeks of a run are derived from the tick's scheduled time, not from the machine's clock. In the off-season, ticks
are skipped with a reason.
"""

import datetime as dt
from typing import Any

import dagster as dg

from nba_assets.automation.jobs import (
    CHECK_HEALTH,
    CLOSE_WEEK,
    FOLLOW_INJURY_REPORTS,
    REFRESH_WEEKS,
    ROSTERS,
    refresh_config,
    week_range_tags,
)
from nba_assets.partitions import LEAGUE_TIME, WEEK, WEEKS, season_name, season_of, week_of
from nba_assets.sources.interface import BoxScoreSource
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.incomplete import incomplete_weeks
from nba_assets.weekly.off_season import off_season

CATCH_UP_WEEKS = 6  # games have come three weeks late
Source = dg.ResourceParam[BoxScoreSource]
Tables = dg.ResourceParam[Warehouse]
Context = dg.ScheduleEvaluationContext
TickResult = dg.RunRequest | dg.SkipReason


def in_league_time(cron: str, job: Any) -> Any:
    """Decorator: a schedule of `job`, stopped by default, its times in US/Eastern."""
    return dg.schedule(
        job=job,
        cron_schedule=cron,
        execution_timezone=str(LEAGUE_TIME),
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )


@in_league_time("0 8 * * 0-4,6", REFRESH_WEEKS)
def morning(context: Context, source: Source, warehouse: Tables) -> TickResult:
    """08:00 US/Eastern except Fridays, after the last game on the west coast: refreshes the two newest weeks.

    This picks up games that were postponed, added or corrected. Older weeks that lack a game are fetched again for
    five weeks. No model is trained.
    """
    return weekly_run(
        context, source, warehouse, "morning", 2, catch_up=True, run_config={"ops": refresh_config(refresh=True)}
    )


@in_league_time("0 8 * * 5", CLOSE_WEEK)
def friday(context: Context, source: Source, warehouse: Tables) -> TickResult:
    """Fridays 08:00 US/Eastern: closes the finished week, trains the new week's model and predicts with it.

    It replaces that day's morning run, because two runs over the same weeks would wait for each other. It also
    refreshes the week before the finished one: the score of a Thursday may be corrected up to a week later, after the
    last morning run over its week. The backfill report and the champion are not included: the report applies bounds to
    a finished range, and somebody should read the comparison before a model is deployed.
    """
    return weekly_run(
        context, source, warehouse, "friday", 3, catch_up=True, run_config={"ops": refresh_config(refresh=True)}
    )


@in_league_time("0 18 * * *", FOLLOW_INJURY_REPORTS)
def evening(context: Context, source: Source, warehouse: Tables) -> TickResult:
    """18:00 US/Eastern, after the 17:30 injury report: fetches the reports of the week in progress and updates the
    tables that read them, so that tonight's predictions leave out players who are ruled out.

    Reports that are already complete in the table are not fetched again.
    """
    return weekly_run(context, source, warehouse, "evening", 1)


@in_league_time("0 18 * * *", ROSTERS)
def evening_rosters(context: Context, source: Source, warehouse: Tables) -> TickResult:
    """18:00 US/Eastern: the rosters of the season, in a run of their own because their partitions are seasons.

    Skipped in the off-season: nothing reads summer moves before the first game, and the first evening of the season
    records all of them. The job `rosters` can be launched at any time.
    """
    today = league_day(context)
    return off_season_skip(context, source, warehouse) or dg.RunRequest(
        run_key=f"evening_rosters {today}", partition_key=season_name(season_of(today))
    )


@in_league_time("0 12,20 * * *", CHECK_HEALTH)
def health(context: Context) -> TickResult:
    """12:00 and 20:00 US/Eastern, all year: data_health alone, to notice when no other schedule runs.

    It changes no data and passes in the off-season.
    """
    return dg.RunRequest(run_key=f"health {context.scheduled_execution_time.isoformat()}")


SCHEDULES = (morning, friday, evening, evening_rosters, health)


def league_day(context: Context) -> dt.date:
    """The date in US/Eastern at the tick's scheduled time."""
    return context.scheduled_execution_time.astimezone(LEAGUE_TIME).date()


def weeks_to(day: dt.date, number: int) -> list[dt.date]:
    """The `number` newest weeks up to that of `day`, without weeks before the history."""
    first = dt.date.fromisoformat(str(WEEKS.get_first_partition_key()))
    weeks = [week_of(day) - back * WEEK for back in reversed(range(number))]
    return [week for week in weeks if week >= first]


def off_season_skip(context: Context, source: BoxScoreSource, warehouse: Warehouse) -> dg.SkipReason | None:
    """The reason to skip a tick in the off-season or before the history; None in season."""
    weeks = weeks_to(league_day(context), 2)
    if not weeks:
        return dg.SkipReason(f"the history begins after {league_day(context)}: see NBA_FIRST_WEEK")
    if not off_season(weeks, source, warehouse):
        return None
    named = " and ".join(map(str, weeks))
    return dg.SkipReason(f"off-season: weeks {named} have no game, neither stored nor at the source")


def weekly_run(
    context: Context,
    source: BoxScoreSource,
    warehouse: Warehouse,
    name: str,
    weeks: int,
    *,
    catch_up: bool = False,
    **options: Any,
) -> TickResult:
    """In season, one run over the newest weeks; its key keeps a tick that is evaluated twice from starting two runs.

    catch_up: from the oldest of the last `CATCH_UP_WEEKS` weeks on that lacks a game.
    """
    today = league_day(context)
    newest = weeks_to(today, weeks)
    if catch_up and newest:
        recent = weeks_to(today, CATCH_UP_WEEKS)
        first = min([newest[0], *incomplete_weeks(warehouse, recent[0], today)])
        newest = [week for week in recent if week >= first]
    return off_season_skip(context, source, warehouse) or dg.RunRequest(
        run_key=f"{name} {today}", tags=week_range_tags(newest), **options
    )
