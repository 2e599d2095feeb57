"""Computes player and team summaries from box scores, as plain functions of frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nba_assets.errors import BadRow
from nba_assets.tables import COUNTING_STATS, FINAL, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY
from nba_assets.transforms.final_scores import ties_settled
from nba_assets.transforms.minutes import minutes_played

FREE_THROW_WEIGHT = 0.44  # share of free-throw attempts that end a possession, Kubatko et al. 2007


def final_box_scores(games: pd.DataFrame, box_scores: pd.DataFrame) -> pd.DataFrame:
    """The box-score rows of final games, joined with the game as seen by the row's team.

    Adds postseason, overtimes, opponent, is_home, points, opponent_points and won. A row of a team that is not in the
    game is dropped, which the coverage check reports.
    """
    final = ties_settled(games.loc[games["status"] == FINAL], box_scores)
    sides = [
        pd.DataFrame(
            {
                "game_id": final["game_id"],
                "team": final[f"{side}_team"],
                "opponent": final[f"{other}_team"],
                "is_home": side == "home",
                "points": final[f"{side}_score"],
                "opponent_points": final[f"{other}_score"],
                "postseason": final["postseason"],
                "overtimes": final["overtimes"],
            }
        )
        for side, other in (("home", "visitor"), ("visitor", "home"))
    ]
    rows = box_scores.merge(pd.concat(sides), on=["game_id", "team"], how="inner", sort=False)
    return rows.assign(won=rows["points"] > rows["opponent_points"])


def player_game_summary(games: pd.DataFrame, box_scores: pd.DataFrame) -> pd.DataFrame:
    """One row a player and final game (PLAYER_GAME_SUMMARY), every stat NULL for who did not play.

    usage_rate = 100 (FGA + 0.44 FTA + TOV) (team minutes / 5) / (minutes (team FGA + 0.44 team FTA + team TOV)),
    ts_pct = PTS / (2 (FGA + 0.44 FTA)) and efg_pct = (FGM + 0.5 FG3M) / FGA, as Basketball-Reference defines them; a
    zero denominator gives NULL.
    """
    rows = final_box_scores(games, box_scores)
    minutes = minutes_played(rows)
    # Not by plus_minus: the source also sends one for players on the bench.
    played = (minutes > 0) | (rows[list(COUNTING_STATS)].fillna(0) != 0).any(axis=1)
    stats = [*COUNTING_STATS, "plus_minus"]
    rows[stats] = rows[stats].where(played)
    rows["minutes_played"] = minutes.where(played)
    team = rows.groupby(["game_id", "team"])
    team_minutes = team["minutes_played"].transform("sum")
    plays = rows["fga"] + FREE_THROW_WEIGHT * rows["fta"] + rows["turnover"]
    team_plays = plays.groupby([rows["game_id"], rows["team"]]).transform("sum")
    shots = rows["fga"] + FREE_THROW_WEIGHT * rows["fta"]
    return rows.assign(
        played=played,
        usage_rate=100 * _ratio(plays * team_minutes / 5, rows["minutes_played"] * team_plays),
        ts_pct=_ratio(rows["pts"], 2 * shots),
        efg_pct=_ratio(rows["fgm"] + 0.5 * rows["fg3m"], rows["fga"]),
        absence_reason=None,
    )[PLAYER_GAME_SUMMARY.column_names]


def team_game_summary(games: pd.DataFrame, box_scores: pd.DataFrame) -> pd.DataFrame:
    """One row a team and final game (TEAM_GAME_SUMMARY).

    possessions = FGA + 0.44 FTA + TOV - OREB; pace = 48 (mean of both teams' possessions) / (team minutes / 5), so
    that overtime does not raise it; ratings are points per 100 possessions. A zero denominator gives NULL.
    """
    rows = final_box_scores(games, box_scores)
    minutes = minutes_played(rows)
    unknown = minutes.isna() & (rows[list(COUNTING_STATS)].fillna(0) != 0).any(axis=1)
    if unknown.any():
        row = rows.loc[unknown.idxmax()]
        raise BadRow(
            f"nba_raw.bdl_player_boxscores, game {row['game_id']} of {row['game_date']}, player {row['player_id']}: "
            "minutes are NULL although there are stats, so the team's are unknown; materialize the raw week again "
            "with refresh: true"
        )
    rows["minutes"] = minutes.fillna(0.0)
    facts = ["week", "game_date", "season", "postseason", "opponent", "is_home", "won", "points", "opponent_points"]
    team = rows.groupby(["game_id", "team"], sort=True)
    lines = team[[*facts, "overtimes"]].first().join(team[["minutes", "fga", "fta", "turnover", "oreb"]].sum())
    lines = lines.reset_index()
    lines["possessions"] = lines["fga"] + FREE_THROW_WEIGHT * lines["fta"] + lines["turnover"] - lines["oreb"]
    other = lines[["game_id", "opponent", "possessions"]].rename(
        columns={"opponent": "team", "possessions": "opponent_possessions"}
    )
    lines = lines.merge(other, on=["game_id", "team"], how="left")
    mean_possessions = (lines["possessions"] + lines["opponent_possessions"]) / 2
    return lines.assign(
        pace=_ratio(48 * mean_possessions, lines["minutes"] / 5),
        off_rating=100 * _ratio(lines["points"], lines["possessions"]),
        def_rating=100 * _ratio(lines["opponent_points"], lines["opponent_possessions"]),
    )[TEAM_GAME_SUMMARY.column_names]


def _ratio(numerator: pd.Series[float], denominator: pd.Series[float]) -> pd.Series[float]:
    """The quotient, NULL where the denominator is 0 or either side is NULL."""
    top, bottom = numerator.astype("float64"), denominator.astype("float64")
    return top / bottom.where(bottom != 0, np.nan)
