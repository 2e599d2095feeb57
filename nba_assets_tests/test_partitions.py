import datetime as dt
import time

import dagster as dg
import pytest

from nba_assets.errors import SettingsError
from nba_assets.partitions import (
    LEAGUE_TIME,
    SEASONS,
    WEEKS,
    backfill_policy,
    first_week,
    last_day,
    last_day_of_season,
    league_today,
    season_name,
    season_of,
    season_of_name,
    seasons_on,
    week_of,
    weeks_as_ranges,
    weeks_between,
    weeks_of_keys,
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("date", "friday"),
    [
        ("2021-12-17", "2021-12-17"),
        ("2021-12-18", "2021-12-17"),
        ("2021-12-23", "2021-12-17"),
        ("2021-12-24", "2021-12-24"),
        ("2022-01-01", "2021-12-31"),
        ("2024-02-29", "2024-02-23"),
    ],
)
def test_a_week_goes_from_friday_to_thursday(date: str, friday: str) -> None:
    assert week_of(day(date)) == day(friday)
    assert week_of(day(date)) <= day(date) <= last_day(week_of(day(date)))


@pytest.mark.parametrize(
    ("date", "seasons"),
    [
        (dt.date(2022, 1, 5), [2021]),
        (dt.date(2022, 7, 1), [2022]),
        (dt.date(2021, 7, 20), [2020, 2021]),
        (dt.date(2021, 7, 21), [2021]),
        (dt.date(2020, 10, 11), [2019, 2020]),
    ],
)
def test_seasons_that_ended_late_go_on_after_june(date: dt.date, seasons: list[int]) -> None:
    assert seasons_on(date) == seasons


@pytest.mark.parametrize(
    ("first", "last", "weeks"),
    [
        ("2021-12-17", "2021-12-23", ["2021-12-17"]),
        ("2021-12-23", "2021-12-24", ["2021-12-17", "2021-12-24"]),
        ("2021-12-24", "2021-12-23", ["2021-12-24"][1:]),
    ],
    ids=["one whole week", "two touched", "nothing"],
)
def test_weeks_between_touch_both_dates(first: str, last: str, weeks: list[str]) -> None:
    assert weeks_between(day(first), day(last)) == [day(week) for week in weeks]


def test_the_three_seasons_are_135_weeks_and_partitions() -> None:
    weeks = weeks_between(day("2021-10-01"), day("2024-04-30"))
    assert len(weeks) == 135
    assert (weeks[0], weeks[-1]) == (day("2021-10-01"), day("2024-04-26"))
    assert [f"{week}" for week in weeks] == WEEKS.get_partition_keys()[:135]


def test_the_week_in_progress_is_a_partition_and_the_next_is_not() -> None:
    keys = WEEKS.get_partition_keys(current_time=dt.datetime(2022, 1, 5, 17, 0, tzinfo=dt.UTC))
    assert keys[-1] == "2021-12-31"


@pytest.mark.parametrize(
    ("instant", "newest"),
    [("2022-01-07T04:59:00+00:00", "2021-12-31"), ("2022-01-07T05:01:00+00:00", "2022-01-07")],
    ids=["Thursday evening in New York, Friday in UTC", "Friday in New York"],
)
def test_weeks_begin_at_midnight_us_eastern(instant: str, newest: str) -> None:
    assert WEEKS.get_partition_keys(current_time=dt.datetime.fromisoformat(instant))[-1] == newest


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_date_in_us_eastern_whatever_the_machine_s_zone(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    with monkeypatch.context() as clock:
        clock.setenv("TZ", zone)
        time.tzset()
        before = dt.datetime.now(dt.UTC).astimezone(LEAGUE_TIME).date()
        today = league_today()
        after = dt.datetime.now(dt.UTC).astimezone(LEAGUE_TIME).date()
    assert before <= today <= after
    time.tzset()


def test_keys_become_weeks_in_calendar_order() -> None:
    assert weeks_of_keys(["2021-12-24", "2021-12-17"]) == [day("2021-12-17"), day("2021-12-24")]


@pytest.mark.parametrize(("text", "friday"), [(None, "2021-10-01"), ("", "2021-10-01"), ("2018-10-05", "2018-10-05")])
def test_the_history_can_start_on_another_friday(text: str | None, friday: str) -> None:
    assert first_week(text) == day(friday)


@pytest.mark.parametrize(
    ("text", "told"),
    [("2018-10-06", "is not a Friday: use 2018-10-05, the first day of its week"), ("soon", "use a date such as")],
)
def test_an_unusable_first_week_is_refused(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        first_week(text)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (None, dg.BackfillPolicy.single_run()),
        ("", dg.BackfillPolicy.single_run()),
        ("27", dg.BackfillPolicy.multi_run(max_partitions_per_run=27)),
    ],
)
def test_a_backfill_is_one_run_unless_it_is_split(text: str | None, policy: dg.BackfillPolicy) -> None:
    assert backfill_policy(text) == policy


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_an_unusable_split_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="NBA_WEEKS_PER_RUN"):
        backfill_policy(text)


@pytest.mark.parametrize(
    ("date", "season", "name"),
    [
        ("2021-10-01", 2021, "2021-22"),
        ("2022-06-30", 2021, "2021-22"),
        ("2022-07-01", 2022, "2022-23"),
        ("2000-01-15", 1999, "1999-00"),
    ],
)
def test_a_season_goes_from_july_to_june(date: str, season: int, name: str) -> None:
    assert season_of(day(date)) == season
    assert season_name(season) == name
    assert season_of_name(name) == season
    assert day(date) <= last_day_of_season(season) < day(f"{season + 1}-07-01")


def test_seasons_go_from_the_first_week_to_the_one_after_today() -> None:
    seasons = SEASONS.get_partition_keys()
    assert (seasons[0], seasons[-1]) == ("2021-22", season_name(season_of(league_today()) + 1))


def test_consecutive_weeks_are_written_as_a_range() -> None:
    first, second, third = weeks_between(day("2021-12-17"), day("2021-12-31"))
    assert weeks_as_ranges([third, first, second]) == ["2021-12-17 to 2021-12-31"]
    assert weeks_as_ranges([first, third]) == ["2021-12-17", "2021-12-31"]
    assert weeks_as_ranges([]) == []
