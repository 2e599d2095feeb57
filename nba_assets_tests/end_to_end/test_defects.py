"""Every defect of balldontlie's answers that is known: what is published, what is set aside, and how it recovers."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from nba_assets.tables import (
    BDL_GAMES_QUARANTINE,
    BDL_PLAYER_BOXSCORES_QUARANTINE,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
)
from nba_assets.tables.quarantine import NOTHING_MISSING
from nba_assets_tests.conftest import TellFault
from nba_assets_tests.support.command_line import Backfill, Project, replay_project, replaying

pytestmark = pytest.mark.fault
WEEK, LAST_DAY, GAMES = "2021-12-24", "2021-12-30", 39
SEASON = ("--since", "2021-10-01")
FIRSTS, SECONDS = 6, 6  # days with a game, and with two


@dataclass(frozen=True)
class Defect:
    """A payload defect of the replay over a whole week.

    today: when the week is first fetched. published: games with summaries after that. rules: of what is in quarantine.
    exit_code: of that run. options: of the run that recovers, as the machine's clock has not moved on. long: left to
    `make faults`.
    """

    name: str
    published: int
    rules: tuple[str, ...] = ()
    exit_code: int = 0
    today: str = "2022-01-02"
    options: tuple[str, ...] = ()
    long: bool = True


DEFECTS = (
    Defect("null-player", GAMES, ("unreadable row",)),
    Defect("null-team", GAMES),
    Defect("short-digits", GAMES),
    Defect("twin-game", GAMES, ("twin game",)),
    Defect("exhibition", GAMES, ("exhibition",)),
    Defect("tied", GAMES),
    Defect("corrected", GAMES, today="2021-12-31", options=("--refresh",)),
    Defect("stuck", GAMES - FIRSTS),
    Defect("moved", GAMES - FIRSTS, ("moved",)),
    Defect("unlisted", GAMES - SECONDS),
    Defect("no-rows", GAMES - SECONDS, ("no rows",), exit_code=1, long=False),
    Defect("half-stats", 0, ("score",), exit_code=1),
)


def rules(project: Project) -> set[str]:
    tables = (BDL_GAMES_QUARANTINE, BDL_PLAYER_BOXSCORES_QUARANTINE)
    return {rule for table in tables for rule in project.rows(table)["rule"]}


def seen(done: Backfill, found: set[str], published: int) -> str:
    named = f"in quarantine: {', '.join(sorted(found))}" if found else "nothing in quarantine"
    return f"{published} of {GAMES} games published, {named}; exit code {done.exit_code}"


@pytest.mark.parametrize(
    "defect",
    [pytest.param(each, id=each.name, marks=[pytest.mark.long] if each.long else []) for each in DEFECTS],
)
def test_a_defect_costs_only_what_is_wrong_and_the_same_command_recovers(
    defect: Defect, shared: Path, real_weeks: Project, tmp_path: Path, tell_fault: TellFault
) -> None:
    week = ("--defect", f"{defect.name}@{WEEK}..{LAST_DAY}")
    with replaying(shared, *SEASON, "--today", defect.today, *week) as wrong:
        project = replay_project(tmp_path / "var", wrong)
        first = project.box_scores(WEEK, LAST_DAY)
    published = project.rows(PLAYER_GAME_SUMMARY)["game_id"].nunique()
    found = rules(project)
    assert (first.exit_code, published, found) == (defect.exit_code, defect.published, set(defect.rules)), first.told
    with replaying(shared, *SEASON, "--today", "2022-05-01", "--port", wrong.url.rpartition(":")[2]):
        again = project.box_scores(WEEK, LAST_DAY, *defect.options)
    assert again.exit_code == 0, again.told
    assert rules(project) <= set(NOTHING_MISSING)  # of pages that were kept, because no game lacked
    for table in (PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY):
        right = real_weeks.rows(table)
        right = right[right["week"] == WEEK].reset_index(drop=True)
        pd.testing.assert_frame_equal(project.rows(table), right, obj=table.qualified_name)
    shutil.rmtree(project.data)
    tell_fault(f"a week of {defect.name}", seen(first, found, published), "the same command, once the source is right")


@pytest.mark.long
def test_a_moved_game_is_published_in_the_week_it_is_played_in(
    shared: Path, tmp_path: Path, tell_fault: TellFault
) -> None:
    """Whichever week comes first: scheduled for WEEK, played five weeks later."""
    played, last_day = "2022-01-28", "2022-02-03"
    week = ("--defect", f"moved@{WEEK}..{LAST_DAY}")
    tables = []
    with replaying(shared, *SEASON, "--today", "2022-05-01", *week) as moved:
        for order, runs in {"later": (WEEK, played), "sooner": (played, WEEK)}.items():
            project = replay_project(tmp_path / order, moved)
            for first in runs:
                project.box_scores(first, LAST_DAY if first == WEEK else last_day)
            tables.append(project.rows(PLAYER_GAME_SUMMARY))
    pd.testing.assert_frame_equal(*tables)
    games = tables[0].drop_duplicates("game_id")
    assert not games["game_id"].duplicated().any()
    assert (games["week"] == WEEK).sum() == GAMES - FIRSTS
    late = project.rows("nba_raw.bdl_games").query("scheduled_date.notna()")
    assert len(late) == FIRSTS
    assert late["week"].astype(str).eq(played).all()
    set_aside = set(project.rows(BDL_PLAYER_BOXSCORES_QUARANTINE).query("rule == 'second game of a day'")["game_id"])
    assert set(late["game_id"]) - set_aside == set(late["game_id"]) & set(games["game_id"])
    assert set_aside <= set(late["game_id"])
    tell_fault(
        "games played five weeks after the day they are listed under",
        f"{FIRSTS - len(set_aside)} of {FIRSTS} stand in the week they were played; {len(set_aside)} would be a second "
        "game of their team on that day and are in quarantine",
        "nothing to do",
    )
