"""Runs whose process was killed: known by a lock, and ended in Dagster's books, so that none waits for ever.

A process that dies of kill -9 leaves its run "started" and its place in a pool taken. Dagster notices only while the
code server that launched it lives, and of a run of the command line nobody does. So each run holds a lock on a file
named like it, which the system lets go when the process ends, however it ends.
"""

from __future__ import annotations

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

ONE_ANSWER = 10  # seconds that a code server has to answer


@contextmanager
def run_lock(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """The run is known to be alive until the block ends."""
    unseen = _folder(instance) / f".{run_id}"
    with unseen.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lock = unseen.rename(unseen.with_name(run_id))
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def was_killed(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether the run was alive on this machine and its process has ended without ending it."""
    try:
        with (_folder(instance) / run_id).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except (FileNotFoundError, BlockingIOError):
        return False


class RunLockExecutor(InProcessExecutor):
    """Dagster's in-process executor, with its run known to be alive."""

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        with run_lock(plan_context.instance, plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process", requirements=[])
def run_lock_executor(_: dg.InitExecutorContext) -> RunLockExecutor:
    return RunLockExecutor(retries=RetryMode.ENABLED, marker_to_close=None)


class HealthCheckRunLauncher(dg.DefaultRunLauncher):
    """Dagster's default launcher; asked by run monitoring, it knows when the process of a run is gone.

    On this machine by the lock, on another one by asking the code server that launched the run.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        if was_killed(self._instance, run.run_id) or self._server_knows_nothing_of(run):
            _announce_retry(self._instance, run)
            return CheckRunHealthResult(WorkerStatus.FAILED, "the process of this run was killed")
        return CheckRunHealthResult(WorkerStatus.RUNNING)

    def _server_knows_nothing_of(self, run: dg.DagsterRun) -> bool:
        client = self._get_grpc_client_for_termination(run.run_id)
        if client is None:
            return False
        try:
            answer = client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), timeout=ONE_ANSWER)
        except DagsterUserCodeUnreachableError:
            return False  # it restarts, or was on this machine and is told by the lock
        return not dg.deserialize_value(answer, CanCancelExecutionResult).can_cancel


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
    """Mark runs whose process is gone as failed and free what they held; their ids."""
    ended = []
    for lock in _folder(instance).glob("[!.]*"):
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            run = instance.get_run_by_id(lock.name)
            if run and not run.is_finished:
                instance.report_run_failed(run, "The process of this run was killed. What it had published stands.")
                ended.append(lock.name)
            instance.event_log_storage.free_concurrency_slots_for_run(lock.name)
            lock.unlink()
    return ended


def _folder(instance: dg.DagsterInstance) -> Path:
    folder = Path(instance.root_directory) / "running"
    folder.mkdir(exist_ok=True)
    return folder
