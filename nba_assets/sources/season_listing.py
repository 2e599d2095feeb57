"""A season's list of games by the week in which they are played, which need not be the week they are listed under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nba_assets.errors import SourceUnavailable
from nba_assets.partitions import last_day, season_name, seasons_on
from nba_assets.sources.interface import UNREADABLE_COLUMNS, Fetched
from nba_assets.tables import FINAL
from nba_assets.tables.frames import concatenated
from nba_assets.tables.quarantine import MOVED, TWIN

LONGEST_BREAK = dt.timedelta(days=10)  # between two games within a season: 7 days at the All-Star break
MONTHS_OF_PLAY = (12, 1, 2, 3)  # every season has games in them


@dataclass(frozen=True)
class SeasonListing:
    """All games of a season, BDL_GAMES without `week`, and the listed rows that cannot be read."""

    season: int
    games: Fetched

    @property
    def is_complete(self) -> bool:
        """Whether every game is final, so that the list will not change."""
        rows = self.games.rows
        return len(rows) > 0 and self.games.unreadable.empty and bool((rows["status"] == FINAL).all())

    def games_by_team(self) -> pd.Series[int]:
        """How many regular-season games each team has."""
        regular = self.games.rows[~self.games.rows["postseason"]]
        return pd.concat([regular["home_team"], regular["visitor_team"]]).value_counts()


def seasons_of(week: dt.date) -> list[int]:
    """The seasons that can have games in the week."""
    return sorted({*seasons_on(week), *seasons_on(last_day(week))})


def games_of_week(listings: Sequence[SeasonListing], week: dt.date) -> Fetched:
    """The games played in the week, each once; set aside are second listings, moved games and unreadable rows.

    SourceUnavailable where the list is empty although the season is in play.
    """
    rows = pd.concat([listing.games.rows for listing in listings], ignore_index=True)
    unreadable = pd.concat([listing.games.unreadable for listing in listings], ignore_index=True)
    unreadable = unreadable[unreadable["game_date"].map(lambda day: week <= day <= last_day(week)).astype(bool)]
    if rows.empty:
        if last_day(week).month in MONTHS_OF_PLAY:
            names = " and ".join(season_name(listing.season) for listing in listings)
            raise SourceUnavailable(f"week {week}: no game of {names} is listed. Materialize it again later")
        return Fetched(pd.DataFrame(), unreadable)
    played = rows["game_date"].between(week, last_day(week))
    moved = ~played & rows["scheduled_date"].map(lambda day: day is not None and week <= day <= last_day(week))
    in_week = rows[played].sort_values("game_id")
    in_week = in_week.sort_values("status", key=lambda status: status != FINAL, kind="stable")
    twin = in_week.duplicated(["game_date", "home_team", "visitor_team"])
    aside = [
        unreadable,
        _set_aside(in_week[twin], TWIN, "is listed a second time, under another id"),
        _set_aside(rows[moved], MOVED, "is played on {game_date}"),
    ]
    if not played.any():
        _refuse_gap(rows["game_date"], week)
    games = in_week[~twin].sort_values(["game_date", "game_id"]).reset_index(drop=True)
    games["scheduled_date"] = games["scheduled_date"].where(
        games["scheduled_date"].map(lambda day: day is not None and not week <= day <= last_day(week)), None
    )
    return Fetched(games, concatenated(aside))


def _set_aside(games: pd.DataFrame, rule: str, why: str) -> pd.DataFrame:
    rows = [
        {
            "game_id": game["game_id"],
            "game_date": game["game_date"] if rule == TWIN else game["scheduled_date"],
            "rule": rule,
            "reason": f"game {game['game_id']}, {game['visitor_team']} at {game['home_team']}, {why.format(**game)}",
            "payload": pd.Series(game).to_json(date_format="iso", default_handler=str),
            "fetched_at": game["fetched_at"],
        }
        for game in games.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=UNREADABLE_COLUMNS)


def _refuse_gap(dates: pd.Series[dt.date], week: dt.date) -> None:
    before, after = dates[dates < week].max(), dates[dates > last_day(week)].min()
    if isinstance(before, dt.date) and isinstance(after, dt.date) and after - before <= LONGEST_BREAK + dt.timedelta(7):
        raise SourceUnavailable(
            f"week {week}: no game is listed between {before} and {after}, in the middle of a season. Materialize it "
            "again later with refresh: true"
        )
