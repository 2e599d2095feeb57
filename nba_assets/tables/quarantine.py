"""The tables of what the source sent and nobody can use: set aside with the reason, and never lost."""

from nba_assets.tables.box_scores import BDL_GAMES, BDL_PLAYER_BOXSCORES
from nba_assets.tables.schema import FETCHED_AT, GAME_DATE, WEEK, Table, Type, integer, required

EXHIBITION, TWIN, MOVED = "exhibition", "twin game", "moved"
NOTHING_MISSING = (EXHIBITION, TWIN, MOVED)
"""Rules whose rows no week of the league lacks."""


def _quarantine_of(table: Table, content: str) -> Table:
    return Table(
        table.dataset,
        f"{table.name}_quarantine",
        f"{content} Replaced each time the week of {table.qualified_name} is fetched.",
        key=("week", "item"),
        columns=(
            WEEK,
            required("item", Type.INTEGER, "number within the week, from 1"),
            GAME_DATE,
            integer("game_id", "game, as balldontlie numbers it; NULL where the row names none"),
            integer("player_id", "player, as balldontlie numbers him; NULL for a whole game or an unnamed player"),
            required("whole_game", Type.BOOLEAN, "all rows of the game are set aside, because of one or of their sum"),
            required("rule", Type.TEXT, "what the row or its game violates, in two or three words"),
            required("reason", Type.TEXT, "why it cannot be used: the game, the values, and what was expected"),
            required("payload", Type.TEXT, "the row as JSON; {} for a game without rows"),
            FETCHED_AT,
        ),
    )


BDL_GAMES_QUARANTINE = _quarantine_of(
    BDL_GAMES,
    "Listed games that cannot be read, stand in the list twice, are not between two of the 30 teams, or are played in "
    "another week than the one they are listed under.",
)
BDL_PLAYER_BOXSCORES_QUARANTINE = _quarantine_of(
    BDL_PLAYER_BOXSCORES,
    "Box-score rows that cannot be read or belong to no listed game, and all rows of final games whose box score "
    "contradicts the score, the time played, or what was stored before.",
)
QUARANTINE_OF = {
    BDL_GAMES.name: BDL_GAMES_QUARANTINE,
    BDL_PLAYER_BOXSCORES.name: BDL_PLAYER_BOXSCORES_QUARANTINE,
}
