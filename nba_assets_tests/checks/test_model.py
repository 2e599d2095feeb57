"""The checks of features, models and predictions on right weeks, and on weeks that are wrong in exactly one way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nba_assets.checks.audit import Verdict, audit, evaluate
from nba_assets.checks.catalogue import checks_of
from nba_assets.checks.model import NO_TARGET_LEAKAGE
from nba_assets.tables import BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, Table
from nba_assets.tables.features import FEATURES
from nba_assets.tables.model import (
    COVERAGES,
    PLAYER_GAME_FEATURES,
    PLAYER_POINTS,
    PREDICTION_ACCURACY,
    XGBOOST_MODEL,
)
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import WEEK, league_week
from nba_assets_tests.support.wrong_weeks import Change, drop, repeat_first, set_values

TRAILING = [WEEK - dt.timedelta(days=7 * back) for back in range(5, 0, -1)]
TABLES = (PLAYER_GAME_FEATURES, PLAYER_POINTS, PREDICTION_ACCURACY)
RULED_OUT = "player_id % 100 == 14"
Judge = Callable[[Table, pd.DataFrame], dict[str, Verdict]]


def features(week: dt.date = WEEK) -> pd.DataFrame:
    """Features of the 90 player-games of the small week; the last man of each roster is ruled out."""
    summary = league_week(week).player_summary
    values = pd.DataFrame(dict.fromkeys([feature.name for feature in FEATURES], 1.0), index=summary.index)
    rows = pd.concat([summary.drop(columns=summary.columns.intersection(values.columns)), values], axis=1)
    rows = rows.assign(points=rows["pts"], ruled_out=rows.eval(RULED_OUT), games_this_season=5)
    return rows.reindex(columns=PLAYER_GAME_FEATURES.column_names)


def predictions(week: dt.date = WEEK) -> pd.DataFrame:
    rows = features(week).query("~ruled_out").assign(model_id="a model", predicted_points=9.0, mock_points=8.0)
    ends = {f"interval_{coverage}_{end}": 9.0 for coverage in COVERAGES for end in ("low", "high")}
    return rows.assign(last_10_points=8.0, mean_points=9.5, **ends)[PLAYER_POINTS.column_names]


def accuracy(week: dt.date = WEEK) -> pd.DataFrame:
    """Graded rows whose errors are 3, 4 and 5 points in turn; the expert formula is off by 4.5; intervals hold what
    they are named for."""
    rows = predictions(week)
    errors = 3.0 + np.arange(len(rows)) % 3
    graded = {"graded": True, "void_reason": None, "points": 9.0 - errors, "error": errors, "absolute_error": errors}
    place = np.arange(len(rows)) / len(rows)
    inside = {f"in_interval_{coverage}": place < coverage / 100 for coverage in COVERAGES}
    rows = rows.assign(**graded, mock_absolute_error=4.5, within_3=errors <= 3, within_5=True, mean_error=0.5, **inside)
    return rows[PREDICTION_ACCURACY.column_names]


def leakage_in(rows: pd.DataFrame) -> pd.DataFrame:
    """What the asset measures while it makes the rows, of a feature that is the target itself."""
    leaking = [feature.name for feature in FEATURES if len(rows) and rows[feature.name].equals(rows["points"])]
    measured = {"rows_looked_at": len(rows), "leaking_features": len(leaking), "named": ", ".join(leaking)}
    return pd.DataFrame([{"week": WEEK} | measured])


RIGHT = {PLAYER_GAME_FEATURES: features, PLAYER_POINTS: predictions, PREDICTION_ACCURACY: accuracy}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What the checks of a table say of a frame, staged beside right weeks and five weeks of earlier accuracy."""
    warehouse = DuckDBWarehouse(path=f"{tmp_path_factory.mktemp('league')}/nba.duckdb")
    league = league_week()
    for table, frame in (
        (BDL_GAMES, league.games),
        (BDL_PLAYER_BOXSCORES, league.box_scores),
        (PLAYER_GAME_SUMMARY, league.player_summary),
        (PLAYER_GAME_FEATURES, features()),
    ):
        (result,) = publish(warehouse, table, WeeklyRows(frame), [WEEK])
        assert result.published, result.refusals
    publish(warehouse, PREDICTION_ACCURACY, WeeklyRows(pd.concat(map(accuracy, TRAILING))), TRAILING)

    def verdicts(table: Table, frame: pd.DataFrame) -> dict[str, Verdict]:
        with warehouse.stage(table, to_arrow(frame.reset_index(drop=True), table)) as staged:
            measured = {NO_TARGET_LEAKAGE: leakage_in(frame)} if table is PLAYER_GAME_FEATURES else {}
            audited = audit(staged.query, table, [WEEK], {table.name: staged.name}, measured)
        return {verdict.check.name: verdict for verdict in audited[WEEK]}

    return verdicts


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_check_passes_on_the_right_week_and_says_how_much_it_looked_at(judge: Judge, table: Table) -> None:
    verdicts = judge(table, RIGHT[table]())
    assert {name: verdict.outcome for name, verdict in verdicts.items()} == {
        check.name: "pass" for check in checks_of(table)
    }
    assert all(verdict.rows_looked_at >= 84 for verdict in verdicts.values())


def games_of(count: int) -> Change:
    """Keep `count` predictions of each game, or add new players up to it."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        more = [frame.assign(player_id=frame["player_id"] + 10_000 * copy) for copy in range(2)]
        return pd.concat(more).groupby("game_id").head(count)

    return change


def inside(coverage: int, share: float) -> Change:
    """That share of the points lies in the interval."""
    return lambda frame: frame.assign(**{f"in_interval_{coverage}": np.arange(len(frame)) < share * len(frame)})


def errors_times(factor: float, mock: float = 4.5) -> Change:
    return lambda frame: frame.assign(absolute_error=frame["absolute_error"] * factor, mock_absolute_error=mock)


WRONG: list[tuple[Table, str, str, str, Change]] = [
    (PLAYER_GAME_FEATURES, "row_integrity", "duplicate_keys", "error", repeat_first("index == 0")),
    (PLAYER_GAME_FEATURES, "rows_of_the_summary", "summary_rows_without_features", "error", drop("index == 0")),
    (
        PLAYER_GAME_FEATURES,
        NO_TARGET_LEAKAGE,
        "leaking_features",
        "error",
        lambda rows: rows.assign(days_rest=rows["points"]),
    ),
    (
        PLAYER_GAME_FEATURES,
        "null_features",
        "form_null_share",
        "warn",
        set_values("index < 2", points_avg_last_10=None),
    ),
    (
        PLAYER_GAME_FEATURES,
        "null_features",
        "form_null_share",
        "error",
        set_values("index < 9", minutes_avg_last_10=None),
    ),
    (
        PLAYER_GAME_FEATURES,
        "null_features",
        "context_null_share",
        "warn",
        set_values("index < 9", opponent_def_rating_last_15=None),
    ),
    (
        PLAYER_GAME_FEATURES,
        "null_features",
        "context_null_share",
        "error",
        set_values("index < 50", team_pace_last_10=None),
    ),
    (PLAYER_POINTS, "row_integrity", "duplicate_keys", "error", repeat_first("index == 0")),
    (PLAYER_POINTS, "predictions_per_game", "fewest_predictions", "warn", games_of(14)),
    (PLAYER_POINTS, "predictions_per_game", "fewest_predictions", "error", games_of(11)),
    (PLAYER_POINTS, "predictions_per_game", "most_predictions", "warn", games_of(45)),
    (PLAYER_POINTS, "predictions_per_game", "most_predictions", "error", games_of(56)),
    (
        PLAYER_POINTS,
        "predictions_per_game",
        "ruled_out_predicted",
        "error",
        set_values("player_id % 100 == 13", first=1, player_id=14),
    ),
    (
        PLAYER_POINTS,
        "predicted_range",
        "lowest_prediction",
        "error",
        set_values("index == 0", predicted_points=-0.1),
    ),
    (
        PLAYER_POINTS,
        "predicted_range",
        "highest_prediction",
        "error",
        set_values("index == 0", predicted_points=60.1),
    ),
    (PLAYER_POINTS, "predicted_range", "mean_prediction", "error", set_values("index >= 0", predicted_points=4.9)),
    (PREDICTION_ACCURACY, "row_integrity", "duplicate_keys", "error", repeat_first("index == 0")),
    (PREDICTION_ACCURACY, "error_against_mock", "mean_absolute_error", "warn", errors_times(1.6, mock=9.0)),
    (PREDICTION_ACCURACY, "error_against_mock", "error_ratio_to_mock", "warn", errors_times(1.0, mock=3.7)),
    (
        PREDICTION_ACCURACY,
        "error_against_trailing_weeks",
        "standard_errors_from_trailing_weeks",
        "warn",
        errors_times(1.15, mock=9.0),
    ),
    (
        PREDICTION_ACCURACY,
        "error_against_trailing_weeks",
        "standard_errors_from_trailing_weeks",
        "warn",
        errors_times(0.5),
    ),
    *(
        (
            PREDICTION_ACCURACY,
            "interval_coverage",
            f"standard_errors_of_{coverage}_percent",
            "warn",
            inside(coverage, share),
        )
        for coverage, share in ((50, 0.2), (80, 0.55), (90, 0.7))
    ),
]


@pytest.mark.parametrize(
    ("table", "check", "metric", "outcome", "change"), WRONG, ids=[f"{case[1]} {case[2]} {case[3]}" for case in WRONG]
)
def test_a_wrong_week_is_found_by_its_check(
    judge: Judge, table: Table, check: str, metric: str, outcome: str, change: Change
) -> None:
    verdict = judge(table, change(RIGHT[table]().reset_index(drop=True)))[check]
    outcomes = {measurement.threshold.metric: measurement.outcome for measurement in verdict.measurements}
    assert outcomes[metric] == outcome
    assert verdict.outcome == outcome
    assert metric in verdict.reason
    assert verdict.refuses is (outcome == "error" and verdict.check.blocking)


def test_features_of_no_row_fail_where_games_were_played(judge: Judge) -> None:
    verdicts = judge(PLAYER_GAME_FEATURES, features().iloc[:0])
    assert verdicts["row_integrity"].refuses
    assert verdicts["rows_of_the_summary"].refuses


def test_intervals_that_hold_everything_are_as_wrong_as_those_that_hold_too_little(judge: Judge) -> None:
    verdict = judge(PREDICTION_ACCURACY, inside(50, 1.0)(accuracy()))["interval_coverage"]
    assert verdict.outcome == "warn"
    assert "the 50 % interval held 100.0 %; the 80 % interval held 81.0 %" in verdict.reason


def test_rows_without_intervals_are_not_judged_by_them(judge: Judge) -> None:
    without = accuracy().assign(**{f"in_interval_{coverage}": None for coverage in COVERAGES})
    verdict = judge(PREDICTION_ACCURACY, without)["interval_coverage"]
    assert (verdict.outcome, verdict.reason) == ("pass", "no rows to look at")


@pytest.mark.parametrize(
    ("last_game", "outcome"),
    [
        pytest.param(dt.date(2022, 4, 10), "pass", id="the regular season ends on its Sunday"),
        pytest.param(dt.date(2022, 4, 14), "warn", id="it goes on to Thursday"),
    ],
)
def test_errors_may_rise_in_the_last_week_of_the_regular_season(
    last_game: dt.date, outcome: str, tmp_path: Path
) -> None:
    week = dt.date(2022, 4, 8)
    before = [week - dt.timedelta(days=7 * back) for back in range(5, 0, -1)]
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")
    games = league_week(week).games
    games["game_date"] = [week, week, last_game]
    publish(warehouse, BDL_GAMES, WeeklyRows(games), [week])
    rows = pd.concat([*map(accuracy, before), errors_times(1.6, mock=9.0)(accuracy(week))])
    publish(warehouse, PREDICTION_ACCURACY, WeeklyRows(rows), [*before, week])

    verdicts = {verdict.check.name: verdict for verdict in audit(warehouse.query, PREDICTION_ACCURACY, [week])[week]}

    assert verdicts["error_against_trailing_weeks"].outcome == outcome


def test_a_season_that_has_just_begun_is_not_measured_against_weeks_it_has_not(judge: Judge) -> None:
    first = accuracy(TRAILING[0])
    warehouse_of_one_week = judge(PREDICTION_ACCURACY, first.iloc[:0])["error_against_trailing_weeks"]
    assert (warehouse_of_one_week.outcome, warehouse_of_one_week.rows_looked_at) == ("pass", 0)


TRAINED = {
    "rows_looked_at": 5000,
    "training_rows": 5000,
    "days_from_training_to_week": 1,
    "top_three_gain_share": 0.5,
    "context_gain_share": 0.2,
}


@pytest.mark.parametrize(
    ("check", "measured", "outcome"),
    [
        pytest.param("trained_on_the_past", {}, "pass", id="rows enough, all earlier"),
        pytest.param("trained_on_the_past", {"training_rows": 199}, "error", id="199 rows"),
        pytest.param("trained_on_the_past", {"days_from_training_to_week": 0}, "error", id="a game of the week itself"),
        pytest.param("gain_shares", {}, "pass", id="gain well spread"),
        pytest.param("gain_shares", {"top_three_gain_share": 0.6}, "warn", id="three features of 60 %"),
        pytest.param("gain_shares", {"context_gain_share": 0.049}, "warn", id="context of 4.9 %"),
    ],
)
def test_a_trained_model_is_judged_by_its_card(check: str, measured: dict[str, float], outcome: str) -> None:
    (known,) = [each for each in checks_of(XGBOOST_MODEL) if each.name == check]
    verdict = evaluate(known, WEEK, TRAINED | measured, 0)
    assert verdict.outcome == outcome
    assert verdict.rows_looked_at == 5000
    assert verdict.refuses is (outcome == "error" and known.blocking)


def test_every_threshold_of_the_model_is_seen_to_fail() -> None:
    shown = {(table.name, check, metric) for table, check, metric, _, _ in WRONG}
    expected = {
        (check.table.name, check.name, threshold.metric)
        for table in TABLES
        for check in checks_of(table)
        for threshold in check.thresholds
    }
    # Rows outside their week are shown on the box-score tables: it is the same check.
    assert {each for each in expected - shown if each[2] != "rows_outside_week"} == set()
