"""Claims of pool slots: none is lost, doubled, or waited for without end, in SQLite as in PostgreSQL."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster_postgres.event_log import PostgresEventLogStorage

from nba_assets.dagster_instance import pools
from nba_assets.dagster_instance.postgres_event_log import PostgresEventLog
from nba_assets.dagster_instance.sqlite_event_log import LocalEventLog
from nba_assets.errors import PoolError
from nba_assets_tests.dagster_instance.test_sqlite_event_log import instance_at
from nba_assets_tests.support.postgres import postgres_url

__all__ = ["postgres_url"]

POOL = "bdl_games"
OURS, DAGSTERS = "the project's", "Dagster's own"
CLASSES: dict[str, dict[str, Callable[[str], SqlEventLogStorage]]] = {
    "sqlite": {OURS: LocalEventLog, DAGSTERS: SqliteEventLogStorage},
    "postgres": {OURS: PostgresEventLog, DAGSTERS: PostgresEventLogStorage},
}
Open = Callable[[str], SqlEventLogStorage]


@pytest.fixture(params=CLASSES)
def open_log(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens one history, with a pool of one slot, with the project's class or the one it stands in for."""
    where = str(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    CLASSES[request.param][DAGSTERS](where).set_concurrency_slots(POOL, 1)
    return lambda whose: CLASSES[request.param][whose](where)


def claim_while_the_holder_leaves(storage: SqlEventLogStorage, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a step ever gets its slot when the run before it frees the slot between Dagster's look and its queue."""
    assert storage.claim_concurrency_slot(POOL, "before", "step").is_claimed
    queue = storage.add_pending_step

    def freed_meanwhile(*arguments: object, **options: object) -> None:
        storage.free_concurrency_slot_for_step("before", "step")
        queue(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "add_pending_step", freed_meanwhile)
    return any(storage.claim_concurrency_slot(POOL, "after", "step").is_claimed for _ in range(5))


def test_a_slot_that_is_freed_while_the_next_step_queues_is_claimed(
    open_log: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claim_while_the_holder_leaves(open_log(OURS), monkeypatch)


def test_dagster_still_loses_such_a_claim(open_log: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """If this fails, Dagster has mended it, and `PoolClaims.claim_concurrency_slot` need not."""
    assert not claim_while_the_holder_leaves(open_log(DAGSTERS), monkeypatch)


def test_runs_that_claim_at_once_hold_the_slot_one_after_the_other(
    open_log: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "POLL_INTERVAL", 0.001)
    held, doubled, turns = threading.Lock(), threading.Event(), []

    def run() -> None:
        storage = open_log(OURS)
        for _ in range(10):
            run_id = f"{uuid.uuid4()}"
            while not storage.claim_concurrency_slot(POOL, run_id, "step").is_claimed:
                pass
            if not held.acquire(blocking=False):
                doubled.set()
                return
            turns.append(run_id)
            held.release()
            storage.free_concurrency_slot_for_step(run_id, "step")

    runs = [threading.Thread(target=run) for _ in range(4)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert not doubled.is_set()
    assert len(turns) == 40


HOLD = """
import sys, time
from pathlib import Path
from nba_assets.dagster_instance.run_liveness import run_lock
from nba_assets_tests.dagster_instance.test_pools import POOL
from nba_assets_tests.dagster_instance.test_sqlite_event_log import instance_at

with instance_at(Path(sys.argv[1])) as instance:
    instance.event_log_storage.set_concurrency_slots(POOL, 1)
    with run_lock(instance, "holder"):
        print(instance.event_log_storage.claim_concurrency_slot(POOL, "holder", "step").is_claimed, flush=True)
        time.sleep(600)
"""


def test_the_slot_of_a_killed_run_is_freed_for_the_run_that_waits(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with instance_at(tmp_path) as instance:
            storage = instance.event_log_storage
            assert not storage.claim_concurrency_slot(POOL, "waiting", "step").is_claimed
            os.kill(holder.pid, signal.SIGKILL)
            holder.wait()
            claims = [storage.claim_concurrency_slot(POOL, "waiting", "step").is_claimed for _ in range(3)]
            assert claims[-1]


def test_a_wait_says_what_it_waits_for_and_ends(
    open_log: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage = open_log(OURS)
    assert storage.claim_concurrency_slot(POOL, "first", "step").is_claimed
    assert not storage.claim_concurrency_slot(POOL, "second", "step").is_claimed
    assert caplog.messages == []
    monkeypatch.setattr(pools, "FIRST_MESSAGE", 0.0)
    assert not storage.claim_concurrency_slot(POOL, "third", "step").is_claimed
    (message,) = caplog.messages
    assert message == "step has waited 0 s for its turn in pool bdl_games, held by step step of run first"
    monkeypatch.setattr(pools, "LONGEST_WAIT", 0.0)
    with pytest.raises(PoolError, match="held by step step of run first: cancel that run in Dagit"):
        storage.claim_concurrency_slot(POOL, "second", "step")
