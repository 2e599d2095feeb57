"""Every environment variable the project reads, once: its name, its default and its meaning."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from upath import UPath

from nba_assets.errors import SettingsError

API_KEY = "BALLDONTLIE_API_KEY"
REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class BigQuerySettings:
    """Where BigQuery is and what a query may cost.

    project, location: `NBA_BIGQUERY_PROJECT`, `NBA_BIGQUERY_LOCATION`. dataset_prefix: goes before every dataset's
    name (`NBA_DATASET_PREFIX`); by default "sample_" for the sample league and nothing for real rows, so that they
    never share a table. max_bytes_billed: `NBA_MAX_BYTES_BILLED` of one query, no limit by default. credentials: a
    service-account key file (`NBA_BIGQUERY_CREDENTIALS`), by default the application default credentials. endpoint,
    storage_endpoint: addresses of an emulator (`NBA_BIGQUERY_ENDPOINT`, `NBA_BIGQUERY_STORAGE_ENDPOINT`).
    """

    project: str
    location: str
    dataset_prefix: str
    max_bytes_billed: int | None
    credentials: str | None
    endpoint: str | None
    storage_endpoint: str | None

    @classmethod
    def from_environment(cls, env: Mapping[str, str], source: str) -> BigQuerySettings:
        if not env.get("NBA_BIGQUERY_PROJECT"):
            raise SettingsError("NBA_WAREHOUSE=bigquery needs NBA_BIGQUERY_PROJECT: the id of a Google Cloud project")
        prefix = env.get("NBA_DATASET_PREFIX") or ("sample_" if source == "sample" else "")
        if not re.fullmatch(r"\w*", prefix, re.ASCII):
            raise SettingsError(f"NBA_DATASET_PREFIX={prefix!r}: use letters, digits and underscores")
        limited = bool(env.get("NBA_MAX_BYTES_BILLED"))
        return cls(
            project=env["NBA_BIGQUERY_PROJECT"],
            location=env.get("NBA_BIGQUERY_LOCATION") or "US",
            dataset_prefix=prefix,
            max_bytes_billed=positive_integer(env, "NBA_MAX_BYTES_BILLED", 0) if limited else None,
            credentials=env.get("NBA_BIGQUERY_CREDENTIALS") or None,
            endpoint=env.get("NBA_BIGQUERY_ENDPOINT") or None,
            storage_endpoint=env.get("NBA_BIGQUERY_STORAGE_ENDPOINT") or None,
        )


@dataclass(frozen=True)
class AlertSettings:
    """Who is told of failures, besides the log: a webhook or an e-mail address.

    webhook_url: `NBA_ALERT_WEBHOOK_URL`, an address that takes {"text": …} as Slack's do; a secret. email: recipients
    (`NBA_ALERT_EMAIL`, separated by commas), through the mail server `NBA_SMTP_URL`, smtp:// (encrypted where the
    server can) or smtps://, with user:password@ if it asks for them. dagit_url: for links (`NBA_DAGIT_URL`).
    """

    webhook_url: str = field(repr=False)
    email: str
    smtp_url: str = field(repr=False)
    dagit_url: str

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> AlertSettings:
        alerts = cls(
            webhook_url=secret_address(env, "NBA_ALERT_WEBHOOK_URL", ("http", "https")),
            email=env.get("NBA_ALERT_EMAIL", "").strip(),
            smtp_url=secret_address(env, "NBA_SMTP_URL", ("smtp", "smtps")),
            dagit_url=web_address(env, "NBA_DAGIT_URL", "http://localhost:3000").rstrip("/"),
        )
        if alerts.webhook_url and alerts.email:
            raise SettingsError("NBA_ALERT_WEBHOOK_URL and NBA_ALERT_EMAIL are both set: choose one")
        if alerts.email and not alerts.smtp_url:
            raise SettingsError("NBA_ALERT_EMAIL needs NBA_SMTP_URL: the mail server, such as smtp://localhost:25")
        if alerts.email and not all("@" in address for address in alerts.email.split(",")):
            raise SettingsError(f"NBA_ALERT_EMAIL={alerts.email!r}: use addresses such as you@example.org")
        return alerts


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked.

    data: folder of everything local (`NBA_DATA`, default `var/` of the repository).
    source: "sample" or "balldontlie" (`NBA_SOURCE`).
    landing: folder or bucket URL that keeps the answers of closed weeks (`NBA_LANDING`).
    artifacts: folder or bucket URL of the models (`NBA_ARTIFACTS`), by default one for each source.
    warehouse_path: the DuckDB file (`NBA_WAREHOUSE_PATH`); by default one for each source, so that simulated and
        real rows never share a table.
    bigquery: set when `NBA_WAREHOUSE` is "bigquery" instead of "duckdb".
    alerts: who is told of failures.
    """

    data: Path
    source: str
    landing: UPath
    artifacts: UPath
    warehouse_path: Path
    bigquery: BigQuerySettings | None
    balldontlie_api_key: str
    balldontlie_base_url: str
    balldontlie_requests_per_minute: int
    injury_base_url: str
    basketball_reference_base_url: str
    basketball_reference_requests_per_minute: int
    alerts: AlertSettings

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if environment is None else environment
        data = Path(env.get("NBA_DATA") or REPOSITORY / "var")
        source = one_of(env, "NBA_SOURCE", ("sample", "balldontlie"))
        in_bigquery = one_of(env, "NBA_WAREHOUSE", ("duckdb", "bigquery")) == "bigquery"
        # Who rehearses against a stand-in for balldontlie means all services, and must not reach the real ones unasked.
        stand_in = env.get("BALLDONTLIE_BASE_URL")
        return cls(
            data=data,
            source=source,
            artifacts=UPath(env.get("NBA_ARTIFACTS") or data / "models" / source),
            landing=UPath(env.get("NBA_LANDING") or data / "landing"),
            warehouse_path=Path(env.get("NBA_WAREHOUSE_PATH") or data / f"{source}.duckdb"),
            bigquery=BigQuerySettings.from_environment(env, source) if in_bigquery else None,
            balldontlie_api_key=api_key(env, API_KEY),
            balldontlie_base_url=web_address(env, "BALLDONTLIE_BASE_URL", "https://api.balldontlie.io"),
            balldontlie_requests_per_minute=positive_integer(env, "BALLDONTLIE_REQUESTS_PER_MINUTE", 600),
            injury_base_url=web_address(env, "NBA_INJURY_BASE_URL", stand_in or "https://ak-static.cms.nba.com"),
            basketball_reference_base_url=web_address(
                env, "BASKETBALL_REFERENCE_BASE_URL", stand_in or "https://www.basketball-reference.com"
            ),
            basketball_reference_requests_per_minute=positive_integer(
                env, "BASKETBALL_REFERENCE_REQUESTS_PER_MINUTE", 20
            ),
            alerts=AlertSettings.from_environment(env),
        )


def one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The variable's value among `choices`; the first is the default."""
    value = env.get(name) or choices[0]
    if value not in choices:
        raise SettingsError(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


def api_key(env: Mapping[str, str], name: str) -> str:
    """The key without the blanks a copy brings along; what could not be sent is refused without repeating it."""
    key = env.get(name, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise SettingsError(f"{name} holds characters that no key has: copy it again")
    return key


def web_address(env: Mapping[str, str], name: str, default: str) -> str:
    value = env.get(name) or default
    try:
        address = urlsplit(value)
    except ValueError:
        address = urlsplit("")
    if address.scheme not in ("http", "https") or not address.netloc:
        raise SettingsError(f"{name}={value!r}: use an address such as {default}")
    return value


def secret_address(env: Mapping[str, str], name: str, schemes: Sequence[str]) -> str:
    """The address, or "" if there is none; one that cannot be used is refused without repeating it."""
    value = env.get(name, "").strip()
    try:
        address = urlsplit(value)
        usable = value.isascii() and address.scheme in schemes and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if value and not usable:
        raise SettingsError(f"{name} holds no address that begins with {' or '.join(f'{it}://' for it in schemes)}")
    return value


def positive_integer(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or int(value) == 0:
        raise SettingsError(f"{name}={value!r}: use a whole number from 1 up")
    return int(value)
