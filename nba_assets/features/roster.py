"""One row per listed player and game, played, missed or future, with the codes that features are computed from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from nba_assets.features.history import BoolArray, FloatArray, IntArray, Past, filled

_IDENTITY = ["game_id", "player_id", "game_date", "season", "postseason", "player_name", "team", "opponent", "is_home"]
_STATISTICS = [
    "minutes_played",
    "pts",
    "fgm",
    "fga",
    "fg3m",
    "fg3a",
    "ftm",
    "fta",
    "oreb",
    "reb",
    "ast",
    "blk",
    "turnover",
    "pf",
    "usage_rate",
]


def days(dates: pd.Series) -> IntArray:
    """Days since 1970-01-01."""
    return pd.to_datetime(dates).to_numpy("datetime64[D]").astype(np.int64)


def day_number(date: dt.date) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


@dataclass(frozen=True)
class RosterRows:
    """Rows in order of date, game, team and player.

    `frame` holds the identity columns, `played` (NA: a future game, that is, without a box score), `ruled_out` and the
    box score (NaN: not played). `team_games` holds the finished games of teams. Codes of teams index `team_names`.

    A game is identified by id and date, because a moved game can be listed on its old date too. A future game does not
    affect the rows of other games, so that it does not matter which of them a run includes.
    """

    frame: pd.DataFrame
    team_games: pd.DataFrame

    def column(self, name: str) -> FloatArray:
        return self.frame[name].to_numpy(np.float64, na_value=np.nan)

    def statistic(self, name: str) -> FloatArray:
        """A box-score column, 0 where the player did not play, so that it can be summed."""
        return filled(self.column(name), 0.0)

    @cached_property
    def team_names(self) -> list[str]:
        return sorted(set(self.frame["team"]) | set(self.frame["opponent"]) | set(self.team_games["team"]))

    @cached_property
    def day(self) -> IntArray:
        return days(self.frame["game_date"])

    @cached_property
    def season(self) -> IntArray:
        return self.frame["season"].to_numpy(np.int64)

    @cached_property
    def player(self) -> IntArray:
        return pd.factorize(self.frame["player_id"], sort=True)[0].astype(np.int64)

    @cached_property
    def team(self) -> IntArray:
        return self.team_code(self.frame["team"])

    @cached_property
    def opponent(self) -> IntArray:
        return self.team_code(self.frame["opponent"])

    def team_code(self, teams: pd.Series) -> IntArray:
        return pd.Categorical(teams, categories=self.team_names).codes.astype(np.int64)

    @cached_property
    def played(self) -> BoolArray:
        return self.frame["played"].fillna(False).to_numpy(bool)

    @cached_property
    def known(self) -> BoolArray:
        """The box score of the game is stored."""
        return self.frame["played"].notna().to_numpy(bool)

    @cached_property
    def ruled_out(self) -> BoolArray:
        return self.frame["ruled_out"].to_numpy(bool)

    @cached_property
    def game(self) -> IntArray:
        """Code of the game on its date."""
        ids = pd.factorize(self.frame["game_id"])[0].astype(np.int64)
        return pd.factorize(ids * 1_000_000 + self.day)[0].astype(np.int64)

    @cached_property
    def side(self) -> IntArray:
        """Code of the team in the game; team-mates of a game share it."""
        return pd.factorize(self.game * 64 + self.team)[0].astype(np.int64)

    def side_total(self, values: FloatArray) -> FloatArray:
        total = np.bincount(self.side, values).astype(np.float64)
        return total[self.side]

    def of_team_mates(self, values: FloatArray) -> FloatArray:
        return self.side_total(values) - values

    def of_opponents(self, values: FloatArray) -> FloatArray:
        of_game = np.bincount(self.game, values).astype(np.float64)
        return of_game[self.game] - self.side_total(values)

    @cached_property
    def games(self) -> Past:
        """The games that the player played."""
        return Past(self.player, self.day, self.played)

    @cached_property
    def season_games(self) -> Past:
        owner = self.player * 10_000 + self.season
        return Past(owner, self.day, self.played)

    @cached_property
    def last_season_games(self) -> Past:
        owner = self.player * 10_000 + self.season
        return Past(owner, self.day, self.played, owner - 1, self.day)

    @cached_property
    def stint_games(self) -> Past:
        """The games that the player played for the team of the row."""
        return Past(self.player * 64 + self.team, self.day, self.played)

    @cached_property
    def listings(self) -> Past:
        """The finished games that listed the player, played or not."""
        return Past(self.player, self.day, self.known)

    @cached_property
    def fit_listings(self) -> Past:
        """The finished games that listed the player without ruling him out."""
        return Past(self.player, self.day, self.known & ~self.ruled_out)

    def games_of(self, teams: IntArray) -> Past:
        """The finished games of the given teams, one team per row; values are aligned with `team_games`."""
        owner = self.team_code(self.team_games["team"])
        return Past(owner, days(self.team_games["game_date"]), np.ones(len(owner), bool), teams, self.day)


def roster_rows(
    player_games: pd.DataFrame,
    team_games: pd.DataFrame,
    ruled_out: pd.DataFrame,
    games: pd.DataFrame,
    first: dt.date,
    last: dt.date,
    roster: pd.DataFrame | None,
) -> RosterRows:
    """All rows up to `last`: those of the summary, and of games from `first` on without a summary on their date.

    A past game without a box score (never finished, postponed and left on its old date, or of a refused week) is
    treated as a future game.
    """
    low, high = day_number(first), day_number(last)
    stored = player_games.loc[days(player_games["game_date"]) <= high, [*_IDENTITY, "played", *_STATISTICS]]
    game_day = days(games["game_date"])
    due = games[(game_day >= low) & (game_day <= high)]
    coming = due[~_keys(due, "game_id").isin(_keys(stored, "game_id"))]
    if len(coming):
        listed = latest_roster(stored, coming) if roster is None else roster
        stored = pd.concat([stored, _coming_rows(coming, listed)], ignore_index=True)
    frame = stored.assign(played=stored["played"].astype("boolean"))
    frame["ruled_out"] = _keys(frame, "game_id", "player_id").isin(_keys(ruled_out, "game_id", "player_id"))
    frame["game_date"] = pd.to_datetime(frame["game_date"])
    frame = frame.sort_values(["game_date", "game_id", "team", "player_id"], ignore_index=True)
    finished = team_games[days(team_games["game_date"]) <= high]
    return RosterRows(frame, finished.sort_values(["game_date", "game_id", "team"], ignore_index=True))


def _keys(frame: pd.DataFrame, *names: str) -> pd.MultiIndex:
    """The day and the named columns, to find rows of one frame in another."""
    return pd.MultiIndex.from_arrays([days(frame["game_date"]), *(frame[name] for name in names)])


def latest_roster(player_games: pd.DataFrame, coming: pd.DataFrame) -> pd.DataFrame:
    """game_id, game_date, team, player_id, player_name: for each coming game the players whose newest listing is that
    team's newest stored game before it. A traded player appears with his new team after its next game."""
    stored = player_games.sort_values(["game_date", "game_id"])
    stored_day = days(stored["game_date"])
    sides = []
    for game in coming.itertuples():
        earlier = stored[stored_day < day_number(game.game_date)]
        newest = earlier.drop_duplicates("player_id", keep="last")
        for team in (game.home_team, game.visitor_team):
            of_team = earlier.loc[earlier["team"] == team, "game_id"]
            listed = newest[(newest["team"] == team) & newest["game_id"].isin(of_team.tail(1))]
            of_game = {"game_id": game.game_id, "game_date": game.game_date}
            sides.append(listed[["team", "player_id", "player_name"]].assign(**of_game))
    return pd.concat(sides, ignore_index=True)


def _coming_rows(coming: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Roster rows of games without a box score: identity only, everything else NA."""
    shared = coming[["game_id", "game_date", "season", "postseason"]]
    home = shared.assign(team=coming["home_team"], opponent=coming["visitor_team"], is_home=True)
    visitor = shared.assign(team=coming["visitor_team"], opponent=coming["home_team"], is_home=False)
    sides = pd.concat([home, visitor], ignore_index=True)
    names = listed[["game_id", "game_date", "team", "player_id", "player_name"]]
    return names.merge(sides, on=["game_id", "game_date", "team"], validate="many_to_one")
