"""Games postponed, added or corrected upstream after they were stored: what the schedules' own runs make of them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dagster as dg
import httpx
import pandas as pd
import pytest

from nba_assets.definitions import build_definitions
from nba_assets.settings import API_KEY, Settings
from nba_assets.tables import BDL_GAMES, PLAYER_GAME_SUMMARY, QUARANTINE_TABLES, WEEKLY_TABLES, XGBOOST_MODEL
from nba_assets.tables.model import PLAYER_POINTS, PREDICTION_ACCURACY
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.support.command_line import Project, Replay, StartReplay, api_project

FROM_MODELS = (PLAYER_POINTS, PREDICTION_ACCURACY)
QUARANTINES = [table.asset_key for table in QUARANTINE_TABLES]
FROM_DATA = [table for table in WEEKLY_TABLES if table not in (XGBOOST_MODEL, *FROM_MODELS)]
FIRST, LAST = "2021-12-10", "2021-12-30"
OPENING = "2021-12-24T13:00Z"  # Friday: the weeks of 10, 17 and 24 December
TUESDAY = "2021-12-28T13:00Z"  # those of 17 and 24
EVENING = "2021-12-28T23:00Z"
NEXT_FRIDAY = "2021-12-31T13:00Z"

Row = dict[str, Any]


@dataclass
class Upstream:
    """The API with the real games of three weeks, which `change` can alter one by one; pages as the API pages."""

    replay: Replay
    games: list[Row] = field(default_factory=list)
    stats: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind in ("games", "stats"):
            cursor: int | None = 0
            while cursor is not None:
                query = f"start_date={FIRST}&end_date={LAST}&per_page=100&cursor={cursor}"
                page = httpx.get(f"{self.replay.url}/v1/{kind}?{query}").json()
                getattr(self, kind).extend(page["data"])
                cursor = page["meta"].get("next_cursor")

    def answer(self, path: str) -> tuple[int, bytes]:
        url = urlsplit(path)
        if not url.path.startswith("/v1/"):
            passed_on = httpx.get(f"{self.replay.url}{path}")
            return passed_on.status_code, passed_on.content
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        rows: list[Row] = getattr(self, url.path.removeprefix("/v1/"))
        first, last = query.get("start_date", FIRST), query.get("end_date", LAST)
        found = [row for row in rows if first <= _date(row) <= last]
        start = int(query.get("cursor", 0))
        following = {"next_cursor": start + 100} if len(found) > start + 100 else {}
        return 200, json.dumps({"data": found[start : start + 100], "meta": following}).encode()

    def game_on(self, date: str, number: int = 0) -> int:
        return [game["id"] for game in self.games if game["date"] == date][number]

    def without(self, game: int) -> tuple[list[Row], list[Row]]:
        """Take a game and its rows out; they are given back."""
        taken = [row for row in self.games if row["id"] == game], [row for row in self.stats if _game(row) == game]
        self.games = [row for row in self.games if row["id"] != game]
        self.stats = [row for row in self.stats if _game(row) != game]
        return taken

    def put(self, games: list[Row], stats: list[Row], **facts: object) -> None:
        """Add a game and its rows, with other facts than they came with."""
        self.games = sorted([*self.games, *(game | facts for game in games)], key=_date)
        self.stats = sorted([*self.stats, *(row | {"game": row["game"] | facts} for row in stats)], key=_date)


def _date(row: Row) -> str:
    return str(row["game"]["date"] if "game" in row else row["date"])


def _game(row: Row) -> int:
    return int(row["game"]["id"])


def tick(project: Project, schedule: str, at: str) -> dg.ExecuteInProcessResult:
    """Evaluate the schedule at this moment and execute what it asks for."""
    definitions = build_definitions(Settings.from_environment(project.environment))
    scheduled = definitions.resolve_schedule_def(schedule)
    resources = definitions.resources or {}
    with project.instance() as instance, pytest.MonkeyPatch.context() as environment:
        environment.setenv(API_KEY, project.environment[API_KEY])
        with dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=dt.datetime.fromisoformat(at),
            repository_def=definitions.get_repository_def(),
            resources={name: resources[name] for name in scheduled.required_resource_keys},
        ) as context:
            (request,) = scheduled.evaluate_tick(context).run_requests or ()
        result = definitions.resolve_job_def(scheduled.job_name).execute_in_process(
            instance=instance, run_config=request.run_config, tags=dict(request.tags), raise_on_error=False
        )
        assert result.success, [event.message for event in result.all_events if event.is_failure]
        return result


def published(result: dg.ExecuteInProcessResult) -> dict[str, list[str]]:
    """The weeks that each table published in this run, without what is in quarantine."""
    weeks: dict[str, list[str]] = {}
    for event in result.all_events:
        if event.is_step_materialization and event.partition and event.asset_key and event.asset_key not in QUARANTINES:
            weeks.setdefault(event.asset_key.path[-1], []).append(event.partition)
    return weeks


def corrected(stats: list[Row], player: int) -> list[Row]:
    """Two points more for this player."""
    more = {"pts": 2, "fgm": 1, "fga": 1}
    return [
        row | {name: row[name] + number for name, number in more.items()} if row["player"]["id"] == player else row
        for row in stats
    ]


@pytest.fixture
def upstream(replay: StartReplay) -> Upstream:
    return Upstream(replay("--since", FIRST, "--today", "2022-01-01"))


def test_what_changes_upstream_ends_up_right(upstream: Upstream, web: ScriptedWeb, tmp_path: Path) -> None:
    moved, added, wrong = (upstream.game_on(date) for date in ("2021-12-21", "2021-12-22", "2021-12-17"))
    of_moved, of_added, of_wrong = (upstream.without(game) for game in (moved, added, wrong))
    upstream.put(of_moved[0], [], status="Postponed", period=0, home_team_score=0, visitor_team_score=0)
    upstream.put(*of_wrong)
    web.answer = upstream.answer
    project = api_project(tmp_path / "var", web.url)

    opening = published(tick(project, "friday", OPENING))
    assert opening["bdl_games"] == ["2021-12-10", "2021-12-17", "2021-12-24"]
    assert opening["xgboost_model"] == opening["bdl_games"]
    trained = project.rows(XGBOOST_MODEL)["week"].dt.strftime("%Y-%m-%d").tolist()
    assert trained == ["2021-12-17", "2021-12-24"], "before them there is nothing to train on"
    assert project.rows(BDL_GAMES).query("game_id == @moved")["status"].tolist() == ["Postponed"]
    assert not set(project.rows(PLAYER_GAME_SUMMARY)["game_id"]) & {moved, added}

    for game in (moved, wrong):
        upstream.without(game)
    best = max(of_wrong[1], key=lambda row: row["pts"])
    side = "home" if best["team"]["id"] == of_wrong[0][0]["home_team"]["id"] else "visitor"
    score = f"{side}_team_score"
    upstream.put(*of_moved, date="2021-12-27", datetime="2021-12-28T00:30:00.000Z")
    upstream.put(*of_added)
    upstream.put(of_wrong[0], corrected(of_wrong[1], best["player"]["id"]), **{score: of_wrong[0][0][score] + 2})

    refreshed = published(tick(project, "morning", TUESDAY))
    assert refreshed["bdl_games"] == ["2021-12-17", "2021-12-24"]
    assert set(refreshed) == {table.name for table in WEEKLY_TABLES} - {"xgboost_model"}
    games = project.rows(BDL_GAMES).set_index("game_id")
    assert games.loc[moved, ["week", "game_date"]].tolist() == [pd.Timestamp("2021-12-24"), pd.Timestamp("2021-12-27")]
    assert games.loc[added, "status"] == "Final"
    summary = project.rows(PLAYER_GAME_SUMMARY)
    assert set(summary.query("game_id == @moved")["week"]) == {pd.Timestamp("2021-12-24")}
    line = summary.set_index(["game_id", "player_id"]).loc[(wrong, best["player"]["id"])]
    assert line["pts"] == best["pts"] + 2

    evening = published(tick(project, "evening", EVENING))
    assert set(evening) == set(refreshed) - {"bdl_games", "bdl_player_boxscores", "team_game_summary"}
    assert {week for weeks in evening.values() for week in weeks} == {"2021-12-24"}

    untouched = api_project(tmp_path / "fresh", web.url)
    tick(untouched, "friday", OPENING)
    for table in FROM_DATA:
        pd.testing.assert_frame_equal(project.rows(table), untouched.rows(table), obj=table.qualified_name)

    closed = published(tick(project, "friday", NEXT_FRIDAY))
    assert closed["xgboost_model"] == ["2021-12-17", "2021-12-24", "2021-12-31"]
    for table in FROM_MODELS:
        pd.testing.assert_frame_equal(project.rows(table), untouched.rows(table), obj=table.qualified_name)
    models = project.rows(XGBOOST_MODEL).query("week <= '2021-12-24'")
    pd.testing.assert_frame_equal(models, untouched.rows(XGBOOST_MODEL), obj=XGBOOST_MODEL.qualified_name)
