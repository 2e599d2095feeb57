"""Dagster's PostgreSQL event log with safe claims of pool slots."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.utils import pg_url_from_config

from nba_assets.dagster_instance.pools import PoolClaims


class PostgresEventLog(PoolClaims, PostgresEventLogStorage):
    """Drop-in for `PostgresEventLogStorage`: same tables, same configuration."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(postgres_url=pg_url_from_config(config_value), inst_data=inst_data)
