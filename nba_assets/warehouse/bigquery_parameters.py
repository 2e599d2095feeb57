"""Query parameters: the values bound to the @names of a statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from google.cloud import bigquery

from nba_assets.tables import Type
from nba_assets.warehouse.bigquery_tables import TYPES

Parameter = bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter


def bound(parameters: Mapping[str, Any]) -> list[Parameter]:
    return [_bound(name, value) for name, value in parameters.items()]


def _bound(name: str, value: Any) -> Parameter:
    if isinstance(value, (list, tuple)):
        return bigquery.ArrayQueryParameter(name, _type_of(value[0]) if value else "DATE", list(value))
    return bigquery.ScalarQueryParameter(name, _type_of(value), value)


def _type_of(value: object) -> str:
    kinds = (
        (bool, Type.BOOLEAN),
        (int, Type.INTEGER),
        (float, Type.FLOAT),
        (str, Type.TEXT),
        (dt.datetime, Type.TIMESTAMP),
        (dt.date, Type.DATE),
    )
    return next(TYPES[type_] for kind, type_ in kinds if isinstance(value, kind))
