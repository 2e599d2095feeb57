"""deploy/production: its PostgreSQL instance is run here; what needs containers or Kubernetes is only read."""

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml
from dagster._core.launcher import LaunchRunContext, RunLauncher
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from nba_assets.partitions import WEEK
from nba_assets.tables import BDL_GAMES, PLAYER_GAME_SUMMARY
from nba_assets_tests.support.command_line import finish, project_at
from nba_assets_tests.support.postgres import postgres_url

__all__ = ["postgres_url"]

PRODUCTION = Path(__file__).resolve().parents[2] / "deploy" / "production"
EARLIER, LATER = ("2021-12-10", "2021-12-16"), ("2021-12-17", "2021-12-23")


def test_two_backfills_at_once_share_the_history_in_postgresql(postgres_url: str, tmp_path: Path) -> None:
    project = project_at(tmp_path / "var", NBA_POSTGRES_URL=postgres_url)
    home = Path(project.environment["DAGSTER_HOME"])
    shutil.copy(PRODUCTION / "dagster.yaml", home)
    # The tables of the history are made by whoever comes first; here, by a look at it.
    with _instance(home, postgres_url) as instance:
        assert instance.get_runs_count() == 0
        assert isinstance(instance.run_coordinator, QueuedRunCoordinator)
        assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
    running = [project.start("backfill", "--first", first, "--last", last) for first, last in (EARLIER, LATER)]
    for backfill in map(finish, running):
        assert backfill.exit_code == 0, backfill.told
    weeks = [f"{dt.date.fromisoformat(EARLIER[0]) + number * WEEK}" for number in range(2)]
    with _instance(home, postgres_url) as instance:
        for table in (BDL_GAMES, PLAYER_GAME_SUMMARY):
            assert sorted(instance.get_materialized_partitions(table.asset_key)) == weeks
            with duckdb.connect(str(project.warehouse), read_only=True) as connection:
                stored = connection.sql(f"SELECT DISTINCT week FROM {table.qualified_name} ORDER BY week").fetchall()
            assert [f"{week}" for (week,) in stored] == weeks


@contextmanager
def _instance(home: Path, postgres_url: str) -> Iterator[dg.DagsterInstance]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NBA_POSTGRES_URL", postgres_url)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance


class PodLauncher(RunLauncher, ConfigurableClass):
    """Stands for the launchers of dagster-k8s, dagster-docker and others, which start runs on other machines."""

    def __init__(self, inst_data: ConfigurableClassData | None = None):
        self._inst_data = inst_data
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> "PodLauncher":
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        raise NotImplementedError

    def terminate(self, run_id: str) -> bool:
        raise NotImplementedError


def test_duckdb_is_refused_if_runs_start_on_other_machines(tmp_path: Path) -> None:
    project = project_at(tmp_path / "var")
    config = Path(project.environment["DAGSTER_HOME"]) / "dagster.yaml"
    launcher = {"run_launcher": {"module": PodLauncher.__module__, "class": PodLauncher.__name__}}
    config.write_text(config.read_text() + yaml.safe_dump(launcher))
    done = finish(project.start("rosters", "--season", "2021"))
    assert done.exit_code == 1
    (told,) = done.errors.strip().splitlines()[-1:]
    assert f"{project.warehouse} is a file of one machine, and PodLauncher starts runs on others" in told
    assert "set NBA_WAREHOUSE=bigquery" in told
    assert not project.warehouse.exists()


def _read(name: str) -> Any:
    return yaml.safe_load((PRODUCTION / name).read_text())


def test_compose_runs_the_web_server_and_the_daemon_on_one_history() -> None:
    services = _read("compose.yaml")["services"]
    assert set(services) == {"postgres", "code", "webserver", "daemon"}
    (listens,) = services["webserver"]["ports"]
    assert listens.startswith("127.0.0.1:")
    assert {services[name]["environment"]["NBA_WAREHOUSE"] for name in ("code", "webserver", "daemon")} == {"bigquery"}
    assert {services[name]["environment"]["NBA_POSTGRES_URL"] for name in ("code", "webserver", "daemon")} == {
        "postgresql://dagster:${POSTGRES_PASSWORD:?}@postgres:5432/dagster"
    }


def test_helm_values_launch_a_pod_a_run_with_bounded_memory() -> None:
    values = _read("helm-values.yaml")
    launcher = values["runLauncher"]
    assert launcher["type"] == "K8sRunLauncher"
    resources = launcher["config"]["k8sRunLauncher"]["runK8sConfig"]["containerConfig"]["resources"]
    assert set(resources) == {"requests", "limits"}
    assert values["postgresql"]["enabled"] is False
