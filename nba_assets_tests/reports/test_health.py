"""What makes a week complete, incomplete, failed, stale or never run, and how it is reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import pytest

from nba_assets.assets.health import judge_freshness, judge_past_weeks, lineage, never_run
from nba_assets.checks.freshness import PUBLICATION_AGE
from nba_assets.reports.health import Lineage, State, classify, worst
from nba_assets.reports.health_text import markdown
from nba_assets.tables import WEEKLY_TABLES
from nba_assets_tests.support.small_week import WEEK

FIRST, SECOND, THIRD, FOURTH = WEEKS = [WEEK + dt.timedelta(days=7 * index) for index in range(4)]
RAW, FEATURES, MODEL, POINTS = "bdl_games", "player_game_features", "xgboost_model", "player_points"
SMALL = [
    Lineage(RAW, "1", {}),
    Lineage(FEATURES, "2", {RAW: 0}),
    Lineage(MODEL, "1", {FEATURES: 1, RAW: None}),
    Lineage(POINTS, "1", {FEATURES: None, MODEL: None}),
]
NOTHING: Mapping[dt.date, str] = {}
LATER = FOURTH + dt.timedelta(days=28)
EASTERN = ZoneInfo("US/Eastern")


def backfilled(*without: dt.date) -> pd.DataFrame:
    """One run over four weeks: each asset after its upstream, week after week; nothing of weeks `without`."""
    rows = [
        {
            "week": week,
            "asset": asset.name,
            "published": None if week in without else float(10 * number + index),
            "read_up_to": None,
            "code_version": None if week in without else asset.code_version,
            "unpublished": "",
            "nothing_due": False,
            "rows_missing": "",
            "log_disagrees": "",
        }
        for number, asset in enumerate(SMALL, start=1)
        for index, week in enumerate(WEEKS)
    ]
    return pd.DataFrame(rows).astype({"published": "float64", "read_up_to": "float64"})


def changed(week: dt.date, asset: str, **facts: object) -> pd.DataFrame:
    history = backfilled()
    at = (history["week"] == week) & (history["asset"] == asset)
    for name, value in facts.items():
        history.loc[at, name] = value
    return history


def told(
    history: pd.DataFrame,
    in_progress: dt.date = LATER,
    incomplete: Mapping[dt.date, str] = NOTHING,
    without_games: frozenset[dt.date] = frozenset(),
) -> dict[tuple[dt.date, str], str]:
    """The weeks and assets that are not complete, with state and reason."""
    states = classify(history, SMALL, incomplete, without_games, in_progress)
    assert len(states) == len(SMALL) * len(WEEKS)
    return {
        (row.week, row.asset): f"{row.state}: {row.why}".removesuffix(": ")
        for row in states.itertuples()
        if row.state != State.COMPLETE
    }


def of_all(week: dt.date, what: str) -> dict[tuple[dt.date, str], str]:
    return {(week, asset.name): what for asset in SMALL}


STALE_FROM_SECOND = {
    (SECOND, FEATURES): "stale: bdl_games was published later",
    (THIRD, FEATURES): "stale: bdl_games was published later",
    (FOURTH, FEATURES): "stale: bdl_games was published later",
    (SECOND, MODEL): "stale: bdl_games was published later",
    (THIRD, MODEL): "stale: an upstream week is stale",
    (FOURTH, MODEL): "stale: an upstream week is stale",
    (SECOND, POINTS): "stale: an upstream week is stale",
    (THIRD, POINTS): "stale: an upstream week is stale",
    (FOURTH, POINTS): "stale: an upstream week is stale",
}


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        pytest.param(backfilled(), {}, id="complete"),
        pytest.param(backfilled(THIRD), of_all(THIRD, "never run"), id="never run"),
        pytest.param(
            changed(SECOND, RAW, published=None, code_version=None, unpublished="row_integrity: wrong"),
            {(SECOND, RAW): "failed: row_integrity: wrong"},
            id="failed",
        ),
        pytest.param(
            changed(SECOND, RAW, unpublished="row_integrity: wrong"),
            {(SECOND, RAW): "incomplete: keeps earlier rows: row_integrity: wrong"},
            id="refused, earlier rows stand",
        ),
        pytest.param(changed(FIRST, MODEL, published=None, code_version=None, nothing_due=True), {}, id="no model due"),
        pytest.param(
            changed(FOURTH, POINTS, code_version="0"),
            {(FOURTH, POINTS): "stale: its code has changed since"},
            id="stale by its own code",
        ),
        pytest.param(
            changed(SECOND, RAW, code_version="0"),
            {(SECOND, RAW): "stale: its code has changed since"}
            | {
                (week, asset): "stale: an upstream week is stale"
                for week in (SECOND, THIRD, FOURTH)
                for asset in (FEATURES, MODEL, POINTS)
            },
            id="stale by upstream code, also in later weeks that read it",
        ),
        pytest.param(changed(SECOND, RAW, published=99.0), STALE_FROM_SECOND, id="an upstream week came later"),
        pytest.param(
            changed(SECOND, POINTS, read_up_to=30.5),
            {(SECOND, POINTS): "stale: xgboost_model was published later"},
            id="upstream was published after it was read, and before the result was",
        ),
        pytest.param(
            changed(SECOND, RAW, code_version=None), {}, id="taken over from before publications were recorded"
        ),
        pytest.param(
            changed(SECOND, RAW, rows_missing="0 of 9 published rows are stored"),
            {(SECOND, RAW): "rows missing: 0 of 9 published rows are stored"},
            id="rows missing",
        ),
        pytest.param(
            changed(SECOND, RAW, log_disagrees="Dagster's log names publication 12345678"),
            {(SECOND, RAW): "log and tables disagree: Dagster's log names publication 12345678"},
            id="another warehouse",
        ),
    ],
)  # fmt: skip
def test_a_week_s_state(history: pd.DataFrame, expected: dict[tuple[dt.date, str], str]) -> None:
    assert told(history) == expected


def test_games_that_are_not_final_in_time_leave_their_week_incomplete() -> None:
    expected = {(SECOND, RAW): "incomplete: game 1 is missing"}
    assert told(backfilled(), incomplete={SECOND: "game 1 is missing"}) == expected


def test_a_week_that_never_ran_is_no_gap_if_the_source_lists_no_games() -> None:
    assert told(backfilled(FOURTH), without_games=frozenset({FOURTH})) == of_all(FOURTH, "no games")


def test_mornings_refresh_two_weeks_whose_models_wait_for_friday() -> None:
    history = backfilled()
    refreshed = history["week"].isin([THIRD, FOURTH]) & (history["asset"] != MODEL)
    history.loc[refreshed, "published"] += 100.0
    assert told(history, in_progress=FOURTH) == {}
    older = told(history, in_progress=LATER)
    assert older[FOURTH, MODEL] == "stale: bdl_games was published later", "but only while they are the newest"


def test_the_lineage_is_that_of_the_graph() -> None:
    by_name = {asset.name: asset for asset in lineage()}
    assert set(by_name) == {table.name for table in WEEKLY_TABLES}
    assert by_name[MODEL].upstream == {FEATURES: 1, RAW: None}
    assert set(by_name[FEATURES].upstream.values()) == {0}
    order = [asset.name for asset in lineage()]
    assert all(order.index(up) < order.index(asset.name) for asset in lineage() for up in asset.upstream)


def states_of(**by_week: State) -> pd.DataFrame:
    weeks = dict(zip(("first", "second", "third", "fourth"), WEEKS, strict=True))
    rows = [(weeks[name], RAW, state, "why") for name, state in by_week.items()]
    rows += [(weeks[name], POINTS, State.COMPLETE, "") for name in by_week]
    return pd.DataFrame(rows, columns=["week", "asset", "state", "why"])


@pytest.mark.parametrize(
    ("states", "passed", "severity", "description"),
    [
        pytest.param(
            states_of(first=State.COMPLETE, second=State.NO_GAMES),
            True, dg.AssetCheckSeverity.WARN, "2 weeks are complete or have no games", id="complete",
        ),
        pytest.param(
            states_of(first=State.STALE, second=State.INCOMPLETE, third=State.COMPLETE),
            False, dg.AssetCheckSeverity.WARN, f"incomplete: {SECOND}; stale: {FIRST}", id="stale and incomplete warn",
        ),
        pytest.param(
            states_of(first=State.FAILED, second=State.STALE),
            False, dg.AssetCheckSeverity.ERROR, f"failed: {FIRST}; stale: {SECOND}", id="failed is an error",
        ),
        pytest.param(
            states_of(first=State.COMPLETE, second=State.NEVER_RUN, third=State.NEVER_RUN),
            False, dg.AssetCheckSeverity.ERROR, f"never run: {SECOND} to {THIRD}", id="never run is an error",
        ),
        pytest.param(
            states_of(first=State.COMPLETE, fourth=State.NEVER_RUN),
            True, dg.AssetCheckSeverity.WARN, "1 weeks are complete or have no games", id="the week in progress waits",
        ),
    ],
)  # fmt: skip
def test_past_weeks_are_judged(
    states: pd.DataFrame, passed: bool, severity: dg.AssetCheckSeverity, description: str
) -> None:
    result = judge_past_weeks(states, in_progress=FOURTH)
    assert (result.passed, result.severity, result.description) == (passed, severity, description)


SATURDAY = dt.datetime.combine(SECOND + dt.timedelta(days=1), dt.time(12), EASTERN)
FRIDAY_NOON = SATURDAY - dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "hours_ago", "passed", "severity", "description"),
    [
        pytest.param(SATURDAY, {SECOND: 24}, True, "WARN", "every table in time", id="24 hours"),
        pytest.param(SATURDAY, {SECOND: 24.1}, False, "WARN", "bdl_games 24 h ago", id="more than 24"),
        pytest.param(SATURDAY, {SECOND: 48}, False, "WARN", "bdl_games 48 h ago", id="48 hours"),
        pytest.param(SATURDAY, {SECOND: 48.1}, False, "ERROR", "bdl_games 48 h ago", id="more than 48"),
        pytest.param(SATURDAY, {}, False, "ERROR", "bdl_games never", id="never run"),
        pytest.param(SATURDAY, {FIRST: 4}, False, "ERROR", "bdl_games never", id="only the week before"),
        pytest.param(FRIDAY_NOON, {FIRST: 20}, True, "WARN", "every table in time", id="on the first day it counts"),
        pytest.param(FRIDAY_NOON, {FIRST: 28}, False, "WARN", "bdl_games 28 h ago", id="but Friday's run is missed"),
        pytest.param(FRIDAY_NOON, {}, False, "ERROR", "bdl_games never", id="never run, on a Friday"),
    ],
)
def test_the_week_in_progress_is_fresh_late_or_too_late(
    now: dt.datetime, hours_ago: dict[dt.date, float], passed: bool, severity: str, description: str
) -> None:
    times = {week: now - dt.timedelta(hours=hours) for week, hours in hours_ago.items()}
    in_time = {SECOND: now - dt.timedelta(hours=1)}
    result = judge_freshness({RAW: times, POINTS: in_time}, now, PUBLICATION_AGE)
    assert (result.passed, result.severity.value) == (passed, severity)
    assert result.description == f"week {SECOND} was published by {description}"


def test_the_source_is_not_asked_about_a_gap_longer_than_any_off_season() -> None:
    weeks = [FIRST + dt.timedelta(days=7 * index) for index in range(60)]
    history = pd.DataFrame(
        [{"week": week, "asset": RAW, "published": None, "unpublished": ""} for week in weeks]
    ).astype({"published": "float64"})
    history.loc[[0, 20, 59], "published"] = 1.0
    history.loc[[30], "unpublished"] = "refused"
    assert never_run(history, weeks, weeks[-1]) == weeks[1:20] + weeks[21:30] + weeks[31:59]
    history.loc[[30], "unpublished"] = ""
    assert never_run(history, weeks, weeks[-1]) == weeks[1:20], "38 weeks are no summer"
    assert never_run(history, weeks, weeks[10]) == weeks[1:10], "nor the week in progress or later"


def test_the_report_counts_by_month_and_says_what_to_do() -> None:
    states = classify(
        changed(SECOND, RAW, published=None, code_version=None, unpublished="row_integrity: 1 | 2"),
        SMALL, incomplete={}, without_games=set(), in_progress=FOURTH,
    )  # fmt: skip
    text = markdown(states, FOURTH)
    assert text.startswith("# Data health: 3 of 4 weeks are complete\n")
    assert "| 2021-22 | 2021-12 | 3 |  | 2 |  |  |  |  |  | 1 |" in text
    assert "| 2021-22 | 2022-01 | 1 |  | 1 |  |  |  |  |" in text
    assert f"| {SECOND} | bdl_games failed: row_integrity: 1 \\| 2 | read its failed checks, repair" in text


def test_weeks_with_the_same_problem_share_a_line() -> None:
    states = classify(backfilled(*WEEKS[:3]), SMALL, {}, set(), FOURTH)
    assert list(worst(states)) == [State.NEVER_RUN] * 3 + [State.COMPLETE]
    told_of = "bdl_games, player_game_features, xgboost_model and 1 more never run"
    assert f"| {FIRST} to {THIRD} | {told_of} | materialize these weeks |" in markdown(states, FOURTH)
    assert "not complete" not in markdown(classify(backfilled(), SMALL, {}, set(), FOURTH), FOURTH)
