"""Every environment variable the project reads, once: its name, its default and its meaning."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from upath import UPath

from nba_assets.errors import SettingsError

API_KEY = "BALLDONTLIE_API_KEY"
REPOSITORY = Path(__file__).resolve().parent.parent
BALLDONTLIE = "https://api.balldontlie.io"
REQUESTS_PER_MINUTE = {"free": 5, "all-star": 60, "goat": 600}  # by balldontlie's tiers of 2026
INJURY_REPORTS = "https://ak-static.cms.nba.com"
BASKETBALL_REFERENCE = "https://www.basketball-reference.com"
DAGIT = "http://localhost:3000"


class SecretValueError(ValueError):
    """A value is invalid and may hold a secret: the error message names the variable, never the value."""


def whole_number(value: str | int) -> int:
    """A positive integer in plain digits: `int` would also accept " 3", "+3" and "1_000"."""
    if isinstance(value, str):
        value = int(value) if value.isdecimal() else 0
    if value < 1:
        raise ValueError("use a whole number from 1 up")
    return value


def positive_integer(env: Mapping[str, str], name: str, default: int) -> int:
    """A positive integer from a variable that is read outside `Settings`."""
    value = env.get(name) or str(default)
    try:
        return whole_number(value)
    except ValueError as invalid:
        raise SettingsError(f"{name}={value!r}: {invalid}") from None


def web_address(example: str) -> Callable[[str], str]:
    """A validator that accepts http:// and https:// addresses without user and password."""

    def checked(value: str) -> str:
        without_user(value)
        try:
            address = urlsplit(value)
        except ValueError:
            address = urlsplit("")
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ValueError(f"use an address such as {example}")
        return value

    return checked


def secret_address(*schemes: str) -> Callable[[str], str]:
    """A validator that accepts "" and addresses of these schemes; its error does not repeat the value."""

    def checked(value: str) -> str:
        value = value.strip()
        try:
            address = urlsplit(value)
            usable = value.isascii() and address.scheme in schemes and bool(address.hostname) and address.port != 0
        except ValueError:
            usable = False
        if value and not usable:
            raise SecretValueError(
                f"holds no address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            )
        return value

    return checked


def printable(value: str) -> str:
    """The key without surrounding blanks."""
    value = value.strip()
    if not (value.isascii() and value.isprintable()):
        raise SecretValueError("holds characters that no key has: copy it again")
    return value


def without_user(value: str) -> str:
    """Refuses a user and password, which would show up in Dagit, logs and folder names."""
    if "@" in value:
        raise SecretValueError("holds an @, as after a user and password: use an address without them")
    return value


def folder_or_bucket(value: str) -> UPath:
    if "://" in value:
        without_user(value)
    try:
        return UPath(value)
    except ValueError:
        raise ValueError("use a folder, or a bucket URL such as gs://bucket/folder") from None


WholeNumber = Annotated[int, BeforeValidator(whole_number)]
Folder = Annotated[UPath, BeforeValidator(folder_or_bucket)]
Stripped = Annotated[str, StringConstraints(strip_whitespace=True)]
Endpoint = Annotated[str, AfterValidator(without_user)]
Source = Literal["sample", "balldontlie"]


class _Variables(BaseSettings):
    """`validation_alias` names the variable of a field; an empty variable counts as not set."""

    model_config = SettingsConfigDict(
        frozen=True, case_sensitive=True, hide_input_in_errors=True, validate_default=False
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # only `read` reads variables, from the environment it is given

    @classmethod
    def read(cls, environment: Mapping[str, str], **parts: Any) -> Self:
        """Fields from these variables and from `parts`; SettingsError names the first invalid variable."""
        source = EnvSettingsSource(cls)
        # A field without a variable of its own has the lower-case name of the field.
        source.env_vars = {name: value for name, value in environment.items() if value and name.isupper()}
        try:
            return cls(**source(), **parts)
        except ValidationError as invalid:
            raise SettingsError(_message(invalid)) from None


def _message(invalid: ValidationError) -> str:
    """One line for the first error: variable, value unless it may be secret, and which values are allowed."""
    first = invalid.errors(include_url=False)[0]
    if first["type"] == "literal_error":
        choices = re.findall("'(.*?)'", first["ctx"]["expected"])
        reason: object = f"use one of {', '.join(choices)}"
    else:
        reason = first.get("ctx", {}).get("error", first["msg"])
    if not first["loc"]:
        return f"{reason}"
    name = first["loc"][0]
    return f"{name} {reason}" if isinstance(reason, SecretValueError) else f"{name}={first['input']!r}: {reason}"


class BigQuerySettings(_Variables):
    """Which BigQuery project is used and what a query may cost.

    dataset_prefix: prefix of every dataset's name; by default "sample_" for the sample league and nothing for real
        rows, so that they never share a table.
    max_bytes_billed: the limit of one query; no limit by default.
    credentials: a service-account key file, by default the application default credentials.
    endpoint, storage_endpoint: addresses of an emulator.
    """

    source: Source = Field("sample", validation_alias="NBA_SOURCE")
    project: str = Field("", validation_alias="NBA_BIGQUERY_PROJECT")
    location: str = Field("US", validation_alias="NBA_BIGQUERY_LOCATION")
    dataset_prefix: str = Field(
        default_factory=lambda given: "sample_" if given["source"] == "sample" else "",
        validation_alias="NBA_DATASET_PREFIX",
    )
    max_bytes_billed: WholeNumber | None = Field(None, validation_alias="NBA_MAX_BYTES_BILLED")
    credentials: str | None = Field(None, validation_alias="NBA_BIGQUERY_CREDENTIALS")
    endpoint: Endpoint | None = Field(None, validation_alias="NBA_BIGQUERY_ENDPOINT")
    storage_endpoint: Endpoint | None = Field(None, validation_alias="NBA_BIGQUERY_STORAGE_ENDPOINT")

    @field_validator("dataset_prefix")
    @classmethod
    def _is_name_prefix(cls, prefix: str) -> str:
        if not re.fullmatch(r"\w*", prefix, re.ASCII):
            raise ValueError("use letters, digits and underscores")
        return prefix

    @model_validator(mode="after")
    def _has_a_project(self) -> Self:
        if not self.project:
            raise ValueError("NBA_WAREHOUSE=bigquery needs NBA_BIGQUERY_PROJECT: the id of a Google Cloud project")
        return self


class AlertSettings(_Variables):
    """Where alerts are sent, besides the log: to a webhook or by e-mail.

    webhook_url: an address that accepts {"text": …}, as Slack's webhooks do; a secret.
    email: recipients, separated by commas.
    smtp_url: the mail server, smtp:// (encrypted if the server supports it) or smtps://, with user:password@ if it
        requires a login.
    dagit_url: the start of the links in messages.
    """

    webhook_url: Annotated[SecretStr, BeforeValidator(secret_address("http", "https"))] = Field(
        SecretStr(""), validation_alias="NBA_ALERT_WEBHOOK_URL"
    )
    email: Stripped = Field("", validation_alias="NBA_ALERT_EMAIL")
    smtp_url: Annotated[SecretStr, BeforeValidator(secret_address("smtp", "smtps"))] = Field(
        SecretStr(""), validation_alias="NBA_SMTP_URL"
    )
    dagit_url: Annotated[str, AfterValidator(web_address(DAGIT))] = Field(DAGIT, validation_alias="NBA_DAGIT_URL")

    @field_validator("email")
    @classmethod
    def _has_addresses(cls, email: str) -> str:
        if email and not all("@" in address for address in email.split(",")):
            raise ValueError("use addresses such as you@example.org")
        return email

    @field_validator("dagit_url")
    @classmethod
    def _without_trailing_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @model_validator(mode="after")
    def _has_one_channel(self) -> Self:
        if self.webhook_url and self.email:
            raise ValueError("NBA_ALERT_WEBHOOK_URL and NBA_ALERT_EMAIL are both set: choose one")
        if self.email and not self.smtp_url:
            raise ValueError("NBA_ALERT_EMAIL needs NBA_SMTP_URL: the mail server, such as smtp://localhost:25")
        return self


class Settings(_Variables):
    """The validated settings of the project.

    data: folder of everything local, by default `var/` of the repository.
    landing: folder or bucket URL where the responses for closed weeks are stored.
    artifacts: folder or bucket URL of the models, by default one for each source.
    warehouse_path: the DuckDB file; by default one for each source, so that simulated and real rows never share a
        table.
    bigquery: set when the warehouse is BigQuery.
    balldontlie_tier: tier of the API key; box scores need "all-star" or "goat".
    balldontlie_requests_per_minute: by default the limit of the tier.
    """

    data: Path = Field(REPOSITORY / "var", validation_alias="NBA_DATA")
    source: Source = Field("sample", validation_alias="NBA_SOURCE")
    artifacts: Folder = Field(
        default_factory=lambda given: UPath(given["data"] / "models" / given["source"]),
        validation_alias="NBA_ARTIFACTS",
    )
    landing: Folder = Field(
        default_factory=lambda given: UPath(given["data"] / "landing"), validation_alias="NBA_LANDING"
    )
    warehouse: Literal["duckdb", "bigquery"] = Field("duckdb", validation_alias="NBA_WAREHOUSE")
    warehouse_path: Path = Field(
        default_factory=lambda given: given["data"] / f"{given['source']}.duckdb",
        validation_alias="NBA_WAREHOUSE_PATH",
    )
    bigquery: BigQuerySettings | None = None
    balldontlie_api_key: Annotated[SecretStr, BeforeValidator(printable)] = Field(
        SecretStr(""), validation_alias=API_KEY
    )
    balldontlie_base_url: Annotated[str, AfterValidator(web_address(BALLDONTLIE))] = Field(
        BALLDONTLIE, validation_alias="BALLDONTLIE_BASE_URL"
    )
    balldontlie_tier: Literal["free", "all-star", "goat"] = Field("all-star", validation_alias="BALLDONTLIE_TIER")
    balldontlie_requests_per_minute: WholeNumber = Field(
        default_factory=lambda given: REQUESTS_PER_MINUTE[given["balldontlie_tier"]],
        validation_alias="BALLDONTLIE_REQUESTS_PER_MINUTE",
    )
    injury_base_url: Annotated[str, AfterValidator(web_address(INJURY_REPORTS))] = Field(
        default_factory=lambda given: _stand_in(given) or INJURY_REPORTS, validation_alias="NBA_INJURY_BASE_URL"
    )
    injury_requests_per_minute: WholeNumber = Field(150, validation_alias="NBA_INJURY_REQUESTS_PER_MINUTE")
    basketball_reference_base_url: Annotated[str, AfterValidator(web_address(BASKETBALL_REFERENCE))] = Field(
        default_factory=lambda given: _stand_in(given) or BASKETBALL_REFERENCE,
        validation_alias="BASKETBALL_REFERENCE_BASE_URL",
    )
    basketball_reference_requests_per_minute: WholeNumber = Field(
        20, validation_alias="BASKETBALL_REFERENCE_REQUESTS_PER_MINUTE"
    )
    alerts: AlertSettings

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if environment is None else environment
        in_bigquery = env.get("NBA_WAREHOUSE") == "bigquery"
        return cls.read(
            env,
            alerts=AlertSettings.read(env),
            bigquery=BigQuerySettings.read(env) if in_bigquery else None,
        )


def _stand_in(given: Mapping[str, Any]) -> str | None:
    """The substitute for balldontlie, if one is set: by default it replaces the other services as well."""
    return None if given["balldontlie_base_url"] == BALLDONTLIE else given["balldontlie_base_url"]
