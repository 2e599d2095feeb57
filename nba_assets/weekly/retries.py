"""Which errors Dagster retries.

Transient errors are retried: a source or warehouse that did not answer, or was busy, after all its own retries.
Permanent ones are not: a refused key, wrong rows, a full disk, a setting. A run with a person waiting at the terminal
never retries: it fails at once, and running it again continues where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from nba_assets.errors import ProjectError, SourceUnavailable, WarehouseUnavailable

TRANSIENT = (SourceUnavailable, WarehouseUnavailable)
WAITS = (60.0, 300.0)  # seconds before each retry
INTERACTIVE = {"nba/attended": "true"}
"""Tag of a run with a person waiting for it."""


def can_retry(context: dg.AssetExecutionContext) -> bool:
    return context.retry_number < len(WAITS) and not INTERACTIVE.items() <= context.run.tags.items()


def retry_request(context: dg.AssetExecutionContext) -> dg.RetryRequested:
    """To be raised from a Failure that says why. Dagster frees the step's pool slot during the wait."""
    return dg.RetryRequested(max_retries=len(WAITS), seconds_to_wait=WAITS[context.retry_number])


def retry_if_transient(context: dg.AssetExecutionContext, error: Exception) -> None:
    """Request a retry if the error is transient and nobody waits for the run."""
    if isinstance(error, TRANSIENT) and can_retry(context):
        raise retry_request(context) from dg.Failure(str(error))


@contextmanager
def expected_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """An error of a source or the warehouse becomes a retry, or a failure without a traceback."""
    try:
        yield
    except ProjectError as error:
        retry_if_transient(context, error)
        raise dg.Failure(str(error), allow_retries=False) from None
