"""Every table once: its dataset, columns, key and grain. Schemas, DDL, column docs and checks derive from here."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import dagster as dg

from nba_assets.features.feature_sets import FEATURES


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

NBAC_INJURY_REPORT = Table(
    "nba_raw",
    "nbac_injury_report",
    "The NBA's official injury reports, one row a listed player and report, added to and never taken from. A team that "
    'had not submitted yet is a row of status "Not Yet Submitted" without a player; a line that could not be read is a '
    'row of status "Unread" with its text as the reason.',
    key=("report_date", "report_time", "game_date", "team", "player_lookup"),
    columns=(
        _WEEK,
        _required("report_date", Type.DATE, "league date the report was published on"),
        _required("report_time", Type.TEXT, "time it was published at (US/Eastern, 17:30)"),
        _required("game_date", Type.DATE, "league date of the game; the report's own for an unread line"),
        Column("game_time", Type.TEXT, "tip-off as printed (US/Eastern, 19:30)"),
        Column("matchup", Type.TEXT, "visiting and home team, ATL@BOS"),
        _required("team", Type.TEXT, "the player's team, three-letter abbreviation; empty for an unread line"),
        _required("player_name", Type.TEXT, "first and last name; empty where no player is named"),
        _required("player_lookup", Type.TEXT, "name without accents, capitals, punctuation and suffix, to match it by"),
        _integer("player_id", "box-score player of that name; NULL if there is none or more than one"),
        _required("status", Type.TEXT, "Out, Doubtful, Questionable, Probable, Available, Not Yet Submitted or Unread"),
        _required("reason", Type.TEXT, "reason as printed"),
        _required(
            "reason_category",
            Type.TEXT,
            "injury, illness, rest, g_league, suspension, personal, trade or other",
        ),
        _required("rows_in_report", Type.INTEGER, "rows and unread lines that the whole report had when it was read"),
        _required("fetched_at", Type.TIMESTAMP, "when the report was read for this row (UTC)"),
    ),
    date_column="report_date",
)

BR_ROSTERS_CURRENT = Table(
    "nba_raw",
    "br_rosters_current",
    "Rosters as Basketball-Reference lists them, one row a season, team and player. Who has left stays, marked as not "
    "current.",
    key=("season", "team", "player_lookup"),
    columns=(
        _SEASON,
        _TEAM,
        _required("player_lookup", Type.TEXT, "name without accents, capitals, punctuation and suffix"),
        _PLAYER_NAME,
        Column("number", Type.TEXT, "jersey number as printed"),
        Column("position", Type.TEXT, "PG, SG, SF, PF or C"),
        Column("height", Type.TEXT, "feet and inches, 6-8"),
        _integer("weight", "weight in pounds"),
        Column("birth_date", Type.DATE, "date of birth"),
        Column("birth_country", Type.TEXT, "country of birth, two letters"),
        _integer("years_experience", "seasons in the league before this one, 0 for a rookie"),
        Column("college", Type.TEXT, "college"),
        _required("two_way", Type.BOOLEAN, "on a two-way contract"),
        _required("first_seen_date", Type.DATE, "league date he was first seen on this roster"),
        _required("last_seen_date", Type.DATE, "league date he was last seen on it"),
        _required("is_current", Type.BOOLEAN, "on the roster when the team was last read"),
        Column("departed_date", Type.DATE, "league date he was first missing; NULL while current"),
        _FETCHED_AT,
    ),
    date_column="first_seen_date",
)

ROSTER_CHANGES = Table(
    "nba_raw",
    "roster_changes",
    "What changed on the rosters from one reading to the next, one row a player and change.",
    key=("season", "team", "player_lookup", "change_date", "change", "what"),
    columns=(
        _SEASON,
        _TEAM,
        _required("player_lookup", Type.TEXT, "name without accents, capitals, punctuation and suffix"),
        _PLAYER_NAME,
        _required("change_date", Type.DATE, "league date the change was first seen on"),
        _required("change", Type.TEXT, "added, removed or modified"),
        _required("what", Type.TEXT, "column and both values, number: 7 to 8; empty for added and removed"),
        _FETCHED_AT,
    ),
    date_column="change_date",
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
        Column(
            "absence_reason", Type.TEXT, "why he did not play, if the injury report ruled him out; NULL where played"
        ),
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

PLAYER_GAME_FEATURES = Table(
    "nba_features",
    "player_game_features",
    "One row a rostered player and game, played or not: what was known of him and of both teams before the game's "
    "date, for training and prediction alike. The target, points, stands apart and is NULL unless he played.",
    key=("game_id", "player_id"),
    columns=(
        _WEEK,
        _GAME_ID,
        _PLAYER_ID,
        _GAME_DATE,
        _SEASON,
        _PLAYER_NAME,
        _TEAM,
        _OPPONENT,
        _required("ruled_out", Type.BOOLEAN, "ruled out by the injury report before tip-off"),
        Column("played", Type.BOOLEAN, "was on the court; NULL for a game still to come"),
        Column("points", Type.FLOAT, "target: points scored; NULL unless played"),
        *(_number(feature.name, feature.text) for feature in FEATURES),
    ),
)

PLAYER_POINTS = Table(
    "nba_predictions",
    "player_points",
    "One prediction a game for every player not ruled out before tip-off, by the model of that week, which was trained "
    "on earlier weeks only; the baselines stand beside it on the same rows.",
    key=("game_id", "player_id"),
    columns=(
        _WEEK,
        _GAME_ID,
        _PLAYER_ID,
        _GAME_DATE,
        _SEASON,
        _PLAYER_NAME,
        _TEAM,
        _OPPONENT,
        _required("model_id", Type.TEXT, "model that predicted, as in the artifact folder"),
        _required("predicted_points", Type.FLOAT, "predicted points, 0 to 60"),
        _number("mock_points", "points by the hand-tuned expert formula; NULL without an earlier game"),
        _number("last_10_points", "mean points of his last ten games; NULL without an earlier game"),
    ),
)

PREDICTION_ACCURACY = Table(
    "nba_predictions",
    "prediction_accuracy",
    "Predictions of final games against the points scored. Who did not play is void, with the reason.",
    key=("game_id", "player_id"),
    columns=(
        _WEEK,
        _GAME_ID,
        _PLAYER_ID,
        _GAME_DATE,
        _SEASON,
        _PLAYER_NAME,
        _TEAM,
        _required("model_id", Type.TEXT, "model that predicted"),
        _required("predicted_points", Type.FLOAT, "predicted points"),
        _required("graded", Type.BOOLEAN, "played, so that the prediction counts"),
        Column("void_reason", Type.TEXT, "why the prediction does not count; NULL where it does"),
        _number("points", "points scored; NULL where void"),
        _number("error", "predicted minus scored; NULL where void"),
        _number("absolute_error", "size of the error; NULL where void"),
        _number(
            "mock_absolute_error", "size of the expert formula's error; NULL where void or without an earlier game"
        ),
        Column("within_3", Type.BOOLEAN, "off by 3 points at the most; NULL where void"),
        Column("within_5", Type.BOOLEAN, "off by 5 points at the most; NULL where void"),
    ),
)

MODEL_COMPARISON = Table(
    "nba_ml",
    "model_comparison",
    "The newest comparison: every feature set and baseline on the same test rows of a date-disjoint split.",
    key=("contender",),
    columns=(
        _required("contender", Type.TEXT, "feature set or baseline"),
        _required("compared_at", Type.TIMESTAMP, "when it was compared (UTC)"),
        _required("test_first_date", Type.DATE, "first league date of the test rows"),
        _required("test_last_date", Type.DATE, "last league date of the test rows"),
        _required("test_rows", Type.INTEGER, "test rows, the same for every contender"),
        _required("mae", Type.FLOAT, "mean absolute error in points"),
        _required("bias", Type.FLOAT, "mean of predicted minus scored points"),
        _required("within_3", Type.FLOAT, "share of predictions off by 3 points at the most"),
        _required("within_5", Type.FLOAT, "share of predictions off by 5 points at the most"),
        _required("mae_minus_mock", Type.FLOAT, "mean absolute error minus the expert formula's"),
        _required("interval_low", Type.FLOAT, "lower end of the 95 % bootstrap interval of mae_minus_mock"),
        _required("interval_high", Type.FLOAT, "upper end of the 95 % bootstrap interval of mae_minus_mock"),
    ),
    date_column="test_last_date",
)

XGBOOST_MODEL = Table(
    "nba_ml",
    "xgboost_model",
    "The points model of each week, trained on the weeks before it: an XGBoost file and a card in the artifact folder.",
    key=(),
    columns=(),
)

MODEL_TABLES = (PLAYER_GAME_FEATURES, PLAYER_POINTS, PREDICTION_ACCURACY)
DATA_TABLES = (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    NBAC_INJURY_REPORT,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
)
"""The weekly tables whose weeks must be there before anything is modelled."""
WEEKLY_TABLES = (*DATA_TABLES, *MODEL_TABLES)
ROSTER_TABLES = (BR_ROSTERS_CURRENT, ROSTER_CHANGES)
ALL_TABLES = (*WEEKLY_TABLES, *ROSTER_TABLES, MODEL_COMPARISON)
