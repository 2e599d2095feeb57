"""The maximal age of the newest publication: of the current week in season, and of data_health all year."""

from nba_assets.checks.check import DESIGN, Range, Threshold

LATE_HOURS, TOO_LATE_HOURS = 24, 48
PUBLICATION_AGE = Threshold(
    "hours_since_publication", Range(at_most=LATE_HOURS), DESIGN, warn_range=Range(at_most=TOO_LATE_HOURS)
)
