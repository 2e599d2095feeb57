"""The project as a user has it, run from the command line in other processes, on the sample league or a replay."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pandas as pd
import pytest

from nba_assets.settings import REPOSITORY
from nba_assets.tables import Table

NOTHING: Mapping[str, str] = {}


@dataclass
class Replay:
    """A running replay.py; `requests` are the answers it has given so far, as (path with query, status)."""

    url: str
    log: Path

    @property
    def requests(self) -> list[tuple[str, int]]:
        lines = re.findall(r'"GET (\S+) HTTP/1.1" (\d+)', self.log.read_text())
        return [(path, int(status)) for path, status in lines]


StartReplay = Callable[..., Replay]


@contextmanager
def replaying(shared: Path, *options: str) -> Iterator[Replay]:
    """replay.py with these options on a free loopback port, until the block ends."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        command = [sys.executable, str(shared / "replay" / "replay.py"), "--data", str(shared / "nba"), "--port", "0"]
        with subprocess.Popen([*command, "--verbose", *options], stdout=subprocess.PIPE, stderr=log, text=True) as it:
            try:
                assert it.stdout is not None
                started = re.search(r"http://\S+", it.stdout.readline())
                assert started, f"the replay did not start: {Path(log.name).read_text()}"
                yield Replay(started[0], Path(log.name))
            finally:
                it.terminate()


Run = subprocess.Popen[str]


@dataclass
class Backfill:
    """How a `python -m nba_assets backfill` ended."""

    exit_code: int
    report: str
    errors: str

    @property
    def told(self) -> str:
        return self.report + self.errors


@dataclass
class Project:
    """The project as a user has it: data and Dagster home in `data`, run from the command line in other processes."""

    data: Path
    environment: dict[str, str]

    @property
    def warehouse(self) -> Path:
        return self.data / f"{self.environment['NBA_SOURCE']}.duckdb"

    def start(
        self,
        *arguments: str,
        variables: Mapping[str, str] = NOTHING,
        module: str = "nba_assets",
    ) -> Run:
        """`python -m nba_assets` with these arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def backfill(self, first: str, last: str, *options: str, timeout: float = 240.0, **variables: str) -> Backfill:
        run = self.start("backfill", "--first", first, "--last", last, *options, variables=variables)
        return finish(run, timeout)

    def start_box_scores(self, first: str, last: str, *options: str) -> Run:
        """The box-score part of a backfill, see `box_score_weeks`."""
        return self.start(first, last, *options, module="nba_assets_tests.support.box_score_weeks")

    def box_scores(self, first: str, last: str, *options: str) -> Backfill:
        return finish(self.start_box_scores(first, last, *options))

    def rows(self, table: Table | str) -> pd.DataFrame:
        """All rows of the table by key, without `fetched_at`: what must be equal between two runs."""
        name = table if isinstance(table, str) else table.qualified_name
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(f"SELECT COLUMNS(lambda name: name <> 'fetched_at') FROM {name} ORDER BY ALL").df()

    def rows_by_week(self, table: Table) -> dict[str, int]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            counted = connection.sql(f"SELECT week, count(*) FROM {table.qualified_name} GROUP BY week ORDER BY week")
            return {f"{week}": count for week, count in counted.fetchall()}

    def evaluations(self) -> list[dg.AssetCheckEvaluation]:
        """Every check evaluation in the event log, oldest first."""
        with self.instance() as instance:
            found: list[dg.AssetCheckEvaluation] = []
            for run in reversed(instance.get_runs()):
                for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                    assert entry.dagster_event
                    found.append(entry.dagster_event.asset_check_evaluation_data)
            return found

    def refusals(self) -> set[tuple[str, str, str]]:
        """(week, table, check) of every failed evaluation of severity ERROR, in any run."""
        return {
            (f"{evaluation.partition}", evaluation.asset_key.path[-1], evaluation.check_name)
            for evaluation in self.evaluations()
            if not evaluation.passed and evaluation.partition and evaluation.severity == dg.AssetCheckSeverity.ERROR
        }

    def published_weeks(self, table: Table) -> list[str]:
        with self.instance() as instance:
            return sorted(instance.get_materialized_partitions(table.asset_key))

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's instance of the project."""
        home = self.environment["DAGSTER_HOME"]
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DAGSTER_HOME", home)
            with dg.DagsterInstance.from_config(home) as instance:
                yield instance


def finish(process: Run, timeout: float = 240.0) -> Backfill:
    """Wait for a backfill; one that does not end is killed and fails the test."""
    try:
        report, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Backfill(process.returncode, report, errors)


def project_at(data: Path, **variables: str) -> Project:
    """A fresh project in `data` on the sample league, or with `NBA_SOURCE` and others as given."""
    home = data / "dagster"
    home.mkdir(parents=True)
    shutil.copy(REPOSITORY / "deploy" / "local" / "dagster.yaml", home)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "BALLDONTLIE_", "DAGSTER_"))
    }
    own = {"NBA_DATA": str(data), "DAGSTER_HOME": str(home), "NBA_SOURCE": "sample"}
    return Project(data, inherited | own | variables)


def api_project(data: Path, url: str, **variables: str) -> Project:
    """A fresh project in `data` that asks the API at `url`, as fast as it can."""
    asking = {
        "NBA_SOURCE": "balldontlie",
        "BALLDONTLIE_BASE_URL": url,
        "BALLDONTLIE_API_KEY": "a-key",
        "BALLDONTLIE_REQUESTS_PER_MINUTE": "60000",
        "NBA_INJURY_REQUESTS_PER_MINUTE": "60000",
    }
    return project_at(data, **asking | variables)


def replay_project(data: Path, running: Replay, **variables: str) -> Project:
    """A fresh project in `data` that asks a running replay, as fast as it can."""
    return api_project(data, running.url, **variables)
