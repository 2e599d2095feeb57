"""Every environment variable the project reads, once: its name, its default and its meaning."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from upath import UPath

REPOSITORY = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """An environment variable holds something that cannot be used; the message names it and what it may hold."""


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked.

    data: folder of everything local (`NBA_DATA`, default `var/` of the repository).
    source: "sample" or "balldontlie" (`NBA_SOURCE`).
    landing: folder or bucket URL that keeps the answers of closed weeks (`NBA_LANDING`).
    warehouse_path: the DuckDB file (`NBA_WAREHOUSE_PATH`); by default one for each source, so that simulated and
        real rows never share a table.
    """

    data: Path
    source: str
    landing: UPath
    warehouse_path: Path
    balldontlie_api_key: str
    balldontlie_base_url: str
    balldontlie_requests_per_minute: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if environment is None else environment
        data = Path(env.get("NBA_DATA") or REPOSITORY / "var")
        source = one_of(env, "NBA_SOURCE", ("sample", "balldontlie"))
        return cls(
            data=data,
            source=source,
            landing=UPath(env.get("NBA_LANDING") or data / "landing"),
            warehouse_path=Path(env.get("NBA_WAREHOUSE_PATH") or data / f"{source}.duckdb"),
            balldontlie_api_key=env.get("BALLDONTLIE_API_KEY", ""),
            balldontlie_base_url=env.get("BALLDONTLIE_BASE_URL") or "https://api.balldontlie.io",
            balldontlie_requests_per_minute=positive_integer(env, "BALLDONTLIE_REQUESTS_PER_MINUTE", 600),
        )


def one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The variable's value among `choices`; the first is the default."""
    value = env.get(name) or choices[0]
    if value not in choices:
        raise SettingsError(f"{name}={value!r}: use one of {', '.join(choices)}")
    return value


def positive_integer(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdigit() or int(value) == 0:
        raise SettingsError(f"{name}={value!r}: use a whole number from 1 up")
    return int(value)
