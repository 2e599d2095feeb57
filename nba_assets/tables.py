"""Every table once: its dataset, columns, key and grain. Schemas, DDL, column docs and checks derive from here."""

from nba_assets.model_tables import MODEL_COMPARISON, MODEL_TABLES
from nba_assets.table import (
    FETCHED_AT,
    GAME_DATE,
    GAME_ID,
    IS_HOME,
    OPPONENT,
    PLAYER_GAME,
    PLAYER_ID,
    PLAYER_LOOKUP,
    PLAYER_NAME,
    POSTSEASON,
    SEASON,
    TEAM,
    WEEK,
    Column,
    Table,
    Type,
    integer,
    number,
    required,
)

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

BDL_GAMES = Table(
    "nba_raw",
    "bdl_games",
    "Games as balldontlie lists them, one row a game: schedule, status and score. Games of the week in progress and "
    "postponed games are here too, with a status other than Final.",
    key=("game_id",),
    columns=(
        WEEK,
        GAME_ID,
        GAME_DATE,
        SEASON,
        POSTSEASON,
        required("status", Type.TEXT, "Final once played; before that the tip-off time, a period or Postponed"),
        Column("tipoff", Type.TIMESTAMP, "scheduled tip-off (UTC)"),
        required("period", Type.INTEGER, "periods played: 4, one more for each overtime, 0 before tip-off"),
        required("home_team", Type.TEXT, "home team, three-letter abbreviation"),
        required("visitor_team", Type.TEXT, "visiting team, three-letter abbreviation"),
        required("home_score", Type.INTEGER, "points of the home team, 0 before tip-off"),
        required("visitor_score", Type.INTEGER, "points of the visiting team, 0 before tip-off"),
        FETCHED_AT,
    ),
)

BDL_PLAYER_BOXSCORES = Table(
    "nba_raw",
    "bdl_player_boxscores",
    "Box-score rows as balldontlie sends them, one a player and game. Everyone on the roster is listed: who did not "
    'play has minutes "00" and zeros.',
    key=("game_id", "player_id"),
    columns=(
        *PLAYER_GAME,
        Column("position", Type.TEXT, "position as listed: G, F, C or a pair"),
        Column("minutes", Type.TEXT, 'minutes as text, exactly as sent: "34", "34:21", "00"'),
        *(integer(name, f"{text}, as sent: 0 for who did not play") for name, text in COUNTING_STATS.items()),
        FETCHED_AT,
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
        WEEK,
        required("report_date", Type.DATE, "league date the report was published on"),
        required("report_time", Type.TEXT, "time it was published at (US/Eastern, 17:30)"),
        required("game_date", Type.DATE, "league date of the game; the report's own for an unread line"),
        Column("game_time", Type.TEXT, "tip-off as printed (US/Eastern, 19:30)"),
        Column("matchup", Type.TEXT, "visiting and home team, ATL@BOS"),
        required("team", Type.TEXT, "the player's team, three-letter abbreviation; empty for an unread line"),
        required("player_name", Type.TEXT, "first and last name; empty where no player is named"),
        required("player_lookup", Type.TEXT, "name without accents, capitals, punctuation and suffix, to match it by"),
        integer("player_id", "box-score player of that name; NULL if there is none or more than one"),
        required("status", Type.TEXT, "Out, Doubtful, Questionable, Probable, Available, Not Yet Submitted or Unread"),
        required("reason", Type.TEXT, "reason as printed"),
        required(
            "reason_category",
            Type.TEXT,
            "injury, illness, rest, g_league, suspension, personal, trade or other",
        ),
        required("rows_in_report", Type.INTEGER, "rows and unread lines that the whole report had when it was read"),
        required("fetched_at", Type.TIMESTAMP, "when the report was read for this row (UTC)"),
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
        SEASON,
        TEAM,
        PLAYER_LOOKUP,
        PLAYER_NAME,
        Column("number", Type.TEXT, "jersey number as printed"),
        Column("position", Type.TEXT, "PG, SG, SF, PF or C"),
        Column("height", Type.TEXT, "feet and inches, 6-8"),
        integer("weight", "weight in pounds"),
        Column("birth_date", Type.DATE, "date of birth"),
        Column("birth_country", Type.TEXT, "country of birth, two letters"),
        integer("years_experience", "seasons in the league before this one, 0 for a rookie"),
        Column("college", Type.TEXT, "college"),
        required("two_way", Type.BOOLEAN, "on a two-way contract"),
        required("first_seen_date", Type.DATE, "league date he was first seen on this roster"),
        required("last_seen_date", Type.DATE, "league date he was last seen on it"),
        required("is_current", Type.BOOLEAN, "on the roster when the team was last read"),
        Column("departed_date", Type.DATE, "league date he was first missing; NULL while current"),
        FETCHED_AT,
    ),
    date_column="first_seen_date",
)

ROSTER_CHANGES = Table(
    "nba_raw",
    "roster_changes",
    "What changed on the rosters from one reading to the next, one row a player and change.",
    key=("season", "team", "player_lookup", "change_date", "change", "what"),
    columns=(
        SEASON,
        TEAM,
        PLAYER_LOOKUP,
        PLAYER_NAME,
        required("change_date", Type.DATE, "league date the change was first seen on"),
        required("change", Type.TEXT, "added, removed or modified"),
        required("what", Type.TEXT, "column and both values, number: 7 to 8; empty for added and removed"),
        FETCHED_AT,
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
        WEEK,
        GAME_ID,
        PLAYER_ID,
        GAME_DATE,
        SEASON,
        POSTSEASON,
        PLAYER_NAME,
        TEAM,
        OPPONENT,
        IS_HOME,
        required("won", Type.BOOLEAN, "the row's team won"),
        required("played", Type.BOOLEAN, 'was on the court: false for "00" minutes with an all-zero line'),
        number("minutes_played", "minutes on the court, 34:21 is 34.35; NULL when not played"),
        *(integer(name, f"{text}; NULL when not played") for name, text in COUNTING_STATS.items()),
        number("usage_rate", "share of the team's plays used while on the court, in percent"),
        number("ts_pct", "true shooting: PTS / (2 (FGA + 0.44 FTA)); NULL without an attempt"),
        number("efg_pct", "effective field goals: (FGM + 0.5 FG3M) / FGA; NULL without an attempt"),
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
        WEEK,
        GAME_ID,
        GAME_DATE,
        SEASON,
        POSTSEASON,
        TEAM,
        OPPONENT,
        IS_HOME,
        required("won", Type.BOOLEAN, "the row's team won"),
        required("points", Type.INTEGER, "points of the team, from the game's score"),
        required("opponent_points", Type.INTEGER, "points of the opponent, from the game's score"),
        number("possessions", "FGA + 0.44 FTA + TOV - OREB of the team"),
        number("pace", "mean of both teams' possessions per 48 minutes of game time, overtime included in the time"),
        number("off_rating", "points per 100 possessions"),
        number("def_rating", "opponent's points per 100 of the opponent's possessions"),
        required("minutes", Type.FLOAT, "sum of the players' minutes: 240, and 25 for each overtime"),
        required("overtimes", Type.INTEGER, "overtime periods played"),
    ),
)

VALIDATION_METRICS = Table(
    "nba_validation",
    "validation_metrics",
    "What the checks measured in the published tables, one row a table, metric and week, for weeks with games.",
    key=("week", "table_name", "metric"),
    columns=(
        WEEK,
        required("table_name", Type.TEXT, "measured table, dataset and name"),
        required("check_name", Type.TEXT, "asset check the metric belongs to"),
        required("metric", Type.TEXT, "measured quantity"),
        number("value", "measured value; NULL when there was no row to measure"),
        required("rows_looked_at", Type.INTEGER, "rows or games the value was computed from"),
        required("outcome", Type.TEXT, "pass, warn or error, by the bounds"),
        required("passes", Type.TEXT, "bounds within which the metric passes"),
        required("blocking", Type.BOOLEAN, "an error keeps the week from being published"),
    ),
    date_column="week",
)

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
