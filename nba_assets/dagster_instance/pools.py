"""Pools, one writer each, made before a run asks for them."""

from __future__ import annotations

import contextlib

import dagster as dg
from sqlalchemy.exc import DBAPIError


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
