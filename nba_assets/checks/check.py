"""What a check and its thresholds are: values. Each module beside this one declares those of some tables."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from nba_assets.tables import Table

HAND_OFF = "hand-off documents of the previous system"
SEASONS = "measured on the real seasons 2021-22 to 2023-24"
DESIGN = "set by the design"
DEFINITION = "true by definition"

ASK_AGAIN = "materialize the week again once the source is repaired; nothing downstream was computed from it."
FINAL_GAMES = """
SELECT week, COUNT(*) AS games FROM {final_games} AS game GROUP BY week
"""
"""What rows are due for, by default: the week's final games."""


class Outcome(enum.StrEnum):
    """How a metric, or a check by its worst metric, turned out."""

    PASS = "pass"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Range:
    """Numbers from `at_least` to `at_most`, and under `below`; a side left out is open."""

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
    """An asset check: what `sql`, or where it is empty the asset itself, measures each week against the thresholds.

    sql gives one row a week: `week`, `rows_looked_at` (rows or games a value was computed from), each threshold's
    metric and, where there is one, `named`: the days, games or players that are wrong. The same text runs on DuckDB and
    BigQuery; `measure` says what the names in braces stand for.

    blocking: an error keeps the week's new rows from being published. why: what the check protects from.
    remedy: what to do when it fails. due: SQL that counts, by week, what rows are due for (final games by default); a
    week that has some but no row to look at is an error. None where a week may rightly have no row.
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
        effect = "An error keeps the week from being published." if self.blocking else "It does not hold the week back."
        return f"{self.why} Passes when {bounds}. {effect} If it fails: {self.remedy}"
