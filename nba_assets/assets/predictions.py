"""Predictions of points by each week's own model, and their accuracy."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from nba_assets.errors import WarehouseError
from nba_assets.model.artifacts import ModelStore
from nba_assets.model.predictions import grade, predict_week
from nba_assets.partitions import WEEKS, last_day, weeks_of_keys
from nba_assets.reports import accuracy_report as report
from nba_assets.tables.asset_keys import ACCURACY_REPORT, group_of
from nba_assets.tables.model import PLAYER_POINTS, PREDICTION_ACCURACY
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.asset import OWNERS, SameWeek, weekly_asset

BEATS_MOCK = "beats_mock"


@weekly_asset(PLAYER_POINTS, code_version="2", kinds={"xgboost"})
def player_points(
    model_store: dg.ResourceParam[ModelStore],
    player_game_features: SameWeek,
    xgboost_model: SameWeek,
    weeks: Sequence[dt.date],
) -> pd.DataFrame:
    """Weeks before the first model have no predictions."""
    of_week = dict(zip(xgboost_model["week"], xgboost_model["model_id"], strict=True))
    predicted = [
        predict_week(player_game_features.loc[player_game_features["week"] == week], model_store.load(of_week[week]))
        for week in weeks
        if week in of_week
    ]
    return pd.concat(predicted, ignore_index=True) if predicted else pd.DataFrame(columns=PLAYER_POINTS.column_names)


@weekly_asset(PREDICTION_ACCURACY, code_version="2", kinds={"pandas"})
def prediction_accuracy(player_points: SameWeek, player_game_summary: SameWeek) -> pd.DataFrame:
    """Final games only: predictions of future games are graded when the week is materialized again."""
    return grade(player_points, player_game_summary)


@dg.asset(
    key=ACCURACY_REPORT,
    deps=[PREDICTION_ACCURACY.asset_key],
    group_name=group_of(ACCURACY_REPORT),
    owners=OWNERS,
    kinds={"sql", "matplotlib"},
    code_version="2",
    check_specs=[
        dg.AssetCheckSpec(
            BEATS_MOCK,
            asset=ACCURACY_REPORT,
            description="Over the whole history the weekly models' mean absolute error is below the expert formula's "
            "on the same rows. If it fails, do not use the predictions: see the checks of the features and "
            "model_comparison.",
        )
    ],
)
def accuracy_report(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult:
    """Error of the predictions and of the expert formula, by season and week. Open its Markdown."""
    known = weeks_of_keys(WEEKS.get_partition_keys())
    try:
        dates = {"first": known[0], "last": last_day(known[-1])}
        weeks = warehouse.query(report.WEEKS_OF_ACCURACY, dates)
        tiers = warehouse.query(report.TIERS_OF_ACCURACY, dates)
    except WarehouseError as error:
        raise dg.Failure(f"{error}. The last report was not changed.", allow_retries=False) from None
    if weeks.empty:
        return dg.MaterializeResult(
            metadata={"graded rows": 0}, check_results=[_beats_mock(False, "no prediction is graded yet", 0)]
        )
    whole = report.by_season(weeks).iloc[-1]
    errors = f"MAE {whole['model']:.3f} of the model, {whole['mock']:.3f} of the mock"
    return dg.MaterializeResult(
        metadata={
            "report": dg.MetadataValue.md(report.markdown(weeks, tiers)),
            "graded rows": int(whole["graded"]),
            "MAE of the model": float(whole["model"]),
            "MAE of the mock": float(whole["mock"]),
        },
        check_results=[_beats_mock(bool(whole["model"] < whole["mock"]), errors, int(whole["graded"]))],
    )


def _beats_mock(passed: bool, reason: str, rows: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=BEATS_MOCK,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=reason,
        metadata={"reason": reason, "rows_looked_at": rows},
    )
