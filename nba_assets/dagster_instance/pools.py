"""Pools, one writer each: made before a run needs them, and claimed so that no step waits for ever."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import dataclass
from functools import cached_property

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import ConcurrencySlotsTable
from dagster._utils.concurrency import ConcurrencyClaimStatus, ConcurrencySlotStatus
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from nba_assets.dagster_instance.run_liveness import end_killed_runs
from nba_assets.errors import PoolError

POLL_INTERVAL = 0.5  # seconds between two attempts to claim a slot
FIRST_MESSAGE, MESSAGE_INTERVAL = 10.0, 60.0  # seconds of waiting
LONGEST_WAIT = 3600.0  # seconds, for another run that writes the same table; a step of all weeks takes minutes

_log = logging.getLogger(__name__)


def create_pools(instance: dg.DagsterInstance, job: dg.JobDefinition) -> None:
    """Give each pool of the job the instance's default limit, where it has none yet.

    Dagster does so when a step first asks for its pool. On PostgreSQL two runs that ask at once then fail, one of them
    in the middle: the loser's INSERT aborts its transaction, which Dagster goes on using. Here losing means nothing.
    """
    storage = instance.event_log_storage
    known = {pool.name for pool in storage.get_pool_limits()}
    pools = {node.pool for node in job.all_node_defs if isinstance(node, dg.OpDefinition) and node.pool}
    for pool in sorted(pools - known):
        with contextlib.suppress(DBAPIError):
            storage.initialize_concurrency_limit_to_default(pool)


@dataclass
class Wait:
    """A step that waits for a slot: since when, and after how many seconds it says so again."""

    since: float
    next_message: float


class PoolClaims(SqlEventLogStorage):
    """Dagster's SQL event log with claims of pool slots that cannot be lost, doubled or waited for without end.

    Dagster decides whether a slot is free before it queues the step. If the holder leaves in between, the step is
    queued for a slot that nobody will assign, and waits for ever beside a free slot. And it takes a slot in two
    statements, so that two steps can take the same one.
    """

    def claim_concurrency_slot(
        self, concurrency_key: str, run_id: str, step_key: str, priority: int | None = None
    ) -> ConcurrencyClaimStatus:
        """Claim a slot or wait `POLL_INTERVAL`; PoolError after `LONGEST_WAIT`, naming who holds the slot."""
        status = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if not status.is_assigned and self.has_unassigned_slots(concurrency_key):
            self.assign_pending_steps([concurrency_key])
            status = super().claim_concurrency_slot(concurrency_key, run_id, step_key, priority)
        if status.is_claimed:
            self._waits.pop((run_id, step_key), None)
            return status
        if self.has_instance:
            end_killed_runs(self._instance)
        self._report_wait(concurrency_key, run_id, step_key)
        time.sleep(POLL_INTERVAL)
        # Otherwise Dagster's executor spins on the processor until the time for its next attempt has come.
        return status.with_sleep_interval(0.0)

    @cached_property
    def _waits(self) -> dict[tuple[str, str], Wait]:
        return {}

    def _report_wait(self, pool: str, run_id: str, step_key: str) -> None:
        """Log every minute, from `FIRST_MESSAGE` on, which run the step waits for."""
        wait = self._waits.setdefault((run_id, step_key), Wait(time.monotonic(), FIRST_MESSAGE))
        seconds = time.monotonic() - wait.since
        if seconds < min(wait.next_message, LONGEST_WAIT):
            return
        wait.next_message += MESSAGE_INTERVAL
        slots = self.get_concurrency_info(pool).claimed_slots
        holders = ", ".join(f"step {slot.step_key} of run {slot.run_id}" for slot in slots) or "nobody at the moment"
        text = f"{step_key} has waited {seconds:.0f} s for its turn in pool {pool}, held by {holders}"
        if seconds >= LONGEST_WAIT:
            raise PoolError(f"{text}: cancel that run in Dagit, or free its slot under Deployment > Concurrency")
        _log.warning(text)

    def _claim_concurrency_slot(self, concurrency_key: str, run_id: str, step_key: str) -> ConcurrencySlotStatus:
        """Take a free slot in one statement."""
        slots = ConcurrencySlotsTable
        free = slots.c.step_key.is_(None), slots.c.deleted.is_(False)
        one = select(slots.c.id).where(slots.c.concurrency_key == concurrency_key, *free).limit(1).scalar_subquery()
        with self.index_connection() as connection:
            claim = update(slots).where(slots.c.id == one, *free).values(run_id=run_id, step_key=step_key)
            taken = connection.execute(claim).rowcount
        return ConcurrencySlotStatus.CLAIMED if taken else ConcurrencySlotStatus.BLOCKED
