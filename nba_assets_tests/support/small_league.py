"""A small league for tests of features: four teams, drawn box scores, a game of each pair of teams every other day."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nba_assets.features.player_games import player_game_features

TEAMS = ("BOS", "DEN", "MIA", "UTA")
FIRST = dt.date(2021, 10, 19)
ROSTER_SIZE = 8


@dataclass(frozen=True)
class League:
    player_games: pd.DataFrame
    team_games: pd.DataFrame
    ruled_out: pd.DataFrame
    games: pd.DataFrame

    def features(self, first: dt.date, last: dt.date, roster: pd.DataFrame | None = None) -> pd.DataFrame:
        return player_game_features(
            self.player_games, self.team_games, self.ruled_out, self.games, first=first, last=last, roster=roster
        )

    def without_results_from(self, day: dt.date) -> "League":
        """As it stood on the morning of the day: games from then on are scheduled and not played."""
        return replace(
            self,
            player_games=self.player_games[self.player_games["game_date"] < day],
            team_games=self.team_games[self.team_games["game_date"] < day],
        )


def small_league(rounds: int = 30, seed: int = 7) -> League:
    random = np.random.default_rng(seed)
    games: list[dict[str, Any]] = []
    player_games: list[dict[str, Any]] = []
    team_games: list[dict[str, Any]] = []
    for number in range(rounds):
        teams = list(random.permutation(TEAMS))
        for home, visitor in (teams[:2], teams[2:]):
            game = {
                "game_id": len(games) + 1,
                "game_date": FIRST + dt.timedelta(days=2 * number),
                "season": 2021,
                "postseason": False,
            }
            games.append(game | {"home_team": home, "visitor_team": visitor})
            sides = {team: _box_scores(random, game, team) for team in (home, visitor)}
            for team, opponent in ((home, visitor), (visitor, home)):
                points, allowed = (sum(row["pts"] or 0 for row in sides[side]) for side in (team, opponent))
                facts = {"team": team, "opponent": opponent, "is_home": team == home, "won": points > allowed}
                player_games += [row | facts for row in sides[team]]
                team_games.append(game | facts | _team_line(points, allowed))
    players = pd.DataFrame(player_games)
    ruled_out = players.loc[players["absence_reason"].notna(), ["game_id", "game_date", "player_id"]]
    return League(players, pd.DataFrame(team_games), ruled_out, pd.DataFrame(games))


def _box_scores(random: np.random.Generator, game: dict[str, Any], team: str) -> list[dict[str, Any]]:
    rows = []
    for place in range(ROSTER_SIZE):
        out, played = random.random() < 0.15, random.random() < 0.9
        identity = {"player_id": 100 * TEAMS.index(team) + place, "player_name": f"{team} {place}"}
        counts = _counts(random, place) if played and not out else dict.fromkeys(_counts(random, place))
        reason = "Injury/Illness" if out else None
        rows.append(game | identity | {"played": played and not out, "absence_reason": reason} | counts)
    return rows


def _counts(random: np.random.Generator, place: int) -> dict[str, float]:
    minutes = int(random.integers(8, 42 - 3 * place))
    threes, twos, free_throws = random.binomial(minutes // 4, 0.35), random.binomial(minutes // 3, 0.5), minutes // 8
    stats: dict[str, float] = {
        "fgm": threes + twos,
        "fga": minutes // 4 + minutes // 3,
        "fg3m": threes,
        "fg3a": minutes // 4,
    }
    stats |= {"ftm": free_throws, "fta": free_throws, "oreb": 1, "dreb": 2, "reb": 3, "ast": place, "stl": 1, "blk": 0}
    stats |= {"turnover": 2, "pf": 3, "pts": 3 * threes + 2 * twos + free_throws, "usage_rate": 20.0 - place}
    return {"minutes_played": float(minutes)} | {name: float(value) for name, value in stats.items()}


def _team_line(points: float, allowed: float) -> dict[str, float]:
    ratings = {"off_rating": points * 1.0, "def_rating": allowed * 1.0, "pace": 100.0, "possessions": 100.0}
    return {"points": points, "opponent_points": allowed, "minutes": 240.0, "overtimes": 0.0} | ratings
