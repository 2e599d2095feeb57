"""Accuracy of the graded predictions by week and season, compared with the expert formula on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nba_assets.model.comparison import SCORING_TIERS
from nba_assets.partitions import season_name
from nba_assets.reports.backfill_text import as_image, new_figure
from nba_assets.tables.model import COVERAGES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEEKS_OF_ACCURACY = """
SELECT week, season, COUNT(*) AS graded, AVG(absolute_error) AS model, AVG(mock_absolute_error) AS mock,
       AVG(error) AS bias, AVG(CASE WHEN within_3 THEN 1.0 ELSE 0.0 END) AS within_3,
       AVG(CASE WHEN within_5 THEN 1.0 ELSE 0.0 END) AS within_5
FROM nba_predictions.prediction_accuracy
WHERE graded AND mock_absolute_error IS NOT NULL AND game_date BETWEEN @first AND @last
GROUP BY week, season ORDER BY week
"""
_TIER = "\n".join(f"WHEN predicted_points < {high} THEN '{tier}'" for tier, (_, high) in SCORING_TIERS.items())
_INSIDE = ", ".join(
    f"AVG(CASE WHEN in_interval_{coverage} THEN 1.0 WHEN NOT in_interval_{coverage} THEN 0.0 END) AS inside_{coverage}"
    for coverage in COVERAGES
)
TIERS_OF_ACCURACY = f"""
SELECT CASE {_TIER} END AS tier, COUNT(*) AS graded, AVG(absolute_error) AS model, AVG(error) AS bias,
       AVG(mean_error) AS mean_bias, {_INSIDE}
FROM nba_predictions.prediction_accuracy
WHERE graded AND mock_absolute_error IS NOT NULL AND game_date BETWEEN @first AND @last
GROUP BY tier ORDER BY MIN(predicted_points)
"""
BIAS = (
    "`predicted_points` is the median: half of the points are above it. As points are skewed, their mean is higher, so "
    "the bias of the median is below zero. To add up points, use `mean_points`."
)
MEANS = ["model", "mock", "bias", "within_3", "within_5"]


def by_season(weeks: pd.DataFrame) -> pd.DataFrame:
    """One row per season and one for all seasons (season NULL); means of weeks are weighted by graded rows."""
    weighted = weeks[MEANS].mul(weeks["graded"], axis=0).assign(graded=weeks["graded"], season=weeks["season"])
    sums = pd.concat(
        [weighted.groupby("season").sum().reset_index(), weighted.drop(columns="season").sum().to_frame().T]
    )
    return sums.assign(**{mean: sums[mean] / sums["graded"] for mean in MEANS}).reset_index(drop=True)


def markdown(weeks: pd.DataFrame, tiers: pd.DataFrame) -> str:
    """A table of seasons, one of tiers of predicted points (the rows of TIERS_OF_ACCURACY), and a chart of weeks."""
    lines = [
        "| season | graded | MAE of the model | MAE of the mock | ratio | within 3 | within 5 | bias |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for line in by_season(weeks).itertuples():
        name = "**all**" if np.isnan(line.season) else season_name(int(line.season))
        lines.append(
            f"| {name} | {line.graded:,.0f} | {line.model:.3f} | {line.mock:.3f} | {line.model / line.mock:.3f} "
            f"| {line.within_3:.1%} | {line.within_5:.1%} | {line.bias:+.2f} |"
        )
    chart = f"![Error by week]{as_image(error_chart(weeks))}"
    return "\n".join([*lines, "", BIAS, "", *_reliability(tiers), "", chart])


def _reliability(tiers: pd.DataFrame) -> list[str]:
    """By tier: errors, and the share of points inside the intervals, which should be what the interval is named for."""
    held = " | ".join(f"inside {coverage} %" for coverage in COVERAGES)
    lines = [
        f"| predicted points | graded | MAE | bias of the median | bias of the mean | {held} |",
        "|---" + "|---:" * (4 + len(COVERAGES)) + "|",
    ]
    for tier in tiers.to_dict("records"):
        inside = " | ".join(_known(tier[f"inside_{coverage}"], ".1%") for coverage in COVERAGES)
        lines.append(
            f"| {tier['tier']} | {tier['graded']:,.0f} | {tier['model']:.3f} | {tier['bias']:+.2f} "
            f"| {_known(tier['mean_bias'], '+.2f')} | {inside} |"
        )
    return lines


def _known(value: float, spec: str) -> str:
    return "" if pd.isna(value) else format(value, spec)


def error_chart(weeks: pd.DataFrame) -> Figure:
    """Mean absolute error of each week's own model and of the expert formula, on the same rows."""
    figure = new_figure(9, 3.2)
    axes = figure.subplots()
    days = pd.to_datetime(weeks["week"])
    for season in sorted(weeks["season"].unique()):
        chosen = (weeks["season"] == season).to_numpy()
        first = season == weeks["season"].min()
        axes.plot(days[chosen], weeks["mock"][chosen], color="#b8b8b8", label="mock" if first else None)
        axes.plot(days[chosen], weeks["model"][chosen], color="#2a6f97", label="model of the week" if first else None)
    axes.set_ylabel("mean absolute error in points")
    axes.set_title("Error by week, before tip-off, on the same rows", fontsize=10)
    axes.legend(fontsize=8)
    return figure
