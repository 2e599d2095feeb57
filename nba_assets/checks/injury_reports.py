"""The checks of the injury reports."""

from nba_assets.checks.check import DEFINITION, DESIGN, NONE, Check, Range, Threshold
from nba_assets.tables import NBAC_INJURY_REPORT

ARCHIVE = "the NBA's archive lacks no day of 2022-23; it once refused everybody for nine days"
REGULAR_SEASON_DAYS = """
SELECT week, COUNT(DISTINCT game_date) AS games FROM {final_games} AS game WHERE NOT postseason GROUP BY week
"""

INJURY_REPORT_CHECKS: tuple[Check, ...] = (
    Check(
        NBAC_INJURY_REPORT,
        "every_parsed_row_stored",
        """
SELECT week, SUM(stored_rows) AS rows_looked_at,
       SUM(CASE WHEN stored_rows = fewest_parsed AND stored_rows = most_parsed THEN 0 ELSE 1 END)
           AS reports_not_stored_whole,
       STRING_AGG(CASE WHEN stored_rows = fewest_parsed AND stored_rows = most_parsed THEN NULL
                  ELSE CONCAT(CAST(report_date AS STRING), ' ', report_time) END, ', '
                  ORDER BY report_date, report_time) AS named
FROM (
    SELECT week, report_date, report_time, COUNT(*) AS stored_rows, MIN(rows_in_report) AS fewest_parsed,
           MAX(rows_in_report) AS most_parsed
    FROM {nbac_injury_report} AS listed GROUP BY week, report_date, report_time
) AS report GROUP BY week
""",
        (Threshold("reports_not_stored_whole", NONE, DEFINITION),),
        blocking=True,
        why="Every row and every unread line of a report is stored.",
        remedy="materialize the week again: incomplete reports are fetched again.",
        due=None,
    ),
    Check(
        NBAC_INJURY_REPORT,
        "unread_lines",
        """
SELECT week, COUNT(*) AS rows_looked_at, AVG(CASE WHEN status = 'Unread' THEN 1.0 ELSE 0.0 END) AS unread_lines
FROM {nbac_injury_report} AS listed GROUP BY week
""",
        (Threshold("unread_lines", Range(at_most=0.01), DESIGN),),
        blocking=True,
        why="A line that cannot be parsed is stored as text; more than a few mean that the layout has changed.",
        remedy="look at the PDF in the landing folder; once the parser is repaired, materialize the week again.",
        due=None,
    ),
    Check(
        NBAC_INJURY_REPORT,
        "player_match_rate",
        """
SELECT listed.week, COUNT(*) AS rows_looked_at,
       AVG(CASE WHEN listed.player_id IS NULL THEN 0.0 ELSE 1.0 END) AS player_match_rate,
       STRING_AGG(DISTINCT CASE WHEN listed.player_id IS NULL THEN listed.player_name END, ', '
                  ORDER BY CASE WHEN listed.player_id IS NULL THEN listed.player_name END) AS named
FROM {nbac_injury_report} AS listed
JOIN {final_games} AS game
ON game.week = listed.week AND game.game_date = listed.game_date AND listed.team IN (game.home_team, game.visitor_team)
WHERE listed.status = 'Out' AND listed.player_name <> '' GROUP BY listed.week
""",
        (Threshold("player_match_rate", Range(at_least=0.99), DESIGN, warn_range=Range(at_least=0.95)),),
        blocking=False,
        why="A player ruled out of a final game is found by name in the box scores.",
        remedy="compare the names with the week's box scores; add a new spelling to player_names.",
        due=None,
    ),
    # Without play-off days, on which a report may list nobody.
    Check(
        NBAC_INJURY_REPORT,
        "days_without_report",
        """
SELECT week, COUNT(*) AS rows_looked_at, SUM(missing) AS days_without_report,
       MAX(missing * in_a_row) AS days_in_a_row_without_report,
       STRING_AGG(CASE WHEN missing = 1 THEN CAST(game_date AS STRING) END, ', ' ORDER BY game_date) AS named
FROM (
    SELECT week, game_date, missing,
           ROW_NUMBER() OVER (PARTITION BY week, missing, reports_so_far ORDER BY game_date) AS in_a_row
    FROM (
        SELECT day.week, day.game_date, CASE WHEN report.report_date IS NULL THEN 1 ELSE 0 END AS missing,
               COUNT(report.report_date) OVER (PARTITION BY day.week ORDER BY day.game_date) AS reports_so_far
        FROM (SELECT DISTINCT week, game_date FROM {final_games} AS game WHERE NOT postseason) AS day
        LEFT JOIN (SELECT DISTINCT week, report_date FROM {nbac_injury_report} AS listed) AS report
        ON report.week = day.week AND report.report_date = day.game_date
    ) AS day_of_games
) AS numbered GROUP BY week
""",
        (
            Threshold("days_without_report", NONE, DESIGN, warn_range=Range(at_least=0)),
            Threshold("days_in_a_row_without_report", Range(at_most=2), ARCHIVE),
        ),
        blocking=False,
        why="Each day of the regular season with a final game has a report; without any, everybody seems fit to play.",
        remedy="look for the days in the NBA's archive, perhaps under other names, then materialize the week again.",
        due=REGULAR_SEASON_DAYS,
    ),
)
