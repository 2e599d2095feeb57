"""The tables of injury reports and rosters."""

from nba_assets.tables.schema import (
    FETCHED_AT,
    PLAYER_LOOKUP,
    PLAYER_NAME,
    SEASON,
    TEAM,
    WEEK,
    Column,
    Table,
    Type,
    integer,
    required,
)

NBAC_INJURY_REPORT = Table(
    "nba_raw",
    "nbac_injury_report",
    "The NBA's official injury reports, one row per listed player and report; stored reports are never deleted. A team "
    'that had not submitted yet is a row with status "Not Yet Submitted" and no player; a line that could not be read '
    'is a row with status "Unread" and its text as the reason.',
    key=("report_date", "report_time", "game_date", "team", "player_lookup"),
    columns=(
        WEEK,
        required("report_date", Type.DATE, "league date the report was published on"),
        required(
            "report_time",
            Type.TEXT,
            "time of publication (US/Eastern): 17:30, or earlier for games that tip off before that",
        ),
        required("game_date", Type.DATE, "league date of the game; the report's own for an unread line"),
        Column("game_time", Type.TEXT, "tip-off as printed (US/Eastern, 19:30)"),
        Column("matchup", Type.TEXT, "visiting and home team, ATL@BOS"),
        required("team", Type.TEXT, "the player's team, three-letter abbreviation; empty for an unread line"),
        required("player_name", Type.TEXT, "first and last name; empty where no player is named"),
        required("player_lookup", Type.TEXT, "name without accents, capitals, punctuation and suffix, for matching"),
        integer("player_id", "box-score player of that name; NULL if there is none or more than one"),
        required("status", Type.TEXT, "Out, Doubtful, Questionable, Probable, Available, Not Yet Submitted or Unread"),
        required("reason", Type.TEXT, "reason as printed"),
        required(
            "reason_category",
            Type.TEXT,
            "injury, illness, rest, g_league, suspension, personal, trade or other",
        ),
        required("rows_in_report", Type.INTEGER, "rows and unread lines of the whole report when it was fetched"),
        required("fetched_at", Type.TIMESTAMP, "when the report of this row was fetched (UTC)"),
    ),
    date_column="report_date",
)

BR_ROSTERS_CURRENT = Table(
    "nba_raw",
    "br_rosters_current",
    "Rosters as Basketball-Reference lists them, one row per season, team and player. Players who left the team are "
    "kept with is_current = false.",
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
        required("is_current", Type.BOOLEAN, "on the roster when the team was last fetched"),
        Column("departed_date", Type.DATE, "league date he was first missing; NULL while current"),
        FETCHED_AT,
    ),
    date_column="first_seen_date",
)

ROSTER_CHANGES = Table(
    "nba_raw",
    "roster_changes",
    "Changes of the rosters from one fetch to the next, one row per player and change.",
    key=("season", "team", "player_lookup", "change_date", "change", "what"),
    columns=(
        SEASON,
        TEAM,
        PLAYER_LOOKUP,
        PLAYER_NAME,
        required("change_date", Type.DATE, "league date the change was first seen on"),
        required("change", Type.TEXT, "added, removed or modified"),
        required(
            "what", Type.TEXT, "changed column with both values, as in number: 7 to 8; empty for added and removed"
        ),
        FETCHED_AT,
    ),
    date_column="change_date",
)
