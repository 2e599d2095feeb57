"""When observations lead to a message, what it names, and when there is none."""

import dataclasses

import pytest

from nba_assets.alerting.incidents import LONGEST_WAIT, REMIND_AFTER, TOO_OLD, AlertState, Observation

NOW = 1_800_000_000.0
CHECK = "points_add_up of nba_raw/bdl_player_boxscores"
FAILS = Observation(
    CHECK, "2021-11-05", True, NOW, "rows_of_wrong_points 1 is outside the bound = 0", "http://dagit/check"
)
PASSES = dataclasses.replace(FAILS, failed=False)
WEEKS = [f"2021-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 8, 15, 22)]


def told(
    ledger: AlertState, *seen: Observation, after: float = 0.0, running: tuple[str, ...] = (), read_all: bool = True
) -> list[str]:
    """The messages of one tick, `after` seconds from NOW, for these observations; the state is stored and read back."""
    ledger.update([dataclasses.replace(each, at=each.at + after) for each in seen], NOW + after)
    ledger.write_messages(NOW + after, lambda backfill: backfill in running)
    if read_all:
        ledger.write_left_out()
    messages, ledger.outbox = ledger.outbox, []
    stored = AlertState.model_validate_json(ledger.model_dump_json(exclude_defaults=True))
    assert stored == ledger
    return messages


def of(week: str, seen: Observation = FAILS, **changed: object) -> Observation:
    return dataclasses.replace(seen, partition=week, **changed)  # type: ignore[arg-type]


def test_a_failure_is_reported_once_with_asset_check_week_value_bound_and_link() -> None:
    ledger = AlertState()
    assert told(ledger, FAILS) == [
        "FAILED: points_add_up of nba_raw/bdl_player_boxscores, week 2021-11-05. "
        "rows_of_wrong_points 1 is outside the bound = 0\nhttp://dagit/check"
    ]
    assert told(ledger) == []
    assert told(ledger, FAILS, FAILS, after=3600) == []


def test_an_incident_is_solved_once_and_may_open_again() -> None:
    ledger = AlertState()
    told(ledger, FAILS)
    (solved,) = told(ledger, PASSES, after=60)
    assert solved.startswith(
        f"SOLVED: {CHECK}, week 2021-11-05 was the last to pass; failing since 2027-01-15 08:00 UTC"
    )
    assert told(ledger, PASSES, after=120) == []
    assert ledger.incidents == {}
    (again,) = told(ledger, FAILS, after=180)
    assert again.startswith("FAILED: ")


def test_a_backfill_that_fails_one_check_in_all_weeks_is_one_message_with_count_and_first_weeks() -> None:
    ledger = AlertState()
    (message,) = told(ledger, *[of(week) for week in WEEKS])
    assert f"{CHECK}, 48 weeks: 2021-01-01, 2021-01-08, 2021-01-15 and 45 more. 2021-01-01: rows_of" in message
    assert told(ledger, *[of(week, PASSES) for week in WEEKS[1:]], after=60) == []
    (solved,) = told(ledger, of(WEEKS[0], PASSES), after=90)
    assert solved.startswith("SOLVED: ")


def test_a_backfill_of_many_runs_is_reported_when_it_has_ended() -> None:
    ledger = AlertState()
    for number, week in enumerate(WEEKS[:5]):
        assert told(ledger, of(week, backfill="b1"), after=30.0 * number, running=("b1",)) == []
    (message,) = told(ledger, after=200)
    assert "5 weeks: 2021-01-01, 2021-01-08, 2021-01-15 and 2 more" in message


def test_an_endless_backfill_delays_a_message_by_an_hour_at_most() -> None:
    ledger = AlertState()
    assert told(ledger, of(WEEKS[0], backfill="b1"), running=("b1",)) == []
    assert told(ledger, after=LONGEST_WAIT - 1, running=("b1",)) == []
    assert len(told(ledger, after=LONGEST_WAIT, running=("b1",))) == 1


def test_a_failure_that_is_solved_before_its_message_is_sent_is_not_reported() -> None:
    ledger = AlertState()
    told(ledger, of(WEEKS[0], backfill="b1"), running=("b1",))
    assert told(ledger, of(WEEKS[0], PASSES), after=60) == []
    assert ledger.incidents == {}


def test_another_week_of_an_open_incident_is_reported_at_once() -> None:
    ledger = AlertState()
    told(ledger, of(WEEKS[0]))
    (message,) = told(ledger, of(WEEKS[1]), of(WEEKS[0]), after=60)
    assert message.startswith(f"STILL FAILING: {CHECK}, week 2021-01-08 (now 2 in all). ")


def test_a_failure_that_continues_is_reported_once_a_day() -> None:
    ledger = AlertState()
    messages = [told(ledger, FAILS, after=hour * 3600.0) for hour in range(49)]
    assert [hour for hour, of_hour in enumerate(messages) if of_hour] == [0, 23, 46]
    assert messages[23][0].startswith("STILL FAILING: ")
    assert REMIND_AFTER < 24 * 3600 - 600, "a daily schedule's failure must not be taken for one within the day"


def test_two_checks_of_one_week_are_two_incidents() -> None:
    other = dataclasses.replace(FAILS, subject="row_integrity of nba_raw/bdl_games")
    assert len(told(AlertState(), FAILS, other)) == 2


def test_failures_older_than_a_week_are_only_counted() -> None:
    ledger = AlertState()
    old = [of(week, at=NOW - TOO_OLD - 1) for week in WEEKS[:7]]
    assert told(ledger, *old, of(WEEKS[6], PASSES), read_all=False) == []
    newest, left_out = told(ledger, of("2021-12-31"))
    assert "week 2021-12-31 (now 7 in all)" in newest
    assert left_out == (
        f"LEFT OUT: 6 failures from more than 7 days ago, still open, of {CHECK}. "
        "Look at the asset checks and runs in Dagit."
    )
    assert told(ledger) == []
    assert "week 2021-01-01" in told(ledger, of(WEEKS[0]), after=REMIND_AFTER)[0]


@pytest.mark.parametrize(
    ("subject", "partition", "begins"),
    [
        ("job daily", "", "FAILED: job daily. it"),
        ("thirty_teams of nba_raw/br", "2021-22", "FAILED: thirty_teams of nba_raw/br, partition 2021-22. it"),
    ],
)
def test_a_subject_without_weeks_is_reported_with_its_partition_or_none(
    subject: str, partition: str, begins: str
) -> None:
    (message,) = told(AlertState(), Observation(subject, partition, True, NOW, "it failed"))
    assert message.startswith(begins)


def test_a_long_reason_is_cut() -> None:
    (message,) = told(AlertState(), dataclasses.replace(FAILS, reason="x" * 10_000))
    assert len(message) < 700
