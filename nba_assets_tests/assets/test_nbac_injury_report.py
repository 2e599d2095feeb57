"""The injury report as an asset: stored reports are never deleted, and its failures do not block downstream assets."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from nba_assets.automation.jobs import week_range_tags
from nba_assets.definitions import build_definitions
from nba_assets.errors import SourceError
from nba_assets.settings import Settings
from nba_assets.tables import BDL_PLAYER_BOXSCORES, NBAC_INJURY_REPORT, PLAYER_GAME_SUMMARY, Table
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets_tests.support.small_reports import (
    FRIDAY,
    FRIDAY_REPORT,
    SUNDAY,
    SUNDAY_REPORT,
    THURSDAY,
    THURSDAY_REPORT,
    SmallReports,
    report,
)
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES, WEEK, SmallLeague, league_week, without_minutes
from nba_assets_tests.support.weekly_runs import failures

NEXT_WEEK = WEEK + dt.timedelta(days=7)
TABLES = (*BOX_SCORE_TABLES, NBAC_INJURY_REPORT)
DOWN = SourceError("injury report of 2021-12-19: ConnectError, 4 times.")


@dataclass
class ReportRuns:
    """Materializes the tables of the small league with the reports that a test gives."""

    folder: Path
    instance: dg.DagsterInstance
    league: SmallLeague = field(default_factory=SmallLeague)
    reports: SmallReports = field(default_factory=SmallReports)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(path=f"{self.folder}/sample.duckdb")

    @functools.cached_property
    def _job(self) -> dg.JobDefinition:
        sources = {"source": self.league, "injury_report_source": self.reports}
        resources = {name: dg.ResourceDefinition.hardcoded_resource(source) for name, source in sources.items()}
        settings = Settings.from_environment({"NBA_DATA": str(self.folder)})
        return build_definitions(settings, **resources).resolve_implicit_global_asset_job_def()

    def run(self, *weeks: dt.date) -> dg.ExecuteInProcessResult:
        """All tables, for one week or the range from the first to the last."""
        return self._job.execute_in_process(
            instance=self.instance,
            asset_selection=[table.asset_key for table in TABLES],
            tags=week_range_tags(weeks),
            raise_on_error=False,
        )

    def run_reports(self, *, refresh: bool) -> dg.ExecuteInProcessResult:
        """The week's injury reports alone."""
        return self._job.execute_in_process(
            instance=self.instance,
            asset_selection=[NBAC_INJURY_REPORT.asset_key],
            partition_key=f"{WEEK}",
            run_config={"ops": {"nba_raw__nbac_injury_report": {"config": {"refresh": refresh}}}},
            raise_on_error=False,
        )

    def published(self, table: Table) -> list[dt.date]:
        return sorted(map(dt.date.fromisoformat, self.instance.get_materialized_partitions(table.asset_key)))

    def rows(self, table: Table = NBAC_INJURY_REPORT, week: dt.date = WEEK) -> pd.DataFrame:
        return self.warehouse.read_weeks(table, [week])

    def told(self) -> list[tuple[str, str, str]]:
        """Day, player and reason of every stored row."""
        return [(f"{row.report_date:%a}", row.player_name, row.reason) for row in self.rows().itertuples()]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[ReportRuns]:
    """Two weeks of the small league, with a report on each day of the first that has a game."""
    with dg.DagsterInstance.ephemeral() as instance:
        runs = ReportRuns(tmp_path, instance)
        runs.league.answer(WEEK)
        runs.league.answer(NEXT_WEEK)
        runs.reports.answer(FRIDAY_REPORT, SUNDAY_REPORT, THURSDAY_REPORT)
        yield runs


ALL_THREE = [
    ("Fri", "", "NOT YET SUBMITTED"),
    ("Fri", "Player 0 of ATL", "Rest"),
    ("Fri", "Player 10 of ATL", "Injury/Illness - Left Knee; Sprain"),
    ("Fri", "Player 11 of BOS", "G League - Two-Way"),
    ("Sun", "Player 12 of BKN", "League Suspension"),
    ("Thu", "Player 13 of CHI", "Rest"),
]


def test_every_row_is_stored_matched_and_used_as_the_reason_of_an_absence(runs: ReportRuns) -> None:
    assert runs.run(WEEK).success
    assert runs.reports.asked == [FRIDAY, SUNDAY, THURSDAY]
    assert sorted(runs.told()) == ALL_THREE
    named = runs.rows().query("player_name != ''")
    assert named["player_id"].astype(int).tolist() == [0, 10, 111, 212, 413]
    summary = runs.rows(PLAYER_GAME_SUMMARY).dropna(subset="absence_reason")
    assert dict(zip(summary["player_id"], summary["absence_reason"], strict=True)) == {
        10: "Injury/Illness - Left Knee; Sprain",
        111: "G League - Two-Way",
        212: "League Suspension",
        413: "Rest",
    }


def test_loading_twice_changes_nothing_and_requests_nothing(runs: ReportRuns) -> None:
    runs.run(WEEK)
    before, asked = runs.rows(), len(runs.reports.asked)
    assert runs.run_reports(refresh=False).success
    assert len(runs.reports.asked) == asked
    pd.testing.assert_frame_equal(runs.rows(), before)


def test_a_later_day_is_added_and_nothing_stored_is_lost(runs: ReportRuns) -> None:
    runs.reports.forget(THURSDAY)
    assert runs.run(WEEK).success
    assert sorted(runs.told()) == ALL_THREE[:5]
    runs.reports.answer(THURSDAY_REPORT)
    runs.reports.forget(FRIDAY)
    assert runs.run_reports(refresh=False).success
    assert runs.reports.asked[3:] == [THURSDAY]
    assert sorted(runs.told()) == ALL_THREE


def test_a_game_at_noon_has_the_report_before_it_and_the_17_30_report(runs: ReportRuns) -> None:
    early = league_week()
    sunday = early.games["game_date"] == SUNDAY
    early.games.loc[sunday, "tipoff"] -= dt.timedelta(hours=7)
    runs.league.answer(WEEK, early)
    noon = "12-19 12:00 | BKN | Player 12 of BKN | Out"
    runs.reports.answer(report(SUNDAY, f"{noon} | Illness", time="11:30"), report(SUNDAY, f"{noon} | Rest"))
    assert runs.run(WEEK).success
    assert runs.reports.asked_earlier == [(SUNDAY, dt.time(11, 30))]
    assert {("Sun", "Player 12 of BKN", "Illness"), ("Sun", "Player 12 of BKN", "Rest")} <= set(runs.told())
    summary = runs.rows(PLAYER_GAME_SUMMARY).set_index("player_id")
    assert summary.loc[212, "absence_reason"] == "Illness", "the evening's report came after the game"
    assert runs.run_reports(refresh=False).success
    assert (len(runs.reports.asked), len(runs.reports.asked_earlier)) == (3, 1)


def test_refresh_replaces_what_is_there_and_keeps_what_is_not(runs: ReportRuns) -> None:
    runs.run(WEEK)
    runs.reports.forget(FRIDAY)
    runs.reports.answer(report(SUNDAY, "BKN | Player 12 of BKN | Out | Rest", "CHA | Player 9 of CHA | Out | Rest"))
    assert runs.run_reports(refresh=True).success
    sunday = [("Sun", "Player 12 of BKN", "Rest"), ("Sun", "Player 9 of CHA", "Rest")]
    assert sorted(runs.told()) == [*ALL_THREE[:4], *sunday, ALL_THREE[5]]


def test_an_incompletely_stored_report_is_fetched_again(runs: ReportRuns) -> None:
    runs.run(WEEK)
    with runs.warehouse._connection(read_only=False) as connection:
        connection.execute(f"DELETE FROM {NBAC_INJURY_REPORT.qualified_name} WHERE team = 'BOS'")
    assert runs.run_reports(refresh=False).success
    assert sorted(runs.told()) == ALL_THREE


def test_a_report_of_many_unread_lines_refuses_its_week_which_keeps_its_rows(runs: ReportRuns) -> None:
    runs.run(WEEK)
    runs.reports.answer(report(SUNDAY, "BKN | Player 12 of BKN | Out | Rest", unread=("S.A. Spurs Out",)))
    run = runs.run_reports(refresh=True)
    assert not run.success
    (told,) = failures(run).values()
    assert f"week {WEEK}: unread_lines: unread_lines 0.142857 is outside the bound <= 0.01" in told
    assert sorted(runs.told()) == ALL_THREE


def test_a_host_that_is_down_fails_the_run_and_not_the_summary(runs: ReportRuns) -> None:
    runs.reports.fail(SUNDAY, DOWN)
    run = runs.run(WEEK, NEXT_WEEK)
    assert list(failures(run)) == ["nbac_injury_report_every_week_published"]
    assert f"week {WEEK}: row_integrity: {DOWN}" in failures(run)["nbac_injury_report_every_week_published"]
    assert runs.published(NBAC_INJURY_REPORT) == [NEXT_WEEK]
    assert runs.published(PLAYER_GAME_SUMMARY) == [WEEK, NEXT_WEEK]
    summary = runs.rows(PLAYER_GAME_SUMMARY)
    assert (len(summary), summary["absence_reason"].notna().sum()) == (90, 0)


def test_stored_rows_are_kept_when_the_host_is_down_later(runs: ReportRuns) -> None:
    runs.run(WEEK)
    for day in (FRIDAY, SUNDAY, THURSDAY):
        runs.reports.fail(day, DOWN)
    assert runs.run_reports(refresh=False).success
    assert not runs.run_reports(refresh=True).success
    assert sorted(runs.told()) == ALL_THREE


def test_reports_are_stored_although_the_box_scores_of_the_week_are_refused(runs: ReportRuns) -> None:
    runs.league.answer(WEEK, without_minutes(WEEK))
    assert not runs.run(WEEK).success
    assert runs.published(BDL_PLAYER_BOXSCORES) == []
    assert sorted(runs.told()) == ALL_THREE


def test_players_without_a_box_score_in_the_week_are_matched_to_earlier_ones(runs: ReportRuns) -> None:
    away = league_week(NEXT_WEEK)
    away.box_scores = away.box_scores.query("player_id != 10")
    runs.league.answer(NEXT_WEEK, away)
    friday = FRIDAY + dt.timedelta(days=7)
    runs.reports.answer(report(friday, "ATL | Player 10 of ATL | Out | Rest", "ATL | Nobody Known | Out | Rest"))
    assert runs.run(WEEK, NEXT_WEEK).success
    rows = runs.rows(week=NEXT_WEEK).set_index("player_name")
    assert rows.loc["Player 10 of ATL", "player_id"] == 10
    assert pd.isna(rows.loc["Nobody Known", "player_id"])


def test_reports_of_future_days_are_not_requested(runs: ReportRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nba_assets.assets.availability.league_today", lambda: SUNDAY)
    assert runs.run(WEEK).success
    assert runs.reports.asked == [FRIDAY, SUNDAY]
