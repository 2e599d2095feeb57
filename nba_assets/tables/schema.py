"""The classes that declare tables and columns, and the columns that several tables share."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass

import dagster as dg


class Type(enum.Enum):
    """The type of a column; each warehouse maps it to its own type."""

    INTEGER = "integer"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True)
class Column:
    """A column; if it is `required`, NULL is a SchemaError."""

    name: str
    type: Type
    description: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the warehouse and the asset of the same key.

    key: columns that identify a row. date_column: the date that queries filter by; every weekly table also has `week`,
    the Friday of the partition that wrote the row.
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
    def schema_hash(self) -> str:
        """Changes with the declared columns: their names, types, and whether they may be NULL."""
        declared = ",".join(f"{column.name} {column.type.value} {column.required}" for column in self.columns)
        return hashlib.sha256(declared.encode()).hexdigest()[:6]

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


def required(name: str, type_: Type, description: str) -> Column:
    return Column(name, type_, description, required=True)


def integer(name: str, description: str) -> Column:
    return Column(name, Type.INTEGER, description)


def number(name: str, description: str) -> Column:
    return Column(name, Type.FLOAT, description)


WEEK = required("week", Type.DATE, "Friday on which the row's weekly partition begins")
GAME_ID = required("game_id", Type.INTEGER, "game, by balldontlie's id")
GAME_DATE = required("game_date", Type.DATE, "league date of the game (US/Eastern)")
SEASON = required("season", Type.INTEGER, "year the season starts in: 2023 is 2023-24")
POSTSEASON = required("postseason", Type.BOOLEAN, "play-off game")
PLAYER_ID = required("player_id", Type.INTEGER, "player, by balldontlie's id")
PLAYER_NAME = required("player_name", Type.TEXT, "first and last name")
TEAM = required("team", Type.TEXT, "the row's team, three-letter abbreviation")
OPPONENT = required("opponent", Type.TEXT, "the other team, three-letter abbreviation")
IS_HOME = required("is_home", Type.BOOLEAN, "the row's team plays at home")
PLAYER_GAME = (WEEK, GAME_ID, PLAYER_ID, GAME_DATE, SEASON, PLAYER_NAME, TEAM)
PLAYER_LOOKUP = required("player_lookup", Type.TEXT, "name without accents, capitals and punctuation, suffix last")
FETCHED_AT = required("fetched_at", Type.TIMESTAMP, "when the row was fetched from the source (UTC)")
