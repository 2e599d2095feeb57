"""The report on graded predictions: means over rows, not over weeks, and a check that can fail."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from nba_assets.assets.predictions import accuracy_report
from nba_assets.partitions import last_day
from nba_assets.reports.accuracy_report import TIERS_OF_ACCURACY, by_season, error_chart, markdown
from nba_assets.tables.model import PREDICTION_ACCURACY
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.checks.test_model import accuracy
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import WEEK

WEEKS = pd.DataFrame(
    [
        # week, season, graded, model, mock, bias, within 3, within 5
        (dt.date(2021, 12, 17), 2021, 100, 4.0, 5.0, 0.5, 0.50, 0.80),
        (dt.date(2021, 12, 24), 2021, 300, 5.0, 6.0, 0.1, 0.30, 0.60),
        (dt.date(2022, 12, 23), 2022, 400, 3.0, 4.0, -0.2, 0.60, 0.90),
    ],
    columns=["week", "season", "graded", "model", "mock", "bias", "within_3", "within_5"],
)


def test_a_season_is_the_mean_of_its_rows_and_not_of_its_weeks() -> None:
    first, second, whole = by_season(WEEKS).round(4).to_dict("records")
    assert (first["season"], first["graded"], first["model"], first["mock"], first["bias"]) == (
        2021,
        400,
        4.75,
        5.75,
        0.2,
    )
    assert (second["season"], second["model"]) == (2022, 3.0)
    assert pd.isna(whole["season"])
    assert (whole["graded"], whole["model"], whole["within_3"]) == (800, 3.875, 0.475)


TIERS = pd.DataFrame(
    [
        # tier, graded, model, bias, mean bias, inside 50, 80, 90
        ("under 5", 500, 2.5, -0.8, 0.05, 0.51, 0.81, 0.9),
        ("5 to 10", 300, 4.5, -0.5, np.nan, np.nan, np.nan, np.nan),
    ],
    columns=["tier", "graded", "model", "bias", "mean_bias", "inside_50", "inside_80", "inside_90"],
)


def test_the_text_names_seasons_and_tiers_and_holds_the_chart() -> None:
    text = markdown(WEEKS, TIERS)
    assert "| under 5 | 500 | 2.500 | -0.80 | +0.05 | 51.0% | 81.0% | 90.0% |" in text
    assert "| 5 to 10 | 300 | 4.500 | -0.50 |  |  |  |  |" in text
    assert "`predicted_points` is the median" in text
    assert "| 2021-22 | 400 | 4.750 | 5.750 | 0.826 | 35.0% | 65.0% | +0.20 |" in text
    assert "| **all** | 800 | 3.875 | 4.875 |" in text
    assert "![Error by week](data:image/png;base64," in text
    assert len(error_chart(WEEKS).axes[0].lines) == 4  # model and mock in each of two seasons


def test_a_tier_has_the_means_of_its_rows_and_the_share_inside_of_those_with_intervals(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")
    rows = accuracy().reset_index(drop=True).assign(mock_absolute_error=4.5)
    rows["predicted_points"] = np.where(rows.index < 60, 4.0, 20.0)
    rows.loc[0:29, "in_interval_80"] = False
    rows.loc[60:, ["mean_error", "in_interval_50", "in_interval_80", "in_interval_90"]] = None
    publish(warehouse, PREDICTION_ACCURACY, WeeklyRows(rows), [WEEK])

    found = warehouse.query(TIERS_OF_ACCURACY, {"first": WEEK, "last": last_day(WEEK)})

    assert found["tier"].tolist() == ["under 5", "20 and more"]
    assert found["graded"].tolist() == [60, 24]
    assert found["inside_80"].tolist()[0] == 0.5
    assert found[["inside_80", "mean_bias"]].isna().loc[1].all()


@pytest.mark.parametrize(
    ("errors", "passed", "told"),
    [
        pytest.param(1.0, True, "MAE 4.000 of the model, 4.500 of the mock", id="better than the mock"),
        pytest.param(1.2, False, "MAE 4.800 of the model, 4.500 of the mock", id="worse than the mock"),
        pytest.param(None, False, "no prediction is graded yet", id="nothing graded"),
    ],
)
def test_the_check_compares_with_the_mock(errors: float | None, passed: bool, told: str, tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(path=f"{tmp_path}/nba.duckdb")
    rows = accuracy() if errors else accuracy().iloc[:0]
    rows = rows.assign(absolute_error=rows["absolute_error"] * (errors or 1.0))
    publish(warehouse, PREDICTION_ACCURACY, WeeklyRows(rows), [WEEK])
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([accuracy_report], instance=instance, resources={"warehouse": warehouse})
    (judged,) = result.get_asset_check_evaluations()
    assert (judged.passed, judged.description) == (passed, told)
    assert judged.severity == dg.AssetCheckSeverity.WARN
    assert judged.metadata["rows_looked_at"].value == (len(rows) if errors else 0)
