"""What the graph does with bad answers: games are set aside or the week is refused, by name; stored rows stay."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from nba_assets.partitions import last_day
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    BDL_PLAYER_BOXSCORES_QUARANTINE,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
)
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.support.command_line import api_project, replaying

STORED = (BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)
DEFECTS = {
    "2021-11-05": "null-minutes",
    "2021-11-12": "duplicates",
    "2021-11-19": "missing-team",
    "2021-11-26": "half-games",
    "2021-12-03": "empty",
    "2021-12-10": "wrong-points",
    "2021-12-17": "zero-box",
    "2021-12-24": "text-numbers",
    "2021-12-31": "mmss-minutes",
    "2022-01-07": "none",
}
REFUSED = {
    "2021-11-05": "minutes_null_rate 0.99",
    "2021-12-24": "rows of balldontlie cannot be read",
}
QUARANTINED = {
    "2021-11-12": "score",
    "2021-11-19": "one team",
    "2021-11-26": "no rows",
    "2021-12-03": "no rows",
    "2021-12-10": "wrong points",
    "2021-12-17": "score",
}
FIRST, LAST = "2021-11-05", "2022-01-13"


class Corrupted:
    """Ten weeks stored from good answers, then asked again while eight of them are bad and one has mm:ss minutes."""

    def __init__(self, shared: Path, folder: Path):
        season = ("--since", "2021-10-01", "--today", "2022-05-01")
        defects = [
            f"--defect={name}@{week}..{last_day(pd.Timestamp(week).date())}"
            for week, name in DEFECTS.items()
            if name != "none"
        ]
        with replaying(shared, *season) as good:
            self.project = api_project(folder / "var", good.url)
            port = good.url.rpartition(":")[2]
            assert self.project.box_scores(FIRST, LAST).exit_code == 0
        self.before = {table.name: self.project.rows(table) for table in STORED}
        with replaying(shared, *season, "--port", port, *defects) as bad:
            self.done = self.project.box_scores(FIRST, LAST, "--refresh")
            self.quarantined = self.project.rows(BDL_PLAYER_BOXSCORES_QUARANTINE)
            self.after = {table.name: self.project.rows(table) for table in STORED}
            asked = len(bad.requests)
            self.again = self.project.box_scores(FIRST, LAST)
            self.asked_again = {week_asked(path) for path, _ in bad.requests[asked:] if "/stats" in path}
        with replaying(shared, *season, "--port", port):
            self.repaired = self.project.box_scores(FIRST, LAST)
        self.at_last = {table.name: self.project.rows(table) for table in STORED}

    def changed_weeks(self, table: str) -> set[str]:
        both = [rows.set_index("week", append=False) for rows in (self.before[table], self.after[table])]
        weeks = {f"{week.date()}" for frame in both for week in frame.index}
        return {week for week in weeks if not both[0].loc[[week]].equals(both[1].loc[[week]])}


def week_asked(path: str) -> str:
    return parse_qs(urlsplit(path).query)["start_date"][0]


@pytest.fixture(scope="module")
def corrupted(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Corrupted:
    return Corrupted(shared, tmp_path_factory.mktemp("corrupted"))


def test_each_bad_week_is_refused_for_its_own_reason(corrupted: Corrupted) -> None:
    told = corrupted.done.errors
    for week, reason in REFUSED.items():
        (line,) = [line for line in told.splitlines() if line.startswith(f"  week {week}: ")]
        assert reason in line
    assert corrupted.done.exit_code == 1
    assert "Next: read the failed checks of these weeks" in told
    assert "Traceback" not in told


def test_what_is_wrong_by_game_is_set_aside_and_named(corrupted: Corrupted) -> None:
    found = corrupted.quarantined.query("whole_game").groupby("week")["rule"].unique()
    assert {f"{week.date()}": list(rules) for week, rules in found.items()} == {
        week: [rule] for week, rule in QUARANTINED.items()
    }
    assert "FAILED: quarantined_games of nba_raw/bdl_player_boxscores, 6 weeks, the first" in corrupted.done.errors


def test_only_the_accepted_weeks_change(corrupted: Corrupted) -> None:
    assert corrupted.changed_weeks(BDL_PLAYER_BOXSCORES.name) == {"2021-12-31"}
    assert corrupted.changed_weeks(PLAYER_GAME_SUMMARY.name) == {"2021-12-31"}
    assert corrupted.changed_weeks(TEAM_GAME_SUMMARY.name) == {"2021-12-31"}


def test_minutes_and_seconds_are_minutes(corrupted: Corrupted) -> None:
    keys = ["game_id", "player_id"]
    raw = corrupted.after[BDL_PLAYER_BOXSCORES.name]
    summary = corrupted.after[PLAYER_GAME_SUMMARY.name]
    with_seconds = raw[raw["minutes"].str.contains(":", na=False)].merge(summary, on=keys)
    assert len(with_seconds) > 1000
    minutes, seconds = (with_seconds["minutes"].str.split(":").str[part].astype(int) for part in (0, 1))
    assert (with_seconds["minutes_played"] - (minutes + seconds / 60)).abs().max() < 1e-9


def test_a_refused_week_is_asked_again_and_a_kept_one_is_not(corrupted: Corrupted) -> None:
    assert corrupted.asked_again == {*REFUSED, *QUARANTINED}
    assert corrupted.again.exit_code == 1
    evidence = list((corrupted.project.data / "landing").rglob("refused-*.json"))
    assert {path.parent.name for path in evidence} >= {*QUARANTINED}


def test_a_repaired_source_repairs_the_weeks(corrupted: Corrupted) -> None:
    # The week whose minutes had seconds added to them was accepted, and stays.
    assert re.findall(r"FAILED: (\w+)", corrupted.repaired.told) == ["team_minutes"]
    for table in STORED:
        healed = corrupted.at_last[table.name].query("week != '2021-12-31'").reset_index(drop=True)
        before = corrupted.before[table.name].query("week != '2021-12-31'").reset_index(drop=True)
        pd.testing.assert_frame_equal(healed, before, obj=table.qualified_name)


class ScriptedMinutes:
    """The API with a real-sized game in each week: the minutes tested of one player, and those of another one."""

    minutes: dict[str, tuple[object, str]] = {  # noqa: RUF012
        "2021-11-05": ("7", "41"),
        "2021-11-12": ("", "24"),
        "2021-11-19": ("abc", "24"),
        "2021-11-26": (None, "24"),
        "2021-12-03": ("34:21", "14"),
        "2021-12-10": ("35:60", "24"),
    }

    def answer(self, path: str) -> tuple[int, bytes]:
        rows: list[dict[str, Any]] = []
        if "/games" in path:
            for game in map(self.game, self.minutes):
                later = {"id": game["id"] + 1, "home_team": {"abbreviation": "BOS"}, "status": "Postponed"}
                rows += [game, game | later | {"home_team_score": 0, "visitor_team_score": 0}]
        else:
            rows = self.box_scores(week_asked(path), self.game(week_asked(path)))
        return 200, json.dumps({"data": rows, "meta": {"per_page": 100}}).encode()

    def game(self, week: str) -> dict[str, Any]:
        return {
            "id": int(week.replace("-", "")),
            "date": week,
            "season": 2021,
            "status": "Final",
            "period": 4,
            "postseason": False,
            "datetime": f"{week}T23:00:00.000Z",
            "home_team": {"abbreviation": "NYK"},
            "visitor_team": {"abbreviation": "ATL"},
            "home_team_score": 100,
            "visitor_team_score": 98,
        }

    def box_scores(self, week: str, game: dict[str, Any]) -> list[dict[str, Any]]:
        """Ten of sixteen play 24 minutes on each side; the first at home for the minutes tested."""
        rows: list[dict[str, Any]] = []
        for team, points in (("NYK", 100), ("ATL", 98)):
            for number in range(16):
                scored = (points // 10 + (number < points % 10)) if number < 10 else 0
                minutes: object = "24" if number < 10 else "00"
                if team == "NYK" and number < 2:
                    minutes = self.minutes[week][number]
                rows.append(
                    dict.fromkeys(("fg3m", "fg3a", "oreb", "dreb", "reb", "ast", "stl", "blk", "turnover"), 0)
                    | {
                        "pf": list(self.minutes).index(week),  # no week has the lines of the one before
                        "id": len(rows),
                        "min": minutes,
                        "fgm": scored // 2,
                        "fga": scored,
                        "ftm": scored % 2,
                        "fta": scored % 2,
                        "pts": scored,
                        "player": {"id": len(rows) + 1, "first_name": team, "last_name": f"{number}", "position": "G"},
                        "team": {"abbreviation": team},
                        "game": {"id": game["id"], "date": week, "season": 2021},
                    }
                )
        return rows


def test_minutes_that_are_no_time_cost_their_week_with_the_row_named(web: ScriptedWeb, tmp_path: Path) -> None:
    """Also: a postponed game is stored, has no summary, and keeps its week open."""
    web.answer = ScriptedMinutes().answer
    project = api_project(tmp_path / "var", web.url)
    done = project.box_scores("2021-11-05", "2021-12-16")
    assert done.exit_code == 1
    assert "Traceback" not in done.errors
    without_minutes, without_row = "216 minutes of 240", "90 points of 100"
    for week, lack in (("2021-11-12", without_minutes), ("2021-11-19", without_row), ("2021-12-10", without_row)):
        game = f"game {week.replace('-', '')} of {week}, ATL at NYK"
        assert f"{game}: NYK's players have {lack}" in done.errors
    rows = project.rows(BDL_PLAYER_BOXSCORES_QUARANTINE).query("not whole_game")
    assert rows["reason"].str.rpartition(": ")[2].tolist() == ["minutes 'abc'", "minutes '35:60'"]
    assert "week 2021-11-26: minutes_exactly_when_played: minutes_missing_where_played 1" in done.errors
    assert list(project.rows_by_week(PLAYER_GAME_SUMMARY)) == ["2021-11-05", "2021-12-03"]
    played = project.rows(PLAYER_GAME_SUMMARY).query("player_id == 1")
    assert played["minutes_played"].tolist() == [7.0, 34.35]
    assert project.rows(BDL_GAMES)["status"].value_counts().to_dict() == {"Final": 6, "Postponed": 6}
    assert list((project.data / "landing").rglob("*.json")) == []
    assert {week for week, table, _ in project.refusals() if table == BDL_PLAYER_BOXSCORES.name} == {
        "2021-11-12",
        "2021-11-19",
        "2021-12-10",
    }
