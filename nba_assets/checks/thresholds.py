"""Every check and threshold once: the metric, its bounds, whether it blocks, and where the number comes from."""

from __future__ import annotations

from nba_assets.checks import metrics
from nba_assets.checks.check import DEFINITION, DESIGN, HAND_OFF, NONE, SEASONS, Check, Range, Threshold
from nba_assets.checks.model_thresholds import MODEL_CHECKS
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    NBAC_INJURY_REPORT,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    WEEKLY_TABLES,
    Table,
)
from nba_assets.tables.model import PLAYER_POINTS, PREDICTION_ACCURACY, XGBOOST_MODEL

# A week's reports may list nobody (days_without_report looks into that), and first weeks have no model to predict with.
MAY_BE_EMPTY = (NBAC_INJURY_REPORT, XGBOOST_MODEL, PLAYER_POINTS, PREDICTION_ACCURACY)


def _integrity(table: Table) -> Check:
    return Check(
        table,
        "row_integrity",
        metrics.row_integrity(table),
        (Threshold("duplicate_keys", NONE, DEFINITION), Threshold("rows_outside_week", NONE, DEFINITION)),
        blocking=True,
        why=f"Each row is there once ({', '.join(table.key)}), fits the declared types and belongs to its week.",
        remedy="look at the rows the source sent; when it is repaired, materialize the week again.",
        due=None if table in MAY_BE_EMPTY else metrics.FINAL_GAMES,
    )


GAMES_KEPT = "final_games_kept"
ASK_AGAIN = "materialize the week again once the source is repaired; nothing downstream was computed from it."
CHECKS: tuple[Check, ...] = (
    *(_integrity(table) for table in WEEKLY_TABLES),
    Check(
        BDL_GAMES,
        "final_scores",
        metrics.GAME_SCORES,
        (
            Threshold("final_games_without_a_winner", NONE, DEFINITION),
            Threshold("games_of_one_team", NONE, DEFINITION),
        ),
        blocking=True,
        why="A final game has two teams, both scores and a winner.",
        remedy=ASK_AGAIN,
    ),
    Check(
        BDL_GAMES,
        GAMES_KEPT,
        metrics.FINAL_GAMES_KEPT,
        (Threshold("final_games_gone", NONE, DEFINITION),),
        blocking=True,
        why="A final game that was stored is sent again as final; an empty answer must not clear a week.",
        remedy="ask again later; if the league really took the game back, materialize with let_games_go: true.",
        due=None,
    ),
    Check(
        BDL_GAMES,
        "no_gap_in_season",
        metrics.GAP_IN_SEASON,
        (Threshold("gaps_before_the_week", NONE, SEASONS, warn_range=Range()),),
        blocking=False,
        why="Within a season there is never more than a week without a game (looked at: games up to 42 days earlier).",
        remedy="materialize the weeks of the gap with refresh: true; a season that was really interrupted may stay.",
        due=None,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "minutes_null_rate",
        metrics.RAW_MINUTES_NULL_RATE,
        (Threshold("minutes_null_rate", Range(below=0.01), HAND_OFF, warn_range=Range(at_most=0.05)),),
        blocking=True,
        why='Minutes are sent for everyone, "00" for who did not play; a NULL is a broken answer.',
        remedy=ASK_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "rows_per_final_game",
        metrics.ROWS_PER_FINAL_GAME,
        (
            Threshold("rows_per_final_game", Range(24, 42), SEASONS, warn_range=Range(20, 60)),
            Threshold("final_games_without_rows", NONE, DEFINITION),
            Threshold("final_games_of_one_team", NONE, DEFINITION),
            Threshold("final_games_all_zero", NONE, DEFINITION),
        ),
        blocking=True,
        why="Every final game has the box scores of both rosters; an empty answer must not look like a quiet week.",
        remedy=ASK_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "points_add_up",
        metrics.POINTS_IDENTITY,
        (Threshold("rows_of_wrong_points", NONE, DEFINITION),),
        blocking=True,
        why="Points are 2 FGM + FG3M + FTM in every row.",
        remedy=ASK_AGAIN,
    ),
    Check(
        BDL_PLAYER_BOXSCORES,
        "team_points_match_score",
        metrics.TEAM_POINTS,
        (Threshold("team_scores_not_matched", NONE, SEASONS),),
        blocking=False,
        why="The players' points of a team add up to its score.",
        remedy="a player is missing or was corrected later: refresh the week; if it stays, tell the source.",
    ),
    Check(
        NBAC_INJURY_REPORT,
        "every_parsed_row_stored",
        metrics.EVERY_PARSED_ROW_STORED,
        (Threshold("reports_not_stored_whole", NONE, DEFINITION),),
        blocking=True,
        why="Every row and line that was read in a report is stored, counted report by report.",
        remedy="materialize the week again: a report that is not stored whole is read again.",
        due=None,
    ),
    Check(
        NBAC_INJURY_REPORT,
        "unread_lines",
        metrics.UNREAD_LINES,
        (Threshold("unread_lines", Range(at_most=0.01), DESIGN),),
        blocking=True,
        why="A line that could not be read is kept with its text; more than a few mean that the layout has changed.",
        remedy="look at the PDF in the landing folder; when the reader is repaired, materialize the week again.",
        due=None,
    ),
    Check(
        NBAC_INJURY_REPORT,
        "player_match_rate",
        metrics.PLAYER_MATCH_RATE,
        (Threshold("player_match_rate", Range(at_least=0.99), DESIGN, warn_range=Range(at_least=0.95)),),
        blocking=False,
        why="Who is ruled out of a final game is a player of the box scores.",
        remedy="compare the names with the week's box scores; a new spelling belongs into player_names.",
        due=None,
    ),
    Check(
        NBAC_INJURY_REPORT,
        "days_without_report",
        metrics.DAYS_WITHOUT_REPORT,
        (Threshold("days_without_report", NONE, DESIGN, warn_range=Range(at_least=0)),),
        blocking=False,
        why="Each day of the regular season with a final game has a report.",
        remedy="look for the day in the NBA's archive; once it is there, materialize the week again.",
        due=metrics.REGULAR_SEASON_DAYS,
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "minutes_null_rate",
        metrics.SUMMARY_MINUTES_NULL_RATE,
        (Threshold("minutes_null_rate", Range(at_most=0.50), HAND_OFF, warn_range=Range(at_most=0.70)),),
        blocking=True,
        why="About 37 % of rostered players do not play; far more NULL minutes mean rows were not processed.",
        remedy="see minutes_exactly_when_played of the week, then the raw box scores' checks.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "minutes_exactly_when_played",
        metrics.MINUTES_EXACTLY_WHEN_PLAYED,
        (
            Threshold("minutes_missing_where_played", NONE, SEASONS),
            Threshold("minutes_set_where_not_played", NONE, SEASONS),
        ),
        blocking=True,
        why="Minutes are NULL exactly for who did not play: the check that decides, whatever the rate.",
        remedy="compare with the raw minutes; a player with stats but no minutes is an error of the source.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "coverage_of_raw_rows",
        metrics.COVERAGE,
        (Threshold("coverage", Range(at_least=0.90), HAND_OFF, warn_range=Range(at_least=0.70)),),
        blocking=True,
        why="Every raw row of a final game becomes a summary row.",
        remedy="materialize the raw week and the summary together.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "players_per_team_game",
        metrics.PLAYERS_PER_TEAM_GAME,
        (
            Threshold("fewest_players", Range(at_least=6), SEASONS, warn_range=Range(at_least=5)),
            Threshold("most_players", Range(at_most=15), SEASONS, warn_range=Range(at_most=17)),
        ),
        blocking=True,
        why="A team dresses at most 15 and needs at least 5 players with minutes.",
        remedy=ASK_AGAIN,
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "team_minutes",
        metrics.TEAM_MINUTES,
        (Threshold("team_games_of_full_minutes", Range(at_least=0.99), SEASONS, warn_range=Range(at_least=0.95)),),
        blocking=False,
        why="A team's players share 240 minutes, and 25 for each overtime (5 off allowed for whole-minute rounding).",
        remedy="look for a missing player or a wrong period count in the games of the week.",
    ),
    Check(
        PLAYER_GAME_SUMMARY,
        "usage_rate_null_rate",
        metrics.USAGE_NULL_RATE,
        (Threshold("usage_rate_null_rate", Range(below=0.01), HAND_OFF, warn_range=Range(at_most=0.05)),),
        blocking=False,
        why="Usage rate exists for everyone with minutes (under 30 seconds count as 0 minutes and have none).",
        remedy="look for team-games whose shots and turnovers are NULL.",
    ),
    *MODEL_CHECKS,
    Check(
        TEAM_GAME_SUMMARY,
        "two_teams_a_game",
        metrics.TWO_TEAMS,
        (Threshold("games_without_two_teams", NONE, DEFINITION),),
        blocking=True,
        why="Every final game has a row for each of its two teams.",
        remedy="see rows_per_final_game of the raw box scores.",
    ),
)

ROSTER_SIZE = Range(13, 21)  # current players of a team
ROSTER_AGE_IN_DAYS = Range(at_most=2)
# Of the week in progress, in season; and of data_health itself, all year.
LATE_HOURS, TOO_LATE_HOURS = 24, 48
PUBLICATION_AGE = Threshold(
    "hours_since_publication", Range(at_most=LATE_HOURS), DESIGN, warn_range=Range(at_most=TOO_LATE_HOURS)
)


def checks_of(table: Table) -> list[Check]:
    return [check for check in CHECKS if check.table == table]
