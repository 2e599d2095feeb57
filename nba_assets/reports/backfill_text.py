"""The backfill report as Markdown, and its chart."""

from __future__ import annotations

import base64
import io
import math
from typing import TYPE_CHECKING

import pandas as pd

from nba_assets.partitions import season_name, weeks_as_ranges
from nba_assets.reports.backfill_report import BOUNDS, Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEASON_COLOURS = ("#2a6f97", "#e07a5f", "#3d8361", "#8d6a9f", "#c9a227", "#6b705c")
COUNTS = ("summary rows", "raw rows", "games", "player-games played")
CHART = "\n\n![NULL rate by month]"


def markdown(report: Report) -> str:
    """The report without its chart, for Dagit and the terminal."""
    lines = [
        f"# Backfill report: {report.decision}",
        "",
        f"{report.first} to {report.last}, {report.weeks} weeks.",
        "",
        *(f"- {reason}" for reason in report.reasons or ["every bound is met"]),
        "",
        "## What was measured",
        "",
        "| measure | value | success | decision | bound from |",
        "|---|---:|---|---|---|",
    ]
    for bound in BOUNDS:
        value, decision = report.measures[bound.measure], report.decisions[bound.measure]
        lines.append(
            f"| {bound.measure} | {_number(bound.measure, value)} | {bound.success} | {decision} | {bound.origin} |"
        )
    for measure in ("games", "player-games played"):
        lines.append(f"| {measure} | {_number(measure, report.measures[measure])} | | | |")
    lines += ["", "## Volume and NULL rate by season and month", "", *_months_table(report.months), ""]
    lines += ["```", bars(report.months), "```", "", "## Spot checks", ""]
    for check in report.spot_checks:
        lines += [f"{check.title}: {'adds up' if check.right else 'DOES NOT ADD UP'}", ""]
        lines += [*(f"- {finding}" for finding in check.findings), ""]
    lines += ["## Checks", "", *_checks_table(report.checks), ""]
    lines += ["## Weeks", "", f"{report.weeks - len(report.unpublished)} of {report.weeks} weeks published."]
    if report.unpublished:
        lines += [
            "",
            "Not published: " + ", ".join(weeks_as_ranges(report.unpublished)) + ". Read their failed checks.",
        ]
    return "\n".join(lines)


def _number(measure: str, value: float) -> str:
    if math.isnan(value):
        return "no games"
    return f"{value:,.0f}" if measure in COUNTS else f"{value:.1%}"


def _checks_table(checks: pd.DataFrame) -> list[str]:
    if checks.empty:
        return ["Every check of every published week passed."]
    counts = checks.groupby("outcome")["weeks"].sum()
    lines = [
        f"{counts.get('error', 0)} failed and {counts.get('warn', 0)} warned, counted by week.",
        "",
        "| table | check | outcome | weeks | first |",
        "|---|---|---|---:|---|",
    ]
    for check in checks.itertuples():
        lines.append(
            f"| {check.table_name} | {check.check_name} | {check.outcome} | {check.weeks} | {check.first_week} |"
        )
    return lines


def _months_table(months: pd.DataFrame) -> list[str]:
    lines = ["| season | month | rows | games | played | NULL rate |", "|---|---|---:|---:|---:|---:|"]
    for season, of_season in months.groupby("season"):
        name = season_name(season)
        for month in of_season.itertuples():
            lines.append(
                f"| {name} | {month.year}-{month.month:02d} | {month.row_count:,} "
                f"| {month.games:,} | {month.played:,} | {month.null_rate:.1%} |"
            )
        null_rate = (of_season["null_rate"] * of_season["row_count"]).sum() / of_season["row_count"].sum()
        lines.append(
            f"| **{name}** | **all** | **{of_season['row_count'].sum():,}** "
            f"| **{of_season['games'].sum():,}** | **{of_season['played'].sum():,}** | **{null_rate:.1%}** |"
        )
    return lines


def months_chart(months: pd.DataFrame) -> Figure:
    """Bars by month, one colour per season: the NULL rate with the range the hand-off expects, and rows per game."""
    figure = new_figure(9, 5.6)
    null_rate, rows_per_game = figure.subplots(2, sharex=True)
    labels = [f"{month.year}-{month.month:02d}" for month in months.itertuples()]
    seasons = sorted(months["season"].unique())
    colours = [SEASON_COLOURS[seasons.index(season) % len(SEASON_COLOURS)] for season in months["season"]]
    null_rate.bar(range(len(months)), months["null_rate"], color=colours)
    null_rate.axhspan(0.35, 0.45, color="#b7c9b0", alpha=0.4, label="expected over the whole range: 35 to 45 %")
    null_rate.set_ylim(0, 1)
    null_rate.set_ylabel("minutes NULL")
    null_rate.set_title("Share of rows without minutes, and rows per game, by month", fontsize=10)
    null_rate.legend(fontsize=8)
    rows_per_game.bar(range(len(months)), months["row_count"] / months["games"], color=colours)
    rows_per_game.set_ylabel("rows per game")
    rows_per_game.set_xticks(range(len(months)), labels, rotation=90, fontsize=7)
    return figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; width and height in inches."""
    from matplotlib.figure import Figure  # takes a second to import, so only when something is drawn

    return Figure(figsize=(width, height), layout="constrained")


def as_image(figure: Figure) -> str:
    """The figure as the address part of a Markdown image, in parentheses."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return f"(data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"


def bars(months: pd.DataFrame, width: int = 50) -> str:
    """A bar chart of the monthly NULL rate as text."""
    lines = []
    for month in months.itertuples():
        bar = "#" * round(month.null_rate * width)
        lines.append(f"{month.year}-{month.month:02d} {bar:<{width}} {month.null_rate:6.1%}")
    return "\n".join(lines)
