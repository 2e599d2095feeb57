"""The state of every week as Markdown, for Dagit and the terminal."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from nba_assets.partitions import last_day, season_name, season_of, weeks_as_ranges
from nba_assets.reports.health import FINE, State, worst

NEXT = {
    State.FAILED: "read its failed checks, repair the source, then materialize these weeks",
    State.NEVER_RUN: "materialize these weeks",
    State.ROWS_MISSING: "restore the warehouse, or materialize these weeks",
    State.LOG_DISAGREES: "was the file replaced, or does it belong to another source? Then materialize these weeks",
    State.INCOMPLETE: "materialize these weeks with refresh: true; if they stay incomplete, read their failed checks",
    State.STALE: "materialize these weeks",
}
NAMED_ASSETS = 3  # in a line; the others are counted


def markdown(states: pd.DataFrame, in_progress: dt.date) -> str:
    """states: `health.classify`'s rows."""
    by_week = worst(states)
    fine = int(by_week.isin(FINE).sum())
    lines = [
        f"# Data health: {fine} of {len(by_week)} weeks are complete",
        "",
        f"{by_week.index[0]} to {last_day(by_week.index[-1])}; the week in progress is {in_progress}.",
        "",
        *_months(by_week),
        "",
    ]
    wrong = by_week[~by_week.isin(FINE)]
    if len(wrong):
        lines += ["## Weeks that are not complete", "", "| weeks | what | next |", "|---|---|---|"]
        lines += _lines(states[states["week"].isin(wrong.index)], wrong)
    return "\n".join(lines).rstrip()


def _months(by_week: pd.Series[State]) -> list[str]:
    """One line per season and month, with the number of weeks in each state."""
    head = "| season | month | weeks | " + " | ".join(State) + " |"
    lines = [head, "|---|---|" + "---:|" * (len(State) + 1)]
    months = [(season_name(season_of(week)), f"{week:%Y-%m}") for week in by_week.index]
    for (season, month), of_month in by_week.groupby(pd.MultiIndex.from_tuples(months)):
        counts = [int((of_month == state).sum()) for state in State]
        cells = " | ".join(str(count or "") for count in counts)
        lines.append(f"| {season} | {month} | {len(of_month)} | {cells} |")
    return lines


def _lines(states: pd.DataFrame, wrong: pd.Series[State]) -> list[str]:
    """One line for all weeks with the same problem and the same next step."""
    lines: dict[tuple[str, str], list[dt.date]] = {}
    for week, of_week in states.groupby("week", sort=True):
        lines.setdefault((_what(of_week), NEXT[wrong[week]]), []).append(week)
    return [f"| {', '.join(weeks_as_ranges(weeks))} | {what} | {do} |" for (what, do), weeks in lines.items()]


def _what(of_week: pd.DataFrame) -> str:
    """The assets by state and reason, such as "bdl_games incomplete: ...; player_points, ... and 4 more stale"."""
    parts = []
    for (state, why), rows in of_week[~of_week["state"].isin(FINE)].groupby(["state", "why"], sort=False):
        names = list(rows["asset"])
        more = f" and {len(names) - NAMED_ASSETS} more" if len(names) > NAMED_ASSETS else ""
        parts.append(f"{', '.join(names[:NAMED_ASSETS])}{more} {state}" + (f": {why}" if why else ""))
    return "; ".join(parts).replace("|", "\\|")
