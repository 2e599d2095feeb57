"""What Dagster is told of a run whose process was killed."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import ROOT_RUN_ID_TAG, WILL_RETRY_TAG

from nba_assets.dagster_instance.home import CONFIGURATION


@dg.job
def idle() -> None:
    pass


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / CONFIGURATION.name).write_text(CONFIGURATION.read_text())
    with dg.DagsterInstance.get() as instance:
        yield instance


def killed(instance: dg.DagsterInstance, takes_up: str | None = None) -> dg.DagsterRun:
    """A run that has started, and left its lock behind when its process died; perhaps the retry of another one."""
    tags = {ROOT_RUN_ID_TAG: takes_up} if takes_up else None
    run = instance.create_run_for_job(
        idle, status=dg.DagsterRunStatus.STARTED, tags=tags, root_run_id=takes_up, parent_run_id=takes_up
    )
    locks = Path(instance.root_directory) / "running"
    locks.mkdir(exist_ok=True)
    (locks / run.run_id).touch()
    return run


def test_a_killed_run_is_known_to_be_taken_up_again_before_it_is_marked_as_failed(
    instance: dg.DagsterInstance,
) -> None:
    """Else a backfill that Dagster looks at in between has failed for good."""
    run = killed(instance)
    assert instance.run_launcher.check_run_worker_health(run).status == WorkerStatus.FAILED
    known = instance.get_run_by_id(run.run_id)
    assert known
    assert (known.status, known.tags[WILL_RETRY_TAG]) == (dg.DagsterRunStatus.STARTED, "true")


def test_a_run_killed_for_the_third_time_is_not_announced_again(instance: dg.DagsterInstance) -> None:
    first = killed(instance)
    again = [killed(instance, takes_up=first.run_id) for _ in range(2)]
    assert instance.run_launcher.check_run_worker_health(again[-1]).status == WorkerStatus.FAILED
    known = instance.get_run_by_id(again[-1].run_id)
    assert known
    assert known.tags[WILL_RETRY_TAG] == "false"
