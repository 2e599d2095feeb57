"""One season of the sample league from opening night to the last game of the finals, as the frames it publishes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nba_assets.league.player_names import player_lookup
from nba_assets.sources.sample.absences import AVAILABLE, REASONS
from nba_assets.sources.sample.box_scores import DREB, LINE, OREB, BoxScores, Season, play, points
from nba_assets.sources.sample.names import without_accents
from nba_assets.sources.sample.rosters import POSITIONS
from nba_assets.sources.sample.schedule import (
    PLAYOFF_ROUND_OPENS,
    TEAMS,
    playoff_bracket,
    playoff_round,
    regular_season,
    tip_off,
)
from nba_assets.tables import COUNTING_STATS

_REPORT_TIME = "17:30"
_FIRST_PLAYER_ID = 1001
_SERIES_GAMES, _SERIES_WINS = 7, 4


@dataclass(frozen=True)
class SeasonFrames:
    """The frames of one season, as if all games had been played, each in order of game date."""

    games: pd.DataFrame
    box_scores: pd.DataFrame
    injury_report: pd.DataFrame


def simulate(season: Season, rng: np.random.Generator) -> SeasonFrames:
    regular = play(season, regular_season(season.calendar, rng), rng)
    playoffs = _playoffs(season, np.bincount(_winners(regular), minlength=len(TEAMS)), rng)
    box = BoxScores.joined([regular, *playoffs])
    games = _games(season, box, regular_games=len(regular.schedule))
    return SeasonFrames(games, _box_scores(season, box, games), _injury_report(season, box, games))


def _winners(box: BoxScores) -> np.ndarray:
    """Number of the team that won each game."""
    return box.schedule.teams[np.arange(len(box.schedule)), box.scores.argmax(axis=-1)]


def _playoffs(season: Season, wins: np.ndarray, rng: np.random.Generator) -> list[BoxScores]:
    """Four rounds of best-of-seven series. All seven games are drawn, those after the fourth win dropped."""
    rounds = []
    contenders = playoff_bracket(wins)
    for opens in PLAYOFF_ROUND_OPENS:
        pairs = contenders.reshape(-1, 2)
        series = play(season, playoff_round(season.calendar, opens, pairs, wins), rng)
        won = _winners(series).reshape(-1, _SERIES_GAMES, 1) == pairs[:, None, :]
        needed = ((won.cumsum(axis=1) - won) < _SERIES_WINS).all(axis=-1)
        contenders = pairs[np.arange(len(pairs)), (won & needed[..., None]).sum(axis=1).argmax(axis=-1)]
        played = np.flatnonzero(needed)
        rounds.append(series.only(played[np.argsort(series.schedule.day[played], kind="stable")]))
    return rounds


def _games(season: Season, box: BoxScores, *, regular_games: int) -> pd.DataFrame:
    dates, names = season.calendar.dates[box.schedule.day], np.array(TEAMS, dtype=object)
    home, visitor = names[box.schedule.teams].T
    number, scores = np.arange(len(dates)), box.scores
    return pd.DataFrame(
        {
            "game_id": season.calendar.season * 10_000 + 1 + number,
            "game_date": dates,
            "season": season.calendar.season,
            "postseason": number >= regular_games,
            "status": "Final",
            "tipoff": pd.to_datetime([tip_off(date, team) for date, team in zip(dates, home, strict=True)], utc=True),
            "period": 4 + box.overtimes,
            "home_team": home,
            "visitor_team": visitor,
            "home_score": scores[:, 0],
            "visitor_score": scores[:, 1],
        }
    ).astype({"tipoff": "datetime64[ns, UTC]"})


def _box_scores(season: Season, box: BoxScores, games: pd.DataFrame) -> pd.DataFrame:
    """One row a player under contract and game."""
    game, side, slot = np.nonzero(box.who >= 0)
    who = box.who[game, side, slot]
    players = season.rosters.players
    lines = dict(zip(LINE, box.lines[:, game, side, slot], strict=True))
    lines |= {"reb": lines[LINE[OREB]] + lines[LINE[DREB]], "pts": points(box.lines)[game, side, slot]}
    whole_minutes = np.array([f"{minutes:02d}" for minutes in range(100)], dtype=object)
    return pd.DataFrame(
        {
            "game_id": games["game_id"].to_numpy()[game],
            "player_id": _FIRST_PLAYER_ID + who,
            "game_date": games["game_date"].to_numpy()[game],
            "season": season.calendar.season,
            "player_name": players["player_name"].to_numpy()[who],
            "team": np.array(TEAMS, dtype=object)[box.schedule.teams[game, side]],
            "position": players["position"].map(POSITIONS).to_numpy()[who],
            "minutes": whole_minutes[box.minutes[game, side, slot]],
            **{stat: lines[stat] for stat in COUNTING_STATS},
            "plus_minus": None,  # needs who is on the court when, which is not simulated
        }
    )


def _injury_report(season: Season, box: BoxScores, games: pd.DataFrame) -> pd.DataFrame:
    """One row a player ruled out, in the report of the afternoon before the game."""
    game, side, slot = np.nonzero((box.who >= 0) & (box.absent != AVAILABLE))
    names = season.rosters.players["player_name"].map(without_accents)
    reason = box.absent[game, side, slot]
    matchup = (games["visitor_team"] + "@" + games["home_team"]).to_numpy()
    tip_off_eastern = games["tipoff"].dt.tz_convert("US/Eastern").dt.strftime("%H:%M").to_numpy()
    dates = games["game_date"].to_numpy()[game]
    who = box.who[game, side, slot]
    return pd.DataFrame(
        {
            "report_date": dates,
            "report_time": _REPORT_TIME,
            "game_date": dates,
            "game_time": tip_off_eastern[game],
            "matchup": matchup[game],
            "team": np.array(TEAMS, dtype=object)[box.schedule.teams[game, side]],
            "player_name": names.to_numpy()[who],
            "status": "Out",
            "reason": np.array([each.printed for each in REASONS], dtype=object)[reason],
            "reason_category": np.array([each.category for each in REASONS], dtype=object)[reason],
            "player_lookup": names.map(player_lookup).to_numpy()[who],
        }
    )
