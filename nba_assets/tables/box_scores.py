"""The tables of games and box scores: raw as sent, and the summaries computed from them."""

from nba_assets.tables.schema import (
    FETCHED_AT,
    GAME_DATE,
    GAME_ID,
    IS_HOME,
    OPPONENT,
    PLAYER_GAME,
    PLAYER_ID,
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

FINAL = "Final"
CALLED_OFF = ("Postponed", "Cancel")
"""Status of a game that was played, and how that of one begins that will not be."""
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
    "Games as balldontlie lists them, one row per game: schedule, status and score. Games of the week in progress and "
    "postponed games are here too, with a status other than Final.",
    key=("game_id",),
    columns=(
        WEEK,
        GAME_ID,
        GAME_DATE,
        Column("scheduled_date", Type.DATE, "day the source lists the game under, if it is played on another one"),
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
    "Box-score rows as balldontlie sends them, one per player and game. Everyone on the roster is listed: players who "
    'did not play have minutes "00" and zeros.',
    key=("game_id", "player_id"),
    columns=(
        *PLAYER_GAME,
        Column("position", Type.TEXT, "position as listed: G, F, C or a pair"),
        Column("minutes", Type.TEXT, 'minutes as text, exactly as sent: "34", "34:21", "00"'),
        *(integer(name, f"{text}, as sent: 0 if he did not play") for name, text in COUNTING_STATS.items()),
        integer("plus_minus", "points of the team less those of the opponent while on the court; NULL if not sent"),
        FETCHED_AT,
    ),
)

PLAYER_GAME_SUMMARY = Table(
    "nba_analytics",
    "player_game_summary",
    "One row per player and final game, with the box score and rates computed from it. Players who did not play have "
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
        integer(
            "plus_minus", "points of the team less the opponent's while on the court; NULL if not played or not sent"
        ),
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
    "One row per team and final game: score, possessions, pace and ratings, from the sums of its players' box scores.",
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
        number("pace", "mean of both teams' possessions per 48 minutes of game time, including overtime"),
        number("off_rating", "points per 100 possessions"),
        number("def_rating", "opponent's points per 100 of the opponent's possessions"),
        required("minutes", Type.FLOAT, "sum of the players' minutes: 240, and 25 for each overtime"),
        required("overtimes", Type.INTEGER, "overtime periods played"),
    ),
)
