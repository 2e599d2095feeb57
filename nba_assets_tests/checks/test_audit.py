"""Every check on a right week, and on weeks that are wrong in exactly one way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.checks.audit import Verdict, audit, evaluate
from nba_assets.checks.catalogue import checks_of
from nba_assets.checks.check import Check, Range, Threshold
from nba_assets.tables import (
    BDL_GAMES,
    PLAYER_GAME_SUMMARY,
    VALIDATION_METRICS,
    Table,
)
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import MEASURED_TABLES, WEEK, league_week
from nba_assets_tests.support.wrong_weeks import (
    EVERYBODY_PLAYS,
    FEW_GAMES,
    INTEGRITY,
    MANY_GAMES,
    MINUTES_NULL,
    NEXT_FRIDAY,
    WRONG,
    Case,
)

OF_QUARANTINE = (
    "quarantined_games",
    "quarantined_rows",
    "quarantined_listings",
    "no_repeated_lines",
    "equal_schedules",
)
"""What they measure is not in one table's frame: see test_quarantine."""
LAST_WEEK = WEEK - dt.timedelta(days=7)


@dataclass(frozen=True)
class League:
    """A warehouse that holds a right week, with a game 7 days before it, and its frames."""

    warehouse: DuckDBWarehouse
    frames: dict[str, pd.DataFrame]

    def verdicts(self, table: Table, frame: pd.DataFrame, week: dt.date = WEEK) -> dict[str, Verdict]:
        """What the checks of `table` say of `frame`, staged beside the right rows of all other tables."""
        with self.warehouse.stage(table, to_arrow(frame, table)) as staged:
            audited = audit(staged.query, table, [week], {table.name: staged.name})
        return {verdict.check.name: verdict for verdict in audited[week]}


@pytest.fixture(scope="module")
def leagues(tmp_path_factory: pytest.TempPathFactory) -> dict[int, League]:
    """A right league by its number of games."""
    return {games: right_league(games, f"{tmp_path_factory.mktemp('league')}") for games in (FEW_GAMES, MANY_GAMES)}


def right_league(games: int, folder: str) -> League:
    right, warehouse = league_week(games=games), DuckDBWarehouse(path=f"{folder}/nba.duckdb")
    publish(warehouse, BDL_GAMES, WeeklyRows(league_week(LAST_WEEK, games=1).games), [LAST_WEEK])
    metrics = {
        "week": [WEEK, WEEK],
        "table_name": [BDL_GAMES.qualified_name] * 2,
        "check_name": ["final_scores"] * 2,
        "metric": ["final_games_without_a_winner", "games_of_one_team"],
        "value": [0.0, 0.0],
        "rows_looked_at": [games, games],
        "outcome": ["pass", "pass"],
        "passes": ["= 0", "= 0"],
        "blocking": [True, True],
    }
    in_order = (right.games, right.box_scores, right.player_summary, right.team_summary, pd.DataFrame(metrics))
    for table, frame in zip(MEASURED_TABLES, in_order, strict=True):
        (result,) = publish(warehouse, table, WeeklyRows(frame), [WEEK])
        assert result.published, result.refusals
    return League(warehouse, {table.name: frame for table, frame in zip(MEASURED_TABLES, in_order, strict=True)})


@pytest.mark.parametrize("games", [FEW_GAMES, MANY_GAMES])
@pytest.mark.parametrize("table", MEASURED_TABLES, ids=lambda table: table.name)
def test_every_check_passes_on_the_right_week_and_says_how_much_it_looked_at(
    leagues: dict[int, League], table: Table, games: int
) -> None:
    verdicts = leagues[games].verdicts(table, leagues[games].frames[table.name])
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == {
        check.name: "pass" for check in checks_of(table) if check.sql
    }
    assert {verdict.final_games for verdict in verdicts.values() if verdict.check.due} == {games}
    assert all(verdict.rows_looked_at > 0 for verdict in verdicts.values())


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_wrong_week_is_found_by_its_check_and_no_other(leagues: dict[int, League], case: Case) -> None:
    league = leagues[case.games]
    verdicts = league.verdicts(case.table, case.change(league.frames[case.table.name]))
    found = {name: verdict.outcome for name, verdict in verdicts.items() if verdict.outcome != "pass"}
    assert found == {case.check: case.outcome} | dict([case.also] if case.also else [])
    verdict = verdicts[case.check]
    outcomes = {measurement.threshold.metric: measurement.outcome for measurement in verdict.measurements}
    assert outcomes[case.metric] == case.outcome
    assert case.metric in verdict.reason
    assert verdict.refuses is (case.outcome == "error" and verdict.check.blocking)


def test_every_threshold_is_seen_to_fail_and_every_second_level_to_warn() -> None:
    shown = {(case.table.name, case.check, case.metric, case.outcome) for case in WRONG.values()}
    expected = set()
    checks = [check for table in MEASURED_TABLES for check in checks_of(table)]
    for check in (check for check in checks if check.name not in OF_QUARANTINE):
        for threshold in check.thresholds:
            levels = {None: ("error",), Range(): ("warn",)}.get(threshold.warn_range, ("error", "warn"))
            expected |= {(check.table.name, check.name, threshold.metric, level) for level in levels}
    assert expected - shown == {
        # The date of a metric is its week: no row can lie outside it.
        (VALIDATION_METRICS.name, INTEGRITY, "rows_outside_week", "error"),
        # All games of the right week are final: see test_weekly_assets.
        (BDL_GAMES.name, "final_games_kept", "other_games_gone", "warn"),
    }
    assert shown <= expected


@pytest.mark.parametrize(
    "table", [table for table in MEASURED_TABLES if table is not BDL_GAMES], ids=lambda table: table.name
)
def test_every_check_fails_when_games_were_played_and_there_are_no_rows(
    leagues: dict[int, League], table: Table
) -> None:
    verdicts = leagues[FEW_GAMES].verdicts(table, leagues[FEW_GAMES].frames[table.name].iloc[:0])
    assert {name: verdict.outcome for name, verdict in verdicts.items() if verdict.check.due} == {
        check.name: "error" for check in checks_of(table) if check.due
    }
    assert any(check.due and check.blocking for check in checks_of(table))
    blind = {verdict.reason for verdict in verdicts.values() if verdict.check.due and not verdict.rows_looked_at}
    assert blind == {"looked at no rows although 3 final games were played"}


@pytest.mark.parametrize("table", MEASURED_TABLES, ids=lambda table: table.name)
def test_a_week_without_games_passes_and_says_so(leagues: dict[int, League], table: Table) -> None:
    verdicts = leagues[FEW_GAMES].verdicts(table, leagues[FEW_GAMES].frames[table.name].iloc[:0], week=NEXT_FRIDAY)
    assert {verdict.outcome for verdict in verdicts.values()} == {"pass"}
    assert {verdict.reason for verdict in verdicts.values()} <= {"no games", "no rows to look at"}


def test_a_seasons_first_week_may_list_only_who_played(tmp_path: Path) -> None:
    warehouse, week = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb"), league_week()
    publish(warehouse, BDL_GAMES, WeeklyRows(week.games), [WEEK])
    first_week = League(warehouse, {}).verdicts(PLAYER_GAME_SUMMARY, EVERYBODY_PLAYS(week.player_summary))
    assert first_week[MINUTES_NULL].outcome == "pass"


def test_games_not_played_yet_need_no_box_scores(leagues: dict[int, League]) -> None:
    waiting = {"status": "2021-12-24T00:30:00Z", "period": 0, "home_score": 0, "visitor_score": 0}
    frame = league_week(NEXT_FRIDAY, FEW_GAMES).games.assign(**waiting)
    verdicts = leagues[FEW_GAMES].verdicts(BDL_GAMES, frame, NEXT_FRIDAY)
    assert {verdict.outcome for verdict in verdicts.values()} == {"pass"}
    assert {verdict.final_games for verdict in verdicts.values()} == {0}


WARMTH = Check(
    BDL_GAMES,
    "warmth",
    "",
    (Threshold("warm", Range(0, 1), "", warn_range=Range(0, 2)), Threshold("dry", Range(0, 1), "")),
    blocking=True,
    why="",
    remedy="",
)


@pytest.mark.parametrize(
    ("measured", "games", "outcome", "reason"),
    [
        (
            {"rows_looked_at": 5, "warm": 0.5, "dry": 1.0},
            2,
            "pass",
            "warm 0.5 is within the bound >= 0 and <= 1; dry 1",
        ),
        ({"rows_looked_at": 5, "warm": 1.5, "dry": 1.0}, 2, "warn", "warm 1.5 is outside the bound >= 0 and <= 1"),
        ({"rows_looked_at": 5, "warm": 1.5, "dry": 7.0}, 2, "error", "dry 7 is outside the bound >= 0 and <= 1"),
        ({"rows_looked_at": 5, "warm": float("nan"), "dry": 0.0}, 2, "error", "warm could not be measured"),
        ({"rows_looked_at": 0, "warm": 0.0, "dry": 0.0}, 2, "error", "looked at no rows although 2 final games"),
        (None, 2, "error", "looked at no rows although 2 final games were played"),
        (None, 0, "pass", "no games"),
    ],
    ids=["within", "warm", "worst decides", "not a number", "zero rows", "no row", "no games"],
)
def test_a_verdict_is_the_worst_of_its_metrics_with_its_reason(
    measured: dict[str, float] | None, games: int, outcome: str, reason: str
) -> None:
    verdict = evaluate(WARMTH, WEEK, measured, games)
    assert verdict.outcome == outcome
    assert verdict.reason.startswith(reason)
    assert verdict.refuses is (outcome == "error")
