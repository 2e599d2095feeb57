"""Undisturbed runs that others are compared with."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from nba_assets_tests.support.box_score_weeks import BOX_SCORE_TABLES
from nba_assets_tests.support.command_line import Project, Replay, project_at, replay_project, replaying

FIRST, LAST = "2021-12-10", "2022-01-06"


@pytest.fixture(scope="session")
def sample_weeks(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample league's weeks of 2021-12-10 to 2022-01-06, backfilled once."""
    project = project_at(tmp_path_factory.mktemp("sample") / "var")
    done = project.box_scores(FIRST, LAST)
    assert done.exit_code == 0, done.told
    return project


@pytest.fixture(scope="session")
def winter(shared: Path) -> Iterator[Replay]:
    """The replay of 2021-22 on 2022-05-01, slow enough to be caught in the middle of a week."""
    with replaying(shared, "--since", "2021-10-01", "--today", "2022-05-01", "--latency-ms", "60") as running:
        yield running


@pytest.fixture(scope="session")
def real_weeks(winter: Replay, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The real weeks of 2021-12-10 to 2022-01-06, backfilled once."""
    project = replay_project(tmp_path_factory.mktemp("real") / "var", winter)
    done = project.box_scores(FIRST, LAST)
    assert done.exit_code == 0, done.told
    return project


def assert_same_rows(project: Project, other: Project) -> None:
    """In every box-score table, which has rows."""
    for table in BOX_SCORE_TABLES:
        assert len(other.rows(table)), table.name
        pd.testing.assert_frame_equal(project.rows(table), other.rows(table), obj=table.qualified_name)
