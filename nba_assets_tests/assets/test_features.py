"""The check that features do not see the game they are to predict, on the real ones and on one that does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from nba_assets.assets import features
from nba_assets.assets.features import differing_features, make_features
from nba_assets.tables import NBAC_INJURY_REPORT
from nba_assets.tables.features import NAMES
from nba_assets.tables.model import PLAYER_GAME_FEATURES, XGBOOST_MODEL
from nba_assets_tests.assets.test_weekly_assets import FIRST, WEEKS
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES
from nba_assets_tests.support.weekly_runs import WeeklyRuns, weekly_runs

TABLES = (*BOX_SCORE_TABLES, NBAC_INJURY_REPORT, PLAYER_GAME_FEATURES, XGBOOST_MODEL)


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[WeeklyRuns]:
    with weekly_runs(tmp_path / "project", *WEEKS) as runs:
        yield runs


def judged(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (evaluation,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "blind_to_the_game"]
    return evaluation


def test_features_that_know_only_the_days_before_pass(runs: WeeklyRuns) -> None:
    found = judged(runs.run(FIRST, WEEKS[-1], tables=TABLES))
    assert found.passed
    assert found.description == "2022-01-06: no feature differs"
    assert found.metadata["rows_looked_at"].value == 30


def with_points_of_the_game(*args: Any, **kwargs: Any) -> pd.DataFrame:
    """Doubled, because a player of the small league scores the same in every game."""
    rows = make_features(*args, **kwargs)
    return rows.assign(points_avg_last_5=(2 * rows["points"]).fillna(rows["points_avg_last_5"]))


def test_a_feature_that_sees_its_game_is_named_and_nothing_is_trained(
    runs: WeeklyRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "make_features", with_points_of_the_game)
    result = runs.run(FIRST, WEEKS[-1], tables=TABLES)
    assert not judged(result).passed
    assert judged(result).description == "2022-01-06: points_avg_last_5 see the game itself"
    assert not result.success
    assert not any(event.is_step_start and event.step_key == "nba_ml__xgboost_model" for event in result.all_events)


BOTH = pd.DataFrame({"game_id": [1, 1], "player_id": [7, 8], **{name: [1.0, None] for name in NAMES}})


@pytest.mark.parametrize(
    ("change", "found"),
    [
        pytest.param(lambda rows: rows.iloc[::-1], [], id="in another order"),
        pytest.param(lambda rows: rows.assign(days_rest=[1.0, 2.0]), ["days_rest"], id="a value where none was"),
        pytest.param(lambda rows: rows.assign(days_rest=[1.1, None]), ["days_rest"], id="another value"),
        pytest.param(lambda rows: rows.iloc[:1], ["rows"], id="a row less"),
    ],
)
def test_features_differ_by_value_null_or_row(change: Callable[[pd.DataFrame], pd.DataFrame], found: list[str]) -> None:
    assert differing_features(BOTH, change(BOTH)) == found
