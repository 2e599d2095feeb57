"""Runs of the command line whose process was killed: ended in Dagster's books at the next start, so that none waits.

A process that dies of kill -9 leaves its run "started" and its place in a pool taken, and without a daemon nobody
notices: the next run would wait for ever. So each run holds a lock on a file named like it, which the system lets go
when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.utils import make_new_run_id


@contextmanager
def living_run(instance: dg.DagsterInstance) -> Iterator[str]:
    """The id for a new run, known to be alive until the block ends."""
    run_id = make_new_run_id()
    unseen = _folder(instance) / f".{run_id}"
    with unseen.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        lock = unseen.rename(unseen.with_name(run_id))
        try:
            yield run_id
        finally:
            lock.unlink()


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
