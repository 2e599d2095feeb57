"""Detects runs whose process was killed, by a file lock, and marks them as failed.

A process killed with kill -9 leaves its run "started" and keeps its slot in a pool. Dagster notices only while the code
server that launched the run is alive, and never for a run of the command line. So each run locks a file with its id;
the operating system releases the lock when the process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode, auto_reexecution_should_retry_run
from dagster._core.executor.in_process import InProcessExecutor
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult

TIMEOUT = 10  # seconds for a response of the code server


@contextmanager
def run_lock(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Hold the lock of the run until the block ends."""
    hidden = _folder(instance) / f".{run_id}"  # renamed once it is locked: an unlocked file means a killed run
    with hidden.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lock = hidden.rename(hidden.with_name(run_id))
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def was_killed(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run was started on this machine and its process died without finishing it."""
    try:
        with (_folder(instance) / run_id).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except (FileNotFoundError, BlockingIOError):
        return False


class RunLockExecutor(InProcessExecutor):
    """Dagster's in-process executor, holding the lock of its run."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        with run_lock(plan_context.instance, plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process", requirements=[])
def run_lock_executor(_: dg.InitExecutorContext) -> RunLockExecutor:
    return RunLockExecutor(retries=RetryMode.ENABLED, marker_to_close=None)


class HealthCheckRunLauncher(dg.DefaultRunLauncher):
    """Dagster's default launcher, with a health check for run monitoring that detects killed processes.

    On this machine the lock shows it; on another one, the code server that launched the run is asked.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        if was_killed(self._instance, run.run_id) or self._is_unknown_to_server(run):
            _announce_retry(self._instance, run)
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process of this run was killed")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def _is_unknown_to_server(self, run: dg.DagsterRun) -> bool:
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return False
        try:
            response = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=TIMEOUT)
        except DagsterUserCodeUnreachableError:
            return False  # the server restarts, or the run was on this machine, where the lock is checked
        return not dg.deserialize_value(response, CanCancelExecutionResult).can_cancel


def _announce_retry(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Say that the run will be taken up again before it is marked as failed.

    Dagster says so a moment after; a backfill that it looks at in that moment, as it does when its daemons start, has
    failed for good.
    """
    if instance.run_retries_enabled and not run.is_finished:
        failed = run.with_status(dg.DagsterRunStatus.FAILURE)
        retried = auto_reexecution_should_retry_run(instance, failed, None)
        instance.add_run_tags(run.run_id, {WILL_RETRY_TAG: str(retried).lower()})


def end_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark killed runs as failed and free their pool slots; the ids of these runs."""
    ended = []
    for lock in _folder(instance).glob("[!.]*"):
        # Another process may be ending the same run.
        with contextlib.suppress(FileNotFoundError, BlockingIOError), lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            run = instance.get_run_by_id(lock.name)
            if run and not run.is_finished:
                instance.report_run_failed(run, "The process of this run was killed. The weeks it published are kept.")
                ended.append(lock.name)
            instance.event_log_storage.free_concurrency_slots_for_run(lock.name)
            lock.unlink()
    return ended


def _folder(instance: dg.DagsterInstance) -> Path:
    folder = Path(instance.root_directory) / "running"
    folder.mkdir(exist_ok=True)
    return folder
