"""`python -m nba_assets_tests.support.box_score_weeks 2021-12-10 2022-01-06`: a backfill of the box scores alone.

For tests of sources, checks and storage: same job, same process, same messages and exit code, in half the time.
`--metrics` and `--report` add the validation metrics and the backfill report.
"""

import datetime as dt
import sys

from nba_assets.__main__ import print_failed_checks, run_job
from nba_assets.automation.jobs import week_range_tags
from nba_assets.partitions import weeks_between
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
)
from nba_assets.tables.asset_keys import BACKFILL_REPORT

BOX_SCORE_TABLES = (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)

MORE = {"--metrics": VALIDATION_METRICS.asset_key, "--report": BACKFILL_REPORT}


def backfill(first: dt.date, last: dt.date, *options: str) -> bool:
    """Whether every week from `first` to `last` was published by every box-score table, and no check is an error."""
    fetch = {"config": {"refresh": "--refresh" in options}}
    added = [key for option, key in MORE.items() if option in options]
    result = run_job(
        "backfill",
        {"nba_raw__bdl_games": fetch, "nba_raw__bdl_player_boxscores": fetch},
        asset_selection=[*(table.asset_key for table in BOX_SCORE_TABLES), *added],
        tags=week_range_tags(weeks_between(first, last)),
    )
    return not print_failed_checks(result) and result.success


if __name__ == "__main__":
    first, last = map(dt.date.fromisoformat, sys.argv[1:3])
    sys.exit(0 if backfill(first, last, *sys.argv[3:]) else 1)
