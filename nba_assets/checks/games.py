"""The checks of the games that the source lists."""

from nba_assets.checks.check import DEFINITION, LISTED_FINAL_GAMES, NONE, SEASONS, Check, Range, Threshold
from nba_assets.checks.quarantine import quarantined_rows
from nba_assets.tables import BDL_GAMES, CALLED_OFF
from nba_assets.tables.quarantine import MOVED

SIX_SEASONS = "measured on the real seasons 2018-19 to 2023-24"
NOT_CALLED_OFF = " AND ".join(f"stored.status NOT LIKE '{beginning}%'" for beginning in CALLED_OFF)
GAMES_KEPT, EQUAL_SCHEDULES = "final_games_kept", "equal_schedules"

GAME_CHECKS: tuple[Check, ...] = (
    Check(
        BDL_GAMES,
        "final_scores",
        """
SELECT week, COUNT(*) AS rows_looked_at,
       SUM(CASE WHEN status = 'Final' AND (home_score = visitor_score OR home_score <= 0 OR visitor_score <= 0)
           THEN 1 ELSE 0 END) AS final_games_without_a_winner,
       SUM(CASE WHEN home_team = visitor_team THEN 1 ELSE 0 END) AS games_of_one_team
FROM {bdl_games} AS game GROUP BY week
""",
        (
            Threshold("final_games_without_a_winner", NONE, DEFINITION, warn_range=Range()),
            Threshold("games_of_one_team", NONE, DEFINITION),
        ),
        blocking=True,
        due=LISTED_FINAL_GAMES,
        why="A final game has two teams, both scores and a winner.",
        remedy="see quarantined_games of the box scores: a tie is used if its box score has a winner.",
    ),
    # Publishing a response that lacks games would delete every row of theirs.
    Check(
        BDL_GAMES,
        GAMES_KEPT,
        f"""
SELECT week, COUNT(*) AS rows_looked_at, SUM(final_gone) AS final_games_gone, SUM(other_gone) AS other_games_gone,
       STRING_AGG(CASE WHEN final_gone + other_gone > 0 THEN CONCAT('game ', CAST(game_id AS STRING), ' of ',
                  CAST(game_date AS STRING)) END, ', ' ORDER BY game_date, game_id) AS named
FROM (
    SELECT stored.week, stored.game_id, stored.game_date,
           CASE WHEN stored.status = 'Final' AND COALESCE(sent.status, '') <> 'Final' THEN 1 ELSE 0 END AS final_gone,
           CASE WHEN stored.status <> 'Final' AND {NOT_CALLED_OFF} AND sent.game_id IS NULL THEN 1 ELSE 0 END
               AS other_gone
    FROM {{stored_games}} AS stored
    LEFT JOIN {{bdl_games}} AS sent ON sent.game_id = stored.game_id AND sent.week = stored.week
    WHERE stored.game_id NOT IN (SELECT game_id FROM {{bdl_games_quarantine}} AS moved WHERE rule = '{MOVED}')
) AS known GROUP BY week
""",
        (
            Threshold("final_games_gone", NONE, DEFINITION),
            Threshold("other_games_gone", NONE, DEFINITION, warn_range=Range()),
        ),
        blocking=True,
        why="A game that was listed is listed still, has moved, or was called off, and a final one is final still; an "
        "empty response must not empty a week.",
        remedy="materialize the week again later; if the league has really annulled the game, use let_games_go: true.",
        due=None,
    ),
    quarantined_rows(
        BDL_GAMES,
        "quarantined_listings",
        DEFINITION,
        "Every listed game can be read, stands in the list once, and is between two of the 30 teams.",
    ),
    Check(
        BDL_GAMES,
        EQUAL_SCHEDULES,
        "",
        (Threshold("teams_with_fewer_games", NONE, DEFINITION, warn_range=Range()),),
        blocking=False,
        why="All teams have equally many regular-season games on the source's list of the season.",
        remedy="games of the named teams are not listed; the next run of the week asks again.",
        due=None,
    ),
    Check(
        BDL_GAMES,
        "games_per_team",
        """
SELECT week, SUM(games) / 2 AS rows_looked_at, MAX(games) AS most_games_of_a_team
FROM (
    SELECT week, team, COUNT(*) AS games
    FROM (
        SELECT week, home_team AS team FROM {bdl_games} AS home WHERE status = 'Final'
        UNION ALL SELECT week, visitor_team AS team FROM {bdl_games} AS visitor WHERE status = 'Final'
    ) AS side GROUP BY week, team
) AS team_week GROUP BY week
""",
        (Threshold("most_games_of_a_team", Range(at_most=5), SIX_SEASONS, warn_range=Range(at_most=7)),),
        blocking=True,
        due=LISTED_FINAL_GAMES,
        why="A team plays at most once a day, and at most five times a week.",
        remedy="look for games that are listed twice.",
    ),
    # In the real seasons, games are at most 7 days apart (the All-Star break); the shortest summer has 10 weeks.
    Check(
        BDL_GAMES,
        "no_gap_in_season",
        """
SELECT opening.week, MAX(opening.games) AS rows_looked_at,
       CASE WHEN MAX(earlier.game_date) < MIN(opening.first_game) - 7 THEN 1 ELSE 0 END AS gaps_before_the_week,
       CONCAT('no game between ', CAST(MAX(earlier.game_date) AS STRING), ' and ',
              CAST(MIN(opening.first_game) AS STRING)) AS named
FROM (SELECT week, MIN(game_date) AS first_game, COUNT(*) AS games FROM {bdl_games} AS listed GROUP BY week) AS opening
JOIN {bdl_games_so_far} AS earlier
ON earlier.game_date < opening.first_game AND earlier.game_date >= opening.week - 42
GROUP BY opening.week
""",
        (Threshold("gaps_before_the_week", NONE, SEASONS, warn_range=Range()),),
        blocking=False,
        why="Within a season there is never more than a week without a game (the check reads 42 days back).",
        remedy="materialize the weeks of the gap with refresh: true; ignore it if the season was really interrupted.",
        due=None,
    ),
)
