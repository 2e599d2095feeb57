"""Two real weeks from the replay through the whole graph: every absence that was reported is stored and told."""

from pathlib import Path

import pandas as pd

from nba_assets.league.player_names import player_lookup
from nba_assets.tables import NBAC_INJURY_REPORT, PLAYER_GAME_SUMMARY
from nba_assets_tests.support.command_line import StartReplay, replay_project

FIRST, LAST = "2022-01-07", "2022-01-20"


def reported_out(seasons: Path) -> set[tuple[str, str, str]]:
    """Day, team and lookup of every box row of who was reported out."""
    boxes = pd.read_parquet(seasons / "player_box_2021-22.parquet")
    days = boxes["game_date"].astype(str)
    out = boxes[days.between(FIRST, LAST) & (boxes["status"] == "OUT_REPORTED")]
    return set(zip(out["game_date"].astype(str), out["team"], out["player_name"].map(player_lookup), strict=True))


def test_no_reported_absence_of_two_real_weeks_is_lost(seasons: Path, replay: StartReplay, tmp_path: Path) -> None:
    running = replay("--since", "2021-12-01", "--faults", "0.05")
    project = replay_project(tmp_path / "var", running)
    first = project.backfill(FIRST, LAST)
    assert first.exit_code == 0, first.told
    rows = project.rows(NBAC_INJURY_REPORT)
    out = rows[rows["status"] == "Out"]
    of_evening = out[out["report_time"] == "17:30"]
    days = of_evening["game_date"].astype(str).str[:10]
    stored = list(zip(days, of_evening["team"], of_evening["player_lookup"], strict=True))
    expected = reported_out(seasons)
    assert set(stored) == expected
    assert len(stored) == len(expected) > 400
    assert out["player_id"].notna().all()
    summary = project.rows(PLAYER_GAME_SUMMARY)
    assert summary["absence_reason"].notna().sum() == len(expected)
    assert not summary.loc[summary["played"], "absence_reason"].notna().any()

    asked = [path for path, _ in running.requests if path.startswith("/referee")]
    assert project.backfill(FIRST, LAST).exit_code == 0
    assert [path for path, _ in running.requests if path.startswith("/referee")] == asked
    pd.testing.assert_frame_equal(project.rows(NBAC_INJURY_REPORT), rows)
