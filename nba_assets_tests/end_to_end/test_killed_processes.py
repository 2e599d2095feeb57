"""A backfill launched from Dagit, whose worker, daemon and web server are killed one after the other, and then all."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from nba_assets_tests.conftest import TellFault
from nba_assets_tests.end_to_end.test_sample_backfill import holding
from nba_assets_tests.support.command_line import Project
from nba_assets_tests.support.dagit import Dev, dagster_dev
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES

WEEKS = ["2021-12-17", "2021-12-24"]
PATIENCE = 120.0  # seconds until something happens; a few on an idle machine
Answer = TypeVar("Answer")


def wait_for(look: Callable[[], Answer | None], what: str) -> Answer:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what}: not within {PATIENCE:.0f} s")


def process_of(dev: Dev, module: str) -> int:
    """The process id of the daemon or the web server that this `dagster dev` has started."""
    listed = subprocess.run(["ps", "-s", str(dev.process.pid), "-o", "pid=,args="], capture_output=True, text=True)
    (found,) = [line.split()[0] for line in listed.stdout.splitlines() if f"-m {module}" in line]
    return int(found)


def worker_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The process id of the run's worker, once it executes steps."""
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        if entry.dagster_event and str(entry.dagster_event.message).startswith("Executing steps in process"):
            return int(str(entry.dagster_event.engine_event_data.metadata["pid"].value))
    return None


def working(instance: dg.DagsterInstance, known: Sequence[str] = ()) -> tuple[dg.DagsterRun, int] | None:
    """The run that is started, other than those known, and its worker."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        if run.run_id not in known and (worker := worker_of(instance, run)):
            return run, worker
    return None


def end_all(dev: Dev) -> None:
    """What a power cut leaves of a `dagster dev` and all it has started: nothing."""
    with suppress(ProcessLookupError):
        os.killpg(dev.process.pid, signal.SIGKILL)


@pytest.mark.fault
def test_a_backfill_survives_the_death_of_each_process_and_of_all_at_once(
    project: Project, example: ModuleType, tell_fault: TellFault
) -> None:
    assets = ["/".join(table.asset_key.path) for table in BOX_SCORE_TABLES]
    other = holding(project.warehouse)  # the run waits for the file in its first step, until we let go of it
    with project.instance() as instance, ExitStack() as started:

        def status(run: dg.DagsterRun) -> dg.DagsterRunStatus:
            now = instance.get_run_by_id(run.run_id)
            assert now
            return now.status

        dev = started.enter_context(dagster_dev(project))
        started.callback(end_all, dev)
        backfill = example.Dagit(dev.url).launch(assets, WEEKS)
        first, worker = wait_for(lambda: working(instance), "the run of the backfill")
        os.kill(worker, signal.SIGKILL)
        second, worker = wait_for(lambda: working(instance, [first.run_id]), "the run that takes it up")
        assert second.parent_run_id == first.run_id
        assert status(first) == dg.DagsterRunStatus.FAILURE
        alive = instance.run_launcher.check_run_worker_health
        elsewhere = {GRPC_INFO_TAG: second.tags[GRPC_INFO_TAG]}  # a code server has restarted
        forgotten = instance.create_run_for_job(dg.job(name="elsewhere")(lambda: None), tags=elsewhere)
        assert [alive(run).status for run in (second, forgotten)] == [WorkerStatus.RUNNING, WorkerStatus.FAILED]

        os.kill(process_of(dev, "dagster._daemon"), signal.SIGKILL)
        dev.process.wait(PATIENCE)
        assert status(second) == dg.DagsterRunStatus.STARTED
        assert Path(f"/proc/{worker}").exists(), "its run goes on without the daemon"

        again = started.enter_context(dagster_dev(project))
        started.callback(end_all, again)
        os.kill(process_of(again, "dagster_webserver"), signal.SIGKILL)
        again.process.wait(PATIENCE)
        assert status(second) == dg.DagsterRunStatus.STARTED

        end_all(dev)
        end_all(again)
        wait_for(lambda: alive(second).status == WorkerStatus.FAILED, "the end of its worker")
        assert alive(forgotten).status == WorkerStatus.RUNNING, "nobody can tell while its code server is away"
        assert status(second) == dg.DagsterRunStatus.STARTED, "nobody is left to say that it has died"
        other.communicate("")
        last = example.Dagit(started.enter_context(dagster_dev(project)).url)
        wait_for(lambda: last.progress(backfill).ended, "the end of the backfill")
        assert last.progress(backfill).status == "COMPLETED_SUCCESS"
        assert status(second) == dg.DagsterRunStatus.FAILURE
        for table in BOX_SCORE_TABLES:
            assert project.published_weeks(table) == WEEKS
            assert list(project.rows_by_week(table)) == WEEKS
        pools = [instance.event_log_storage.get_concurrency_info(table.name) for table in BOX_SCORE_TABLES]
        assert [pool.active_slot_count for pool in pools] == [0, 0, 0, 0]
    tell_fault("kill -9 of a run's worker", "the run fails, another retries it", "by itself")
    tell_fault("kill -9 of the daemon or web server", "make dev ends, its run goes on", "make dev")
    tell_fault(
        "kill -9 of everything", "the run still 'started'", "make dev: the run is retried, the backfill ends well"
    )
