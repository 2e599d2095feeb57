"""Which failures Dagster tries again after a while, by the kind of error.

What may pass is tried again: a source or warehouse that gave no answer, or was busy, for all the patience it has of its
own. What cannot pass is not: a refused key, wrong rows, a full disk, a setting. A run with a person waiting at the
terminal is never held up: it says what failed, and running it again goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from nba_assets.errors import ProjectError, SourceUnavailable, WarehouseUnavailable

TRANSIENT = (SourceUnavailable, WarehouseUnavailable)
WAITS = (60.0, 300.0)  # seconds before each further try
INTERACTIVE = {"nba/attended": "true"}
"""Tag of a run with a person waiting for it."""


def may_try_again(context: dg.AssetExecutionContext) -> bool:
    return context.retry_number < len(WAITS) and not INTERACTIVE.items() <= context.run.tags.items()


def try_again(context: dg.AssetExecutionContext) -> dg.RetryRequested:
    """To be raised from a Failure that says why; Dagster frees the step's pool, waits, and executes the step again."""
    return dg.RetryRequested(max_retries=len(WAITS), seconds_to_wait=WAITS[context.retry_number])


def try_again_later(context: dg.AssetExecutionContext, error: Exception) -> None:
    """Raise the request for another try if the error may pass by itself, and nobody waits for the run."""
    if isinstance(error, TRANSIENT) and may_try_again(context):
        raise try_again(context) from dg.Failure(str(error))


@contextmanager
def expected_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """What a source or the warehouse cannot do becomes another try, or a failure without a traceback."""
    try:
        yield
    except ProjectError as error:
        try_again_later(context, error)
        raise dg.Failure(str(error), allow_retries=False) from None
