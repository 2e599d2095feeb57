"""Converts pandas frames to a table's declared types; a value of another type is an error, never NULL."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from nba_assets.errors import SchemaError
from nba_assets.tables import Column, Table, Type

ARROW_TYPES: dict[Type, pa.DataType] = {
    Type.INTEGER: pa.int64(),
    Type.FLOAT: pa.float64(),
    Type.TEXT: pa.string(),
    Type.BOOLEAN: pa.bool_(),
    Type.DATE: pa.date32(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}


def arrow_schema(table: Table) -> pa.Schema:
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in table.columns])


def to_arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    """The frame as an Arrow table of the declared columns and types, in declared order.

    Raises SchemaError for a missing or unknown column, a value of another type (text for a number, 1.5 for an integer,
    an infinite number), or NULL in a required column.
    """
    missing = [name for name in table.column_names if name not in frame.columns]
    unknown = [name for name in frame.columns if name not in table.column_names]
    if missing or unknown:
        raise SchemaError(
            f"{table.qualified_name}: columns missing: {missing or 'none'}, not declared: {unknown or 'none'}"
        )
    arrays = [_arrow_array(frame, column, table) for column in table.columns]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(table))


def _arrow_array(frame: pd.DataFrame, column: Column, table: Table) -> pa.Array:
    values = frame[column.name]
    null = values.isna().to_numpy(dtype=bool)
    if column.required and null.any():
        raise SchemaError(
            _place(frame, table, column, int(null.argmax())) + "is NULL in a column that must hold a value"
        )
    if not _whole_column_fits(values, column.type):
        fits = _FITS[column.type]
        for position, (value, is_null) in enumerate(zip(values, null, strict=True)):
            if not is_null and not fits(value):
                raise SchemaError(_place(frame, table, column, position) + f"{value!r} is not {_TEXTS[column.type]}")
    return pa.array(values, type=ARROW_TYPES[column.type], from_pandas=True)


def _place(frame: pd.DataFrame, table: Table, column: Column, position: int) -> str:
    row = ", ".join(f"{name}={frame[name].iloc[position]}" for name in table.key)
    return f"{table.qualified_name}.{column.name}, row {position} ({row}): "


def _whole_column_fits(values: pd.Series[Any], type_: Type) -> bool:
    """Whether the column as a whole shows that every value fits, so that single values need no test."""
    dtype = values.dtype
    if type_ is Type.INTEGER:
        if isinstance(dtype, np.dtype) and dtype.kind == "f":
            known = values.to_numpy()[~np.isnan(values.to_numpy())]
            return bool(np.isfinite(known).all() and (known == np.trunc(known)).all())
        return pd.api.types.is_integer_dtype(dtype)
    if type_ is Type.FLOAT:
        numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
        return numeric and not np.isinf(values.to_numpy(dtype=float, na_value=np.nan)).any()
    if type_ is Type.BOOLEAN:
        return pd.api.types.is_bool_dtype(dtype)
    if type_ is Type.TIMESTAMP:
        return isinstance(dtype, pd.DatetimeTZDtype)
    if type_ is Type.DATE:  # pandas infers a timestamp as a date too, and it would lose its time
        return set(map(type, values)) <= {dt.date, type(None)}
    return pd.api.types.infer_dtype(values, skipna=True) in {"string", "empty"}


def _is_integer(value: object) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, (int, np.integer)) or (
        isinstance(value, (float, np.floating)) and float(value).is_integer()
    )


def _is_number(value: object) -> bool:
    return (
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and math.isfinite(float(value))
    )


def _is_date(value: object) -> bool:
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _is_instant(value: object) -> bool:
    return isinstance(value, dt.datetime) and value.tzinfo is not None


_FITS: dict[Type, Callable[[object], bool]] = {
    Type.INTEGER: _is_integer,
    Type.FLOAT: _is_number,
    Type.TEXT: lambda value: isinstance(value, str),
    Type.BOOLEAN: lambda value: isinstance(value, (bool, np.bool_)),
    Type.DATE: _is_date,
    Type.TIMESTAMP: _is_instant,
}
_TEXTS: dict[Type, str] = {
    Type.INTEGER: "a whole number",
    Type.FLOAT: "a finite number",
    Type.TEXT: "text",
    Type.BOOLEAN: "true or false",
    Type.DATE: "a date without a time",
    Type.TIMESTAMP: "an instant with a time zone",
}
