"""Rows of balldontlie's responses as rows of the raw tables; one that cannot be read is kept with the reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import pandas as pd

from nba_assets.errors import SourceError
from nba_assets.league.teams import TEAMS
from nba_assets.partitions import LEAGUE_TIME, seasons_on
from nba_assets.sources.interface import UNREADABLE_COLUMNS, Fetched
from nba_assets.tables import COUNTING_STATS
from nba_assets.tables.quarantine import EXHIBITION

AFTER_MIDNIGHT = dt.timedelta(hours=5)  # a game that begins in the night belongs to the day before
MOST_UNREADABLE = 0.5  # share of a week's rows; above it the format has changed
LARGEST = 2**63 - 1
Row = dict[str, Any]


class NoLeagueGame(ValueError):
    """A game that is not between two of the 30 teams, as on All-Star weekend."""


def game_rows(pages: Sequence[Row], subject: str) -> Fetched:
    """Rows of BDL_GAMES, without `week`, of a season's pages. subject: how errors name what was requested."""
    return _rows(_game, pages, subject)


def box_score_rows(pages: Sequence[Row], subject: str) -> Fetched:
    """Rows of BDL_PLAYER_BOXSCORES, without `week`, of a week's pages. subject: how errors name what was requested."""
    teams = [row.get("team") for page in pages for row in page["body"]["data"] if isinstance(row, dict)]
    by_id = {team.get("id"): str(team.get("abbreviation")) for team in teams if isinstance(team, dict)}
    return _rows(lambda row: _box_row(row, by_id), pages, subject)


def _rows(read: Callable[[Row], Row], pages: Sequence[Row], subject: str) -> Fetched:
    """SourceError if most rows cannot be read."""
    rows, unreadable = [], []
    for page in pages:
        fetched_at = pd.Timestamp(page["fetched_at"])
        for row in page["body"]["data"]:
            try:
                rows.append({**read(row), "fetched_at": fetched_at})
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                unreadable.append({**_unreadable(row, fetched_at, error), "fetched_at": fetched_at})
    broken = [row for row in unreadable if row["rule"] != EXHIBITION]
    if len(broken) > MOST_UNREADABLE * (len(rows) + len(broken)):
        raise SourceError(
            f"{subject}: {len(broken)} of {len(rows) + len(broken)} rows of balldontlie cannot be read; the first, "
            f"{broken[0]['reason']}. Materialize the week with refresh: true; if it fails again, the "
            "API has changed its format"
        )
    return Fetched(pd.DataFrame(rows), pd.DataFrame(unreadable, columns=UNREADABLE_COLUMNS))


def _unreadable(row: Any, fetched_at: pd.Timestamp, error: Exception) -> Row:
    fields = row if isinstance(row, dict) else {}
    game = fields.get("game") if "game" in fields else fields
    game = game if isinstance(game, dict) else {}
    player = player if isinstance(player := fields.get("player"), dict) else {}
    try:
        day = league_date(game)
    except (KeyError, TypeError, ValueError):
        day = fetched_at.date()
    reason = f"row {fields.get('id', repr(row)[:80])} of game {game.get('id')} has {_explained(error)}"
    return {
        "game_id": _identifier(game.get("id")),
        "player_id": _identifier(player.get("id")),
        "game_date": day,
        "rule": EXHIBITION if isinstance(error, NoLeagueGame) else "unreadable row",
        "reason": reason,
        "payload": orjson.dumps(row).decode(),
    }


def _explained(error: Exception) -> str:
    return f"no field {error}" if isinstance(error, KeyError) else f"{error}"


def _identifier(value: Any) -> int | None:
    return value if isinstance(value, int) and abs(value) <= LARGEST else None


def league_date(game: Row) -> dt.date:
    """The league date on which the game is played, US/Eastern.

    `date` is the day the game was scheduled for, `datetime` the moment it is played; it can be weeks later. Midnight
    UTC of `date` stands for a time that is not known yet.
    """
    listed, moment = _listed_date(game), game.get("datetime")
    if not moment or moment.startswith(f"{listed}T00:00:00"):
        return listed
    played = dt.datetime.fromisoformat(moment).astimezone(LEAGUE_TIME)
    return (played - AFTER_MIDNIGHT).date()


def _listed_date(game: Row) -> dt.date:
    return dt.date.fromisoformat(game["date"][:10])


def _integer(row: Row, name: str) -> int | None:
    value = row[name]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST):
        raise ValueError(f"{name} {value!r}, which is no integer of 64 bits")
    return value


def _object(row: Row, name: str) -> Row:
    value = row[name]
    if not isinstance(value, dict):
        raise ValueError(f"{name} {value!r}, which is no object")
    return value


def _game(row: Row) -> Row:
    home, visitor = (_object(row, side)["abbreviation"] for side in ("home_team", "visitor_team"))
    if not {home, visitor} <= TEAMS.keys() or home == visitor:
        raise NoLeagueGame(f"teams {visitor} at {home}, which are not two of the 30")
    day, season = league_date(row), _integer(row, "season")
    if season not in seasons_on(day):
        raise ValueError(f"season {season}, and is played on {day}")
    return {
        "game_id": _integer(row, "id"),
        "game_date": day,
        "scheduled_date": None if day == (listed := _listed_date(row)) else listed,
        "season": season,
        "postseason": row["postseason"],
        "status": row["status"],
        "tipoff": pd.Timestamp(row["datetime"]) if row.get("datetime") else pd.NaT,
        "period": _integer(row, "period"),
        "home_team": home,
        "visitor_team": visitor,
        "home_score": _integer(row, "home_team_score"),
        "visitor_score": _integer(row, "visitor_team_score"),
    }


def _box_row(row: Row, teams: Mapping[Any, str]) -> Row:
    player, game = _object(row, "player"), _object(row, "game")
    names = [name for name in (player["first_name"], player["last_name"]) if name]
    return {
        "game_id": _integer(game, "id"),
        "player_id": _integer(player, "id"),
        "game_date": league_date(game),
        "season": _integer(game, "season"),
        "player_name": " ".join(names).strip(),
        "team": _team(row, player, game, teams),
        "position": player.get("position"),
        "minutes": row["min"],
        **{stat: _integer(row, stat) for stat in COUNTING_STATS},
        "plus_minus": row.get("plus_minus"),  # missing in older kept responses
    }


def _team(row: Row, player: Row, game: Row, teams: Mapping[Any, str]) -> str:
    """The row's team; where it names none, the player's, if that one plays in the game. teams: abbreviations by id."""
    if isinstance(row["team"], dict):
        return str(row["team"]["abbreviation"])
    sides, own = (game.get("home_team_id"), game.get("visitor_team_id")), player.get("team_id")
    if own is not None and own in sides and own in teams:
        return teams[own]
    raise ValueError(f"team {row['team']!r}, and the player's own is not in the game")
