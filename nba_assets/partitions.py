"""The calendar: weekly and seasonal partitions, and how dates map to weeks and seasons."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import dagster as dg

from nba_assets.errors import SettingsError
from nba_assets.settings import positive_integer

LEAGUE_TIME = ZoneInfo("US/Eastern")
FIRST_WEEK = dt.date(2021, 10, 1)
WEEK = dt.timedelta(days=7)
FRIDAY = 4
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"
SEASONS_THAT_ENDED_LATE = {2019: dt.date(2020, 10, 11), 2020: dt.date(2021, 7, 20)}
"""Last days of the seasons that went on after June, because of the pandemic."""
SEASON_OPENS = 7  # month; a season's year begins with free agency on July 1


def first_week(text: str | None) -> dt.date:
    """The first week of the history, from the text of `NBA_FIRST_WEEK`; 2021-10-01 by default."""
    if not text:
        return FIRST_WEEK
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"NBA_FIRST_WEEK={text!r}: use a date such as {FIRST_WEEK}") from None
    if day.weekday() != FRIDAY:
        raise SettingsError(f"NBA_FIRST_WEEK={text} is not a Friday: use {week_of(day)}, the first day of its week")
    return day


def week_of(day: dt.date) -> dt.date:
    """The Friday on or before `day`."""
    return day - dt.timedelta(days=(day.weekday() - FRIDAY) % 7)


def last_day(week: dt.date) -> dt.date:
    """The Thursday of the week that begins on the Friday `week`."""
    return week + dt.timedelta(days=6)


def weeks_of_keys(keys: Sequence[str]) -> list[dt.date]:
    """The weeks of these partition keys, sorted."""
    return sorted(dt.date.fromisoformat(key) for key in keys)


def weeks_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """The weeks that contain the dates `first` to `last`, both included."""
    start = week_of(first)
    return [start + index * WEEK for index in range((week_of(last) - start).days // 7 + 1)]


def contiguous_runs(weeks: Iterable[dt.date]) -> list[list[dt.date]]:
    """The weeks, grouped into runs of consecutive weeks."""
    runs: list[list[dt.date]] = []
    for week in sorted(weeks):
        if runs and week - runs[-1][-1] == WEEK:
            runs[-1].append(week)
        else:
            runs.append([week])
    return runs


def weeks_as_ranges(weeks: Iterable[dt.date]) -> list[str]:
    """The weeks as text, runs of consecutive weeks as "first to last"."""
    return [f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in contiguous_runs(weeks)]


def weeks_of_range(first: dt.date, last: dt.date) -> list[dt.date]:
    """The weeks that contain the dates `first` to `last`; SettingsError if one is unknown or there is none."""
    known = weeks_of_keys(WEEKS.get_partition_keys())
    weeks = weeks_between(first, last)
    unknown = [week for week in weeks if week not in known]
    if not weeks or unknown:
        missing = f"week {unknown[0]} is not" if unknown else "no week is"
        raise SettingsError(
            f"{first} to {last}: {missing} in the history, which goes from {known[0]} to {known[-1]}. Choose other "
            "dates, or set NBA_FIRST_WEEK for an earlier start"
        )
    return weeks


def weeks_of_run(tags: Mapping[str, str]) -> list[dt.date]:
    """The weeks of a run, from its tags; empty for a run without weekly partitions."""
    keys = WEEKS.get_partition_keys()
    if RANGE_START in tags:
        return weeks_of_keys([key for key in keys if tags[RANGE_START] <= key <= tags[RANGE_END]])
    return weeks_of_keys([key for key in keys if key == tags.get(PARTITION)])


def report_dates(first_date: str, last_date: str, tags: Mapping[str, str]) -> tuple[dt.date, dt.date]:
    """First and last date of a report: those given, else those of the run's weeks, else the history up to today."""
    weeks = weeks_of_run(tags)
    first = weeks[0] if weeks else dt.date.fromisoformat(str(WEEKS.get_first_partition_key()))
    last = last_day(weeks[-1]) if weeks else league_today()
    return (
        dt.date.fromisoformat(first_date) if first_date else first,
        dt.date.fromisoformat(last_date) if last_date else last,
    )


def league_today() -> dt.date:
    """Today's date in US/Eastern."""
    return dt.datetime.now(LEAGUE_TIME).date()


def season_of(day: dt.date) -> int:
    """The year in which the season of `day` starts; a season's year goes from July to June."""
    return day.year if day.month >= SEASON_OPENS else day.year - 1


def seasons_on(day: dt.date) -> list[int]:
    """The seasons that can have a game on `day`: more than one where a season ended late."""
    late = [
        season for season, ended in SEASONS_THAT_ENDED_LATE.items() if season == season_of(day) - 1 and day <= ended
    ]
    return [*late, season_of(day)]


def season_name(season: int) -> str:
    """2021 as "2021-22"."""
    return f"{season}-{(season + 1) % 100:02d}"


def season_of_name(name: str) -> int:
    """ "2021-22" as 2021."""
    return int(name.split("-")[0])


def last_day_of_season(season: int) -> dt.date:
    return dt.date(season + 1, SEASON_OPENS, 1) - dt.timedelta(days=1)


def backfill_policy(weeks_per_run: str | None) -> dg.BackfillPolicy:
    """One run for any range, or runs of at most `NBA_WEEKS_PER_RUN` weeks.

    All weekly assets must have equal policies: only then does Dagster put upstream and downstream assets into one run.
    """
    if not weeks_per_run:
        return dg.BackfillPolicy.single_run()
    weeks = positive_integer({"NBA_WEEKS_PER_RUN": weeks_per_run}, "NBA_WEEKS_PER_RUN", 1)
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=weeks)


# Assets are defined at import time and need their partitions, so these variables are read at import time too.
_OPENING = first_week(os.environ.get("NBA_FIRST_WEEK"))
WEEKS = dg.WeeklyPartitionsDefinition(
    start_date=_OPENING.isoformat(),
    day_offset=5,
    timezone=str(LEAGUE_TIME),
    end_offset=1,
)
BACKFILL_POLICY = backfill_policy(os.environ.get("NBA_WEEKS_PER_RUN"))
# Includes the next season, for a server that is still running when it begins.
SEASONS = dg.StaticPartitionsDefinition(
    [season_name(season) for season in range(season_of(_OPENING), season_of(league_today()) + 2)]
)
