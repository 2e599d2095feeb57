"""Charts of a model comparison for Dagit: errors, calibration and gain shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nba_assets.model.comparison import Comparison
from nba_assets.reports.backfill_text import as_image, new_figure
from nba_assets.tables.features import WEEKLY_SET

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, GREY = "#2a6f97", "#b8b8b8"


def comparison_images(comparison: Comparison) -> str:
    """The three charts as Markdown images."""
    charts = {
        "Mean absolute error": error_chart(comparison),
        "Calibration": calibration_chart(comparison),
        "Gain shares": gain_chart(comparison),
    }
    return "\n\n".join(f"![{title}]{as_image(figure)}" for title, figure in charts.items())


def error_chart(comparison: Comparison) -> Figure:
    """Mean absolute error of every contender, the lowest on top; models in blue, baselines in grey."""
    figure = new_figure(8, 3)
    axes = figure.subplots()
    scores = comparison.scores[::-1]
    colours = [BLUE if score.contender in comparison.models else GREY for score in scores]
    axes.barh([score.contender for score in scores], [score.mae for score in scores], color=colours)
    for place, score in enumerate(scores):
        axes.text(score.mae, place, f" {score.mae:.3f}", va="center", fontsize=8)
    axes.set_xlim(min(score.mae for score in scores) * 0.9, max(score.mae for score in scores) * 1.03)
    axes.set_xlabel(f"mean absolute error in points, {scores[0].rows:,} test rows")
    return figure


def calibration_chart(comparison: Comparison) -> Figure:
    """Mean points scored by tenth of the predictions; on the diagonal, predictions are right on average."""
    figure = new_figure(4.5, 4)
    axes = figure.subplots()
    predicted = comparison.predictions[WEEKLY_SET]
    points = comparison.split.test["points"].to_numpy(dtype=float)
    tenths = np.array_split(np.argsort(predicted), 10)
    axes.plot(
        [predicted[tenth].mean() for tenth in tenths], [points[tenth].mean() for tenth in tenths], "o-", color=BLUE
    )
    axes.axline((0, 0), slope=1, color=GREY, linewidth=1)
    axes.set_xlabel(f"points predicted by {WEEKLY_SET}")
    axes.set_ylabel("points scored")
    return figure


def gain_chart(comparison: Comparison, most: int = 15) -> Figure:
    """The features with the highest share of total gain."""
    figure = new_figure(8, 4)
    axes = figure.subplots()
    shares = comparison.models[WEEKLY_SET].card.gain_shares
    ordered = sorted(shares, key=lambda name: shares[name], reverse=True)[:most][::-1]
    axes.barh(ordered, [shares[name] for name in ordered], color=BLUE)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("share of total gain")
    return figure
