"""What a final game's box score adds up to, and the score of a game that is listed as a tie."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nba_assets.transforms.minutes import minutes_played

REGULATION_PERIODS = 4
TEAM_MINUTES, TEAM_MINUTES_OF_OVERTIME = 240, 25
MINUTES_TOLERANCE = 5  # minutes by which a team's may be off, as players' are rounded one by one


def expected_minutes(overtimes: pd.Series[float]) -> pd.Series[float]:
    """Minutes that a team's players share."""
    return TEAM_MINUTES + TEAM_MINUTES_OF_OVERTIME * overtimes


def ties_settled(final: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The final games with `overtimes`, and ties with the score of their box score where that adds up.

    A fourth overtime has no field of its own at balldontlie, so that such a game is final with equal scores. Its box
    score adds up when both teams' minutes give the same number of overtimes, their points differ, and both teams or one
    have at least the points listed.
    """
    games = final.assign(overtimes=(final["period"] - REGULATION_PERIODS).clip(lower=0))
    ties = games[games["home_score"] == games["visitor_score"]]
    if ties.empty:
        return games
    totals = team_totals(games, rows[rows["game_id"].isin(ties["game_id"])])
    played = ((totals["whole_minutes"] - TEAM_MINUTES) / TEAM_MINUTES_OF_OVERTIME).round()
    full = (played >= 0) & ~minutes_are_off(totals.assign(overtimes=played))
    for game, sides in totals.assign(played=played, full=full).groupby("game_id"):
        points = sides.set_index("team")["points"]
        enough = (sides["points"] >= sides["score"]).any()
        if enough and sides["full"].all() and sides["played"].nunique() == 1 and points.nunique() == 2:
            this = games["game_id"] == game
            home, visitor = games.loc[this, ["home_team", "visitor_team"]].iloc[0]
            games.loc[this, ["home_score", "visitor_score"]] = [int(points[home]), int(points[visitor])]
            games.loc[this, "overtimes"] = int(sides["played"].iloc[0])
    return games


def minutes_are_off(totals: pd.DataFrame) -> pd.Series[bool]:
    """Whether the team's minutes are not those of its game, neither with seconds nor without; never where NULL.

    Without, because seconds can have been added to minutes that were rounded up.
    """
    due = expected_minutes(totals["overtimes"])
    off = [(totals[count] - due).abs() > MINUTES_TOLERANCE for count in ("minutes", "whole_minutes")]
    return off[0] & off[1]


def team_totals(games: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """One row a game and team with rows: points, minutes and whole_minutes (NULL where one is), score, overtimes, tied.

    games: final ones, with overtimes.
    """
    minutes = minutes_played(rows)
    lines = rows[["game_id", "team"]].assign(
        points=rows["pts"].fillna(0), minutes=minutes, whole_minutes=np.floor(minutes), unknown=minutes.isna()
    )
    sums = lines.groupby(["game_id", "team"], sort=True).sum()
    counts = ["minutes", "whole_minutes"]
    sums[counts] = sums[counts].where(sums.pop("unknown") == 0)
    of_game = games.set_index("game_id")[["home_team", "home_score", "visitor_score", "overtimes"]]
    totals = sums.reset_index().join(of_game, on="game_id", how="inner")
    at_home = totals["team"] == totals["home_team"]
    return totals.assign(
        score=totals["home_score"].where(at_home, totals["visitor_score"]),
        tied=totals["home_score"] == totals["visitor_score"],
    )
