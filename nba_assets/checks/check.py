"""The values that declare a check: thresholds, ranges, SQL and texts. Other modules declare checks with them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nba_assets.tables import Table

HAND_OFF = "hand-off documents of the previous system"
SEASONS = "measured on the real seasons 2021-22 to 2023-24"
DESIGN = "set by the design"
DEFINITION = "true by definition"

FETCH_AGAIN = "materialize the week again once the source is repaired; nothing downstream was computed from it."
FINAL_GAMES = """
SELECT week, COUNT(*) AS games FROM {final_games} AS game GROUP BY week
"""
"""By default, rows are due for the week's final games."""
LISTED_FINAL_GAMES = FINAL_GAMES.replace("{final_games}", "{listed_final_games}")
"""Also for those in quarantine: where nothing at all can be used, rows were due."""


class Outcome(enum.StrEnum):
    """The outcome of a metric, or of a check by its worst metric."""

    PASS = "pass"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Range:
    """Numbers from `at_least` to `at_most` and less than `below`; None leaves a side open."""

    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None

    def __contains__(self, value: float) -> bool:
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )

    def __str__(self) -> str:
        if self.at_least is not None and self.at_least == self.at_most:
            return f"= {self.at_least:g}"
        sides = ((">=", self.at_least), ("<=", self.at_most), ("<", self.below))
        return " and ".join(f"{sign} {bound:g}" for sign, bound in sides if bound is not None)


NONE = Range(at_least=0, at_most=0)


@dataclass(frozen=True)
class Threshold:
    """A metric passes inside `pass_range`, warns outside it but inside `warn_range`, and is an error outside both."""

    metric: str
    pass_range: Range
    origin: str
    warn_range: Range | None = None

    def outcome(self, value: float) -> Outcome:
        if value in self.pass_range:
            return Outcome.PASS
        return Outcome.WARN if self.warn_range is not None and value in self.warn_range else Outcome.ERROR


@dataclass(frozen=True)
class Check:
    """An asset check of each week: `sql`, or the asset itself if `sql` is empty, measures the thresholds' metrics.

    sql returns one row a week: `week`, `rows_looked_at` (rows or games the metrics were computed from), the metrics
    and optionally `named`, the days, games or players that are wrong. It runs on DuckDB and BigQuery; `measure`
    explains the names in braces.

    blocking: an error refuses the week's new rows. why: what must hold. remedy: what to do if it fails.
    due: SQL that counts, by week, the games that rows are due for; a week with such games but no rows is an error. None
    if a week may have no rows.
    """

    table: Table
    name: str
    sql: str
    thresholds: tuple[Threshold, ...]
    blocking: bool
    why: str
    remedy: str
    due: str | None = FINAL_GAMES

    @property
    def description(self) -> str:
        bounds = "; ".join(
            f"{threshold.metric} {threshold.pass_range} ({threshold.origin})" for threshold in self.thresholds
        )
        effect = "An error refuses the week." if self.blocking else "It does not refuse the week."
        return f"{self.why} Passes when {bounds}. {effect} If it fails: {self.remedy}"
