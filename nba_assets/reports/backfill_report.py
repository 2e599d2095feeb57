"""Measures a backfill against the bounds of the hand-off documents and decides SUCCESS, PARTIAL or FAILURE.

Measured are volume and NULL rate by season and month, coverage of the raw rows, two games in detail, and missing weeks.
The bounds on volume apply only to the range they were given for, 2021-10-01 to 2024-04-30.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from nba_assets.checks.check import HAND_OFF, SEASONS, Range
from nba_assets.warehouse.interface import Warehouse

HAND_OFF_FIRST, HAND_OFF_LAST = dt.date(2021, 10, 1), dt.date(2024, 4, 30)
SUCCESS, PARTIAL, FAILURE = "SUCCESS", "PARTIAL", "FAILURE"
NOT_JUDGED = "not judged"
_WORST_FIRST = (FAILURE, PARTIAL, SUCCESS)


@dataclass(frozen=True)
class RangeBound:
    """A measure over the whole range: SUCCESS inside `success`, PARTIAL inside `partial`, FAILURE otherwise."""

    measure: str
    success: Range
    partial: Range
    origin: str
    of_hand_off_range: bool = False

    def decide(self, value: float, first: dt.date, last: dt.date) -> str:
        """The decision on `value`; NOT_JUDGED for NaN (no games) and for a volume outside the hand-off's range."""
        other_range = (first, last) != (HAND_OFF_FIRST, HAND_OFF_LAST)
        if math.isnan(value) or (self.of_hand_off_range and other_range):
            return NOT_JUDGED
        if value in self.success:
            return SUCCESS
        return PARTIAL if value in self.partial else FAILURE


BOUNDS = (
    RangeBound("summary rows", Range(120_000, 150_000), Range(at_least=100_000), HAND_OFF, of_hand_off_range=True),
    RangeBound("raw rows", Range(at_least=80_000), Range(at_least=80_000), HAND_OFF, of_hand_off_range=True),
    RangeBound("minutes NULL rate", Range(at_most=0.45), Range(at_most=0.60), HAND_OFF),
    RangeBound("coverage of raw rows", Range(0.70, 1.0), Range(0.70, 1.0), HAND_OFF),
    RangeBound("highest NULL rate of a month", Range(below=0.90), Range(below=0.90), HAND_OFF),
    RangeBound("farthest month from its season's median NULL rate", Range(at_most=0.25), Range(at_most=1.0), SEASONS),
)
BETTER_THAN_EXPECTED = 0.35  # a lower NULL rate of minutes is mentioned, but is no failure (HAND_OFF)

BY_MONTH = """
SELECT season, EXTRACT(YEAR FROM game_date) AS year, EXTRACT(MONTH FROM game_date) AS month, COUNT(*) AS row_count,
       COUNT(DISTINCT game_id) AS games, SUM(CASE WHEN played THEN 1 ELSE 0 END) AS played,
       AVG(CASE WHEN minutes_played IS NULL THEN 1.0 ELSE 0.0 END) AS null_rate
FROM nba_analytics.player_game_summary WHERE game_date BETWEEN @first AND @last
GROUP BY season, year, month ORDER BY year, month, season
"""
RAW_ROWS = """
SELECT COUNT(*) AS row_count
FROM nba_raw.bdl_player_boxscores AS box
JOIN nba_raw.bdl_games AS game ON game.game_id = box.game_id AND game.week = box.week
WHERE game.status = 'Final' AND box.game_date BETWEEN @first AND @last AND game.game_date BETWEEN @first AND @last
"""
PLAYED_GAMES = """
SELECT COUNT(*) AS games FROM nba_raw.bdl_games WHERE status = 'Final' AND game_date BETWEEN @first AND @last
"""
# From the checks of the published tables; errors first.
FAILED_CHECKS = """
SELECT table_name, check_name, outcome, COUNT(DISTINCT week) AS weeks, MIN(week) AS first_week
FROM nba_validation.validation_metrics WHERE outcome <> 'pass' AND week BETWEEN @first_week AND @last_week
GROUP BY table_name, check_name, outcome ORDER BY outcome, weeks DESC, table_name, check_name
"""
SPOT_GAMES = """
SELECT game.game_id, game.game_date, game.visitor_team, game.visitor_score, game.home_team, game.home_score, best.pts,
       game.period, best.player_name
FROM nba_raw.bdl_games AS game
JOIN nba_analytics.player_game_summary AS best ON best.game_id = game.game_id AND best.week = game.week
WHERE game.game_date BETWEEN @first AND @last AND best.game_date BETWEEN @first AND @last AND best.played
ORDER BY best.pts DESC, game.game_date, game.game_id, best.player_name LIMIT 1
"""
LONGEST_GAME = SPOT_GAMES.replace("ORDER BY best.pts DESC,", "ORDER BY game.period DESC, best.pts DESC,")
SPOT_ROWS = """
SELECT team, COUNT(*) AS row_count, SUM(CASE WHEN played THEN 1 ELSE 0 END) AS played, SUM(pts) AS points,
       SUM(minutes_played) AS minutes
FROM nba_analytics.player_game_summary WHERE game_id = @game_id AND game_date BETWEEN @first AND @last
GROUP BY team ORDER BY team
"""


@dataclass(frozen=True)
class SpotCheck:
    """One game in detail: the sums of its player rows against the game's score and length."""

    title: str
    findings: tuple[str, ...]
    right: bool


@dataclass(frozen=True)
class Report:
    """Measures over `first` to `last`, the decision and its reasons. `months`: one row per season and month."""

    first: dt.date
    last: dt.date
    measures: dict[str, float]
    decisions: dict[str, str]
    months: pd.DataFrame
    spot_checks: list[SpotCheck]
    weeks: int
    unpublished: list[dt.date]
    checks: pd.DataFrame
    reasons: list[str] = field(default_factory=list)

    @property
    def decision(self) -> str:
        return next((level for level in _WORST_FIRST if level in self.decisions.values()), FAILURE)


def backfill_report(
    warehouse: Warehouse, first: dt.date, last: dt.date, weeks: Sequence[dt.date], published: set[dt.date]
) -> Report:
    """The report on `first` to `last`. `published`: the weeks of `weeks` that every table has published."""
    window = {"first": first, "last": last}
    months = warehouse.query(BY_MONTH, window)
    raw_rows = int(warehouse.query(RAW_ROWS, window)["row_count"].iloc[0])
    spot_checks = [
        _spot_check(warehouse, what, game, window)
        for what, sql in (("Most points by a player", SPOT_GAMES), ("Most periods", LONGEST_GAME))
        for game in warehouse.query(sql, window).to_dict("records")
    ]
    played = int(warehouse.query(PLAYED_GAMES, window)["games"].iloc[0])
    checks = warehouse.query(FAILED_CHECKS, {"first_week": weeks[0], "last_week": weeks[-1]})
    measures = _measures(months, raw_rows, played)
    decisions = {bound.measure: bound.decide(measures[bound.measure], first, last) for bound in BOUNDS}
    reasons = [
        f"{bound.measure} {measures[bound.measure]:,.6g} is outside {bound.success}"
        for bound in BOUNDS
        if decisions[bound.measure] in (PARTIAL, FAILURE)
    ]
    unpublished = [week for week in weeks if week not in published]
    decisions["weeks published"] = PARTIAL if unpublished else SUCCESS
    if unpublished:
        reasons.append(f"{len(unpublished)} of {len(weeks)} weeks are not published by every table")
    right = all(check.right for check in spot_checks) and (spot_checks or not played)
    decisions["spot checks"] = SUCCESS if right else FAILURE
    failed = checks[checks["outcome"] == "error"]
    decisions["checks"] = PARTIAL if len(failed) else SUCCESS
    for check in failed.head(1).to_dict("records"):
        reasons.append(
            f"{int(failed['weeks'].sum())} checks of published weeks failed, the most often {check['check_name']} of "
            f"{check['table_name']}: {check['weeks']} weeks, the first {check['first_week']}"
        )
    if not played:
        reasons.append("no game was played")
    reasons += [f"spot check: {check.title} does not add up" for check in spot_checks if not check.right]
    if 0 < measures["minutes NULL rate"] < BETTER_THAN_EXPECTED:
        reasons.append(f"minutes NULL rate {measures['minutes NULL rate']:.1%} is better than expected")
    return Report(first, last, measures, decisions, months, spot_checks, len(weeks), unpublished, checks, reasons)


def _measures(months: pd.DataFrame, raw_rows: int, played_games: int) -> dict[str, float]:
    """The measures of BOUNDS and two more. Without rows a rate is NaN, or its worst value if games were played."""
    rows = int(months["row_count"].sum())
    worst, none = (1.0, 0.0) if played_games else (math.nan, math.nan)
    nulls = float((months["null_rate"] * months["row_count"]).sum())
    from_median = months["null_rate"] - months.groupby("season")["null_rate"].transform("median")
    return {
        "summary rows": rows,
        "games": int(months["games"].sum()),
        "player-games played": int(months["played"].sum()),
        "raw rows": raw_rows,
        "minutes NULL rate": nulls / rows if rows else worst,
        "coverage of raw rows": rows / raw_rows if raw_rows else none,
        "highest NULL rate of a month": float(months["null_rate"].max()) if rows else worst,
        "farthest month from its season's median NULL rate": float(from_median.abs().max()) if rows else worst,
    }


def _spot_check(warehouse: Warehouse, what: str, game: dict[str, object], window: dict[str, dt.date]) -> SpotCheck:
    rows = warehouse.query(SPOT_ROWS, {"game_id": game["game_id"], **window}).set_index("team")
    overtimes = int(str(game["period"])) - 4
    findings, right = [], True
    for side in ("visitor", "home"):
        team, score = str(game[f"{side}_team"]), int(str(game[f"{side}_score"]))
        line = rows.loc[team] if team in rows.index else None
        adds_up = line is not None and line["points"] == score and abs(line["minutes"] - 240 - 25 * overtimes) <= 5
        right = right and adds_up
        finding = "no rows" if line is None else (
            f"{int(line['played'])} of {int(line['row_count'])} played, {int(line['points'])} points of {score}, "
            f"{line['minutes']:.0f} minutes of {240 + 25 * overtimes}"
        )  # fmt: skip
        findings.append(f"{team}: {finding}")
    title = f"{what}: {game['visitor_team']} at {game['home_team']}, {game['game_date']}"
    findings.append(f"best: {game['player_name']}, {game['pts']} points")
    return SpotCheck(title, tuple(findings), right)
