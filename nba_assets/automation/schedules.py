"""When runs start by themselves, in the league's time zone; all schedules are stopped until a person turns them on.

Weeks follow from a tick's own time, never from the machine's clock. A tick out of season starts nothing and says so.
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
from nba_assets.weekly.off_season import off_season

Source = dg.ResourceParam[BoxScoreSource]
Tables = dg.ResourceParam[Warehouse]
Answer = dg.RunRequest | dg.SkipReason


def in_league_time(cron: str, job: Any) -> Any:
    """Decorator: a schedule of `job`, stopped by default, its times in US/Eastern."""
    return dg.schedule(
        job=job,
        cron_schedule=cron,
        execution_timezone=str(LEAGUE_TIME),
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )


@in_league_time("0 8 * * 0-4,6", REFRESH_WEEKS)
def morning(context: dg.ScheduleEvaluationContext, source: Source, warehouse: Tables) -> Answer:
    """08:00 US/Eastern but Fridays, after the last game on the west coast: both newest weeks, through to grades.

    Whatever was postponed, added or corrected in them meanwhile is in the answers. Models are left as they are.
    """
    return idle(context, source, warehouse) or over(
        context, "morning", 2, run_config={"ops": refresh_config(refresh=True)}
    )


@in_league_time("0 8 * * 5", CLOSE_WEEK)
def friday(context: dg.ScheduleEvaluationContext, source: Source, warehouse: Tables) -> Answer:
    """Fridays 08:00 US/Eastern: the finished week is closed, the new week's model trained and predicted with.

    It replaces that day's morning run: two runs over the same weeks would only wait for each other. It also asks for
    the week before the finished one, because the score of a Thursday may be corrected up to a week later, after the
    last morning that asked for it. The backfill report and the champion are left to a person: the report judges a
    finished range by bounds of that range, and deploying follows from a comparison that somebody has read. The state of
    the whole history is in data_health.
    """
    return idle(context, source, warehouse) or over(
        context, "friday", 3, run_config={"ops": refresh_config(refresh=True)}
    )


@in_league_time("0 18 * * *", FOLLOW_INJURY_REPORTS)
def evening(context: dg.ScheduleEvaluationContext, source: Source, warehouse: Tables) -> Answer:
    """18:00 US/Eastern, after the injury report of 17:30: the reports of the week in progress and all that reads them.

    Reports that are stored whole are not asked again; predictions of tonight's games leave out who is ruled out.
    """
    return idle(context, source, warehouse) or over(context, "evening", 1)


@in_league_time("0 18 * * *", ROSTERS)
def evening_rosters(context: dg.ScheduleEvaluationContext, source: Source, warehouse: Tables) -> Answer:
    """18:00 US/Eastern: the rosters of the season, a run of their own because their partitions are seasons.

    Not out of season: players move all summer, but nothing reads it before the first game, and the first evening of the
    season notes every move since. The job `rosters` does it at any time.
    """
    today = league_day(context)
    return idle(context, source, warehouse) or dg.RunRequest(
        run_key=f"evening_rosters {today}", partition_key=season_name(season_of(today))
    )


@in_league_time("0 12,20 * * *", CHECK_HEALTH)
def health(context: dg.ScheduleEvaluationContext) -> Answer:
    """12:00 and 20:00 US/Eastern, all year: data_health on its own, so that it also tells when no other run came.

    It changes nothing; out of season it says so and passes.
    """
    return dg.RunRequest(run_key=f"health {context.scheduled_execution_time.isoformat()}")


SCHEDULES = (morning, friday, evening, evening_rosters, health)


def league_day(context: dg.ScheduleEvaluationContext) -> dt.date:
    """The league's date at the tick's own time."""
    return context.scheduled_execution_time.astimezone(LEAGUE_TIME).date()


def weeks_to(day: dt.date, number: int) -> list[dt.date]:
    """The week that `day` lies in and those before it, `number` in all, as far as the history goes back."""
    opening = dt.date.fromisoformat(str(WEEKS.get_first_partition_key()))
    weeks = [week_of(day) - back * WEEK for back in reversed(range(number))]
    return [week for week in weeks if week >= opening]


def idle(context: dg.ScheduleEvaluationContext, source: BoxScoreSource, warehouse: Warehouse) -> dg.SkipReason | None:
    """Why there is nothing to do; None in season, which a week without games, as of the All-Star Game, is part of."""
    weeks = weeks_to(league_day(context), 2)
    if not weeks:
        return dg.SkipReason(f"the history begins after {league_day(context)}: see NBA_FIRST_WEEK")
    if not off_season(weeks, source, warehouse):
        return None
    named = " and ".join(map(str, weeks))
    return dg.SkipReason(f"off-season: weeks {named} have no game, neither stored nor at the source")


def over(context: dg.ScheduleEvaluationContext, name: str, weeks: int, **how: Any) -> dg.RunRequest:
    """One run over so many newest weeks; its key keeps a tick that is evaluated twice from running twice."""
    today = league_day(context)
    return dg.RunRequest(run_key=f"{name} {today}", tags=week_range_tags(weeks_to(today, weeks)), **how)
