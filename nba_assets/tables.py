"""Every table once: its dataset, columns, key and grain. Schemas, DDL, column docs and checks derive from here."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import dagster as dg


class Type(enum.Enum):
    """What a column holds; each warehouse says which of its own types that is."""

    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class Column:
    """A column: NULL is a misfit where `required`."""

    name: str
    type: Type
    description: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the warehouse, which is also the asset of the same key.

    key: columns that identify a row. `date_column`: the league date a reader filters by; every weekly table also
    carries `week`, the Friday of the partition that wrote the row.
    """

    dataset: str
    name: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    date_column: str = "game_date"

    @property
    def qualified_name(self) -> str:
        return f"{self.dataset}.{self.name}"

    @property
    def asset_key(self) -> dg.AssetKey:
        return dg.AssetKey([self.dataset, self.name])

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def column_schema(self) -> dg.TableSchema:
        return dg.TableSchema(
            columns=[
                dg.TableColumn(
                    name=column.name,
                    type=column.type.value,
                    description=column.description,
                    constraints=dg.TableColumnConstraints(
                        nullable=not column.required, unique=self.key == (column.name,)
                    ),
                )
                for column in self.columns
            ]
        )


def _required(name: str, type_: Type, description: str) -> Column:
    return Column(name, type_, description, required=True)


def _integer(name: str, description: str) -> Column:
    return Column(name, Type.INTEGER, description)


def _number(name: str, description: str) -> Column:
    return Column(name, Type.FLOAT, description)


COUNTING_STATS = {
    "fgm": "field goals made",
    "fga": "field goals attempted",
    "fg3m": "three-pointers made",
    "fg3a": "three-pointers attempted",
    "ftm": "free throws made",
    "fta": "free throws attempted",
    "oreb": "offensive rebounds",
    "dreb": "defensive rebounds",
    "reb": "rebounds",
    "ast": "assists",
    "stl": "steals",
    "blk": "blocks",
    "turnover": "turnovers",
    "pf": "personal fouls",
    "pts": "points",
}

_WEEK = _required("week", Type.DATE, "Friday that opens the weekly partition the row was written for")
_GAME_ID = _required("game_id", Type.INTEGER, "game, as balldontlie numbers it")
_GAME_DATE = _required("game_date", Type.DATE, "league date of the game (US/Eastern)")
_SEASON = _required("season", Type.INTEGER, "year the season starts in: 2023 is 2023-24")
_POSTSEASON = _required("postseason", Type.BOOLEAN, "play-off game")
_PLAYER_ID = _required("player_id", Type.INTEGER, "player, as balldontlie numbers him")
_PLAYER_NAME = _required("player_name", Type.TEXT, "first and last name")
_TEAM = _required("team", Type.TEXT, "the row's team, three-letter abbreviation")
_OPPONENT = _required("opponent", Type.TEXT, "the other team, three-letter abbreviation")
_IS_HOME = _required("is_home", Type.BOOLEAN, "the row's team plays at home")
_FETCHED_AT = _required("fetched_at", Type.TIMESTAMP, "when the row was asked from the source (UTC)")

BDL_GAMES = Table(
    "nba_raw",
    "bdl_games",
    "Games as balldontlie lists them, one row a game: schedule, status and score. Games of the week in progress and "
    "postponed games are here too, with a status other than Final.",
    key=("game_id",),
    columns=(
        _WEEK,
        _GAME_ID,
        _GAME_DATE,
        _SEASON,
        _POSTSEASON,
        _required("status", Type.TEXT, "Final once played; before that the tip-off time, a period or Postponed"),
        Column("tipoff", Type.TIMESTAMP, "scheduled tip-off (UTC)"),
        _required("period", Type.INTEGER, "periods played: 4, one more for each overtime, 0 before tip-off"),
        _required("home_team", Type.TEXT, "home team, three-letter abbreviation"),
        _required("visitor_team", Type.TEXT, "visiting team, three-letter abbreviation"),
        _required("home_score", Type.INTEGER, "points of the home team, 0 before tip-off"),
        _required("visitor_score", Type.INTEGER, "points of the visiting team, 0 before tip-off"),
        _FETCHED_AT,
    ),
)

BDL_PLAYER_BOXSCORES = Table(
    "nba_raw",
    "bdl_player_boxscores",
    "Box-score rows as balldontlie sends them, one a player and game. Everyone on the roster is listed: who did not "
    'play has minutes "00" and zeros.',
    key=("game_id", "player_id"),
    columns=(
        _WEEK,
        _GAME_ID,
        _PLAYER_ID,
        _GAME_DATE,
        _SEASON,
        _PLAYER_NAME,
        _TEAM,
        Column("position", Type.TEXT, "position as listed: G, F, C or a pair"),
        Column("minutes", Type.TEXT, 'minutes as text, exactly as sent: "34", "34:21", "00"'),
        *(_integer(name, f"{text}, as sent: 0 for who did not play") for name, text in COUNTING_STATS.items()),
        _FETCHED_AT,
    ),
)

PLAYER_GAME_SUMMARY = Table(
    "nba_analytics",
    "player_game_summary",
    "One row a player and final game, with what the box score says and what follows from it. Who did not play has "
    "played = false and NULL, never 0, in every stat.",
    key=("game_id", "player_id"),
    columns=(
        _WEEK,
        _GAME_ID,
        _PLAYER_ID,
        _GAME_DATE,
        _SEASON,
        _POSTSEASON,
        _PLAYER_NAME,
        _TEAM,
        _OPPONENT,
        _IS_HOME,
        _required("won", Type.BOOLEAN, "the row's team won"),
        _required("played", Type.BOOLEAN, 'was on the court: false for "00" minutes with an all-zero line'),
        _number("minutes_played", "minutes on the court, 34:21 is 34.35; NULL when not played"),
        *(_integer(name, f"{text}; NULL when not played") for name, text in COUNTING_STATS.items()),
        _number("usage_rate", "share of the team's plays used while on the court, in percent"),
        _number("ts_pct", "true shooting: PTS / (2 (FGA + 0.44 FTA)); NULL without an attempt"),
        _number("efg_pct", "effective field goals: (FGM + 0.5 FG3M) / FGA; NULL without an attempt"),
        Column("absence_reason", Type.TEXT, "why he did not play, where the injury report says so"),
    ),
)

TEAM_GAME_SUMMARY = Table(
    "nba_analytics",
    "team_game_summary",
    "One row a team and final game: score, possessions, pace and ratings, from the sums of its players' box scores.",
    key=("game_id", "team"),
    columns=(
        _WEEK,
        _GAME_ID,
        _GAME_DATE,
        _SEASON,
        _POSTSEASON,
        _TEAM,
        _OPPONENT,
        _IS_HOME,
        _required("won", Type.BOOLEAN, "the row's team won"),
        _required("points", Type.INTEGER, "points of the team, from the game's score"),
        _required("opponent_points", Type.INTEGER, "points of the opponent, from the game's score"),
        _number("possessions", "FGA + 0.44 FTA + TOV - OREB of the team"),
        _number("pace", "mean of both teams' possessions per 48 minutes of game time, overtime included in the time"),
        _number("off_rating", "points per 100 possessions"),
        _number("def_rating", "opponent's points per 100 of the opponent's possessions"),
        _required("minutes", Type.FLOAT, "sum of the players' minutes: 240, and 25 for each overtime"),
        _required("overtimes", Type.INTEGER, "overtime periods played"),
    ),
)

VALIDATION_METRICS = Table(
    "nba_validation",
    "validation_metrics",
    "What the checks measured in the published tables, one row a table, metric and week, for weeks with games.",
    key=("week", "table_name", "metric"),
    columns=(
        _WEEK,
        _required("table_name", Type.TEXT, "measured table, dataset and name"),
        _required("check_name", Type.TEXT, "asset check the metric belongs to"),
        _required("metric", Type.TEXT, "measured quantity"),
        _number("value", "measured value; NULL when there was no row to measure"),
        _required("rows_looked_at", Type.INTEGER, "rows or games the value was computed from"),
        _required("outcome", Type.TEXT, "pass, warn or error, by the bounds"),
        _required("passes", Type.TEXT, "bounds within which the metric passes"),
        _required("blocking", Type.BOOLEAN, "an error keeps the week from being published"),
    ),
    date_column="week",
)

WEEKLY_TABLES = (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY, VALIDATION_METRICS)
