"""Real seasons of ../shared/nba as the frames that features are made from, without a source or a warehouse."""

from pathlib import Path

import pandas as pd

from nba_assets_tests.support.small_league import League

STATISTICS = ["pts", "fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "reb", "ast", "blk", "pf"]


def real_league(seasons: Path, *names: str) -> League:
    """Regular seasons such as "2023-24": every player listed, his box score, and who the report ruled out.

    The statistics that follow from others are simplified: usage is a share of his own shots, ratings are points a game.
    """
    rows = pd.concat([pd.read_parquet(seasons / f"player_box_{name}.parquet") for name in names])
    rows = rows[rows["season_type"] == "Regular Season"]
    columns = rows[["player_id", "player_name", "team", "opponent", "is_home"]].astype(object)
    players = columns.assign(
        game_id=rows["game_id"].astype("int64"),
        game_date=pd.to_datetime(rows["game_date"]).dt.date,
        season=rows["season"].str[:4].astype("int64"),
        postseason=False,
        played=rows["minutes"].notna().astype(bool),
        minutes_played=rows["minutes"].astype("float64"),
        turnover=rows["tov"].astype("float64"),
        usage_rate=(rows["fga"] + rows["tov"]).astype("float64"),
        **{name: rows[name].astype("float64") for name in STATISTICS},
    ).reset_index(drop=True)
    ruled_out = players.loc[(rows["status"] == "OUT_REPORTED").to_numpy(), ["game_id", "game_date", "player_id"]]
    of_game = ["game_id", "game_date", "season", "postseason"]
    sides = players.groupby([*of_game, "team", "opponent", "is_home"], as_index=False)["pts"].sum()
    teams = sides.rename(columns={"pts": "points"}).merge(
        sides[["game_id", "team", "pts"]].set_axis(["game_id", "opponent", "opponent_points"], axis=1)
    )
    ratings = {"pace": 100.0, "overtimes": 0.0, "off_rating": teams["points"], "def_rating": teams["opponent_points"]}
    home = teams.loc[teams["is_home"].astype(bool), [*of_game, "team", "opponent"]]
    games = home.rename(columns={"team": "home_team", "opponent": "visitor_team"})
    return League(players, teams.assign(**ratings), ruled_out, games)
