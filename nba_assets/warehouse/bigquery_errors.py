"""Translates BigQuery's errors into messages with a next step, and retries the transient ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import requests
import tenacity
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
from google.api_core.retry import Retry
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError

from nba_assets.errors import WarehouseError, WarehouseUnavailable

CREDENTIALS = (
    "run `gcloud auth application-default login`, or name a service-account key file in NBA_BIGQUERY_CREDENTIALS"
)
ROLES = (
    "give the account roles/bigquery.jobUser and roles/bigquery.readSessionUser on the project and "
    "roles/bigquery.dataEditor on its datasets (docs/production.md)"
)
QUOTA = "wait for the quota to refill, or ask for more under IAM > Quotas in the console; then materialize again"
NEXT_STEPS = {
    "accessDenied": ROLES,
    "authError": CREDENTIALS,
    "billingNotEnabled": "link the project to a billing account: the sandbox allows no MERGE",
    "bytesBilledLimitExceeded": "raise NBA_MAX_BYTES_BILLED or materialize fewer weeks at once; nothing was billed",
    "notFound": "check NBA_BIGQUERY_PROJECT, NBA_BIGQUERY_LOCATION and NBA_DATASET_PREFIX",
    "quotaExceeded": QUOTA,
    "rateLimitExceeded": QUOTA,
    "jobRateLimitExceeded": QUOTA,
}
STATUSES = {401: CREDENTIALS, 403: ROLES, 404: NEXT_STEPS["notFound"], 429: QUOTA}
RATE_LIMITS = {"rateLimitExceeded", "jobRateLimitExceeded"}
# A conflict has no reason code of its own, and a full queue of writers is reported as a quota.
CONFLICTS = re.compile(
    r"could not serialize access|concurrent (?:update|transaction)|dml jobs writing to a table", re.I
)

# Google's client would retry for ten minutes; `retry_transient` retries instead.
NO_RETRY = Retry(predicate=lambda error: False)

Result = TypeVar("Result")


@contextmanager
def translate_errors(doing: str, *, otherwise: str = "Materialize again; nothing stored was lost") -> Iterator[None]:
    """Turn errors of Google's libraries into a WarehouseError: the operation, the error and the next step."""
    try:
        yield
    except DefaultCredentialsError as error:
        raise WarehouseError(
            f"{doing}: no usable Google credentials ({_first_line(error)}). Next: {CREDENTIALS}"
        ) from error
    except TransportError as error:
        raise WarehouseUnavailable(f"{doing}: Google was not reached ({_first_line(error)}). {otherwise}") from error
    except GoogleAuthError as error:
        refused = f"{doing}: the Google credentials were refused, expired or revoked ({_first_line(error)})"
        raise WarehouseError(f"{refused}. Next: {CREDENTIALS}") from error
    except GoogleAPICallError as error:
        step = _next_step(error)
        kind = WarehouseUnavailable if is_transient(error) or int(error.code or 0) >= 500 else WarehouseError
        raise kind(f"{doing}: {_response(error)}. {f'Next: {step}' if step else otherwise}") from error
    except (TimeoutError, requests.Timeout) as error:
        raise WarehouseUnavailable(
            f"{doing}: BigQuery did not answer in time ({_first_line(error)}). {otherwise}"
        ) from error
    except (GoogleAPIError, requests.RequestException) as error:
        raise WarehouseUnavailable(
            f"{doing}: the connection to BigQuery failed ({_first_line(error)}). {otherwise}"
        ) from error


def retry_transient(call: Callable[[], Result], seconds: float) -> Result:
    """The call's result; only conflicts with other writers and rate limits are retried, for `seconds`."""
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(is_transient),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=30.0),
        stop=tenacity.stop_after_delay(seconds),
        reraise=True,
    )
    return attempts(call)


def is_transient(error: BaseException) -> bool:
    if not isinstance(error, GoogleAPICallError):
        return False
    return error.code == 429 or _reason(error) in RATE_LIMITS or bool(CONFLICTS.search(str(error)))


def _next_step(error: GoogleAPICallError) -> str | None:
    if "perhaps it does not exist" in str(error):  # BigQuery's message when the account may not know which
        return f"materialize the upstream tables first; if they are there, {ROLES}"
    return NEXT_STEPS.get(_reason(error)) or STATUSES.get(int(error.code or 0))


def _reason(error: GoogleAPICallError) -> str:
    details: list[Any] = list(error.errors)
    return str(details[0].get("reason", "")) if details and isinstance(details[0], dict) else ""


def _response(error: GoogleAPICallError) -> str:
    return f"BigQuery answered {error.code or type(error).__name__}: {_first_line(error.message or error)}".rstrip(". ")


def _first_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].split("; reason:")[0] if lines else type(error).__name__
