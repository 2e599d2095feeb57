"""Two backfills at once, over the same, overlapping and different weeks: the tables of one after the other."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from nba_assets.partitions import weeks_between
from nba_assets.settings import REPOSITORY
from nba_assets.tables import NBAC_INJURY_REPORT, WEEKLY_TABLES
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.interface import Warehouse
from nba_assets_tests.bigquery_backfill import compared, open_bigquery, variables
from nba_assets_tests.support.box_score_weeks import BOX_SCORE_TABLES
from nba_assets_tests.support.command_line import Project, finish, project_at
from nba_assets_tests.support.emulators import bigquery_emulator
from nba_assets_tests.support.postgres import postgres_url

__all__ = ["postgres_url"]

FIRST, SECOND, THIRD = ("2021-11-05", "2021-11-11"), ("2021-11-12", "2021-11-18"), ("2021-11-19", "2021-11-25")
SHAPES = {
    "the same weeks": ((FIRST[0], SECOND[1]), (FIRST[0], SECOND[1])),
    "overlapping weeks": ((FIRST[0], SECOND[1]), (SECOND[0], THIRD[1])),
    "different weeks": (FIRST, (SECOND[0], THIRD[1])),
}
WHOLE = (FIRST[0], THIRD[1])
ALL_WEEKS = weeks_between(*map(dt.date.fromisoformat, WHOLE))
# The others are made of all weeks before too: right once the earlier weeks are there, which a last backfill sees to.
OF_ONE_WEEK = {table.name for table in (*BOX_SCORE_TABLES, NBAC_INJURY_REPORT)}


@pytest.fixture(scope="module")
def one_after_the_other(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_at(tmp_path_factory.mktemp("alone") / "var")
    done = project.backfill(*WHOLE)
    assert done.exit_code == 0, done.told
    return project


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.long)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Project, Warehouse]]:
    """A fresh project with its warehouse: in files, or with its history in PostgreSQL and its tables in BigQuery."""
    if request.param == "duckdb":
        project = project_at(tmp_path / "var")
        yield project, DuckDBWarehouse(path=str(project.warehouse))
        return
    address = request.getfixturevalue("postgres_url")
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    with bigquery_emulator() as running:
        project = project_at(tmp_path / "var", NBA_POSTGRES_URL=address, **variables(running, prefix))
        shutil.copy(REPOSITORY / "deploy" / "production" / "dagster.yaml", project.environment["DAGSTER_HOME"])
        yield project, open_bigquery(running, prefix)


@pytest.mark.parametrize(
    "shape",
    [
        "overlapping weeks",
        *(pytest.param(shape, marks=pytest.mark.long) for shape in ("the same weeks", "different weeks")),
    ],
)
def test_runs_at_once_end_in_the_tables_of_runs_one_after_the_other(
    shape: str, place: tuple[Project, Warehouse], one_after_the_other: Project
) -> None:
    project, warehouse = place
    running = [project.start("backfill", "--first", first, "--last", last) for first, last in SHAPES[shape]]
    for backfill in map(finish, running):
        assert backfill.exit_code == 0, backfill.told
        assert "was the warehouse changed" not in backfill.told.lower()
    alone = DuckDBWarehouse(path=str(one_after_the_other.warehouse))
    both = [weeks_between(*map(dt.date.fromisoformat, dates)) for dates in SHAPES[shape]]
    _, differing = compared(alone, warehouse, sorted({*both[0], *both[1]}))
    assert [column for column in differing if column.partition(".")[0] in OF_ONE_WEEK] == []
    last = project.backfill(*WHOLE)
    assert last.exit_code == 0, last.told
    rows, differing = compared(alone, warehouse, ALL_WEEKS)
    assert all(rows[table.name].num_rows for table in WEEKLY_TABLES)
    assert differing == []
