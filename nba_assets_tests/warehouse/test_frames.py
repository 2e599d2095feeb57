import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from nba_assets.errors import SchemaError
from nba_assets.tables import Column, Table, Type
from nba_assets.warehouse.frames import arrow_schema, to_arrow

TABLE = Table(
    "nba_raw",
    "shots",
    "Shots.",
    key=("shot",),
    columns=(
        Column("shot", Type.INTEGER, "number", required=True),
        Column("count", Type.INTEGER, "count"),
        Column("rate", Type.FLOAT, "rate"),
        Column("text", Type.TEXT, "text"),
        Column("made", Type.BOOLEAN, "made"),
        Column("day", Type.DATE, "day"),
        Column("at", Type.TIMESTAMP, "at"),
    ),
)
INSTANT = pd.Timestamp("2021-12-17 19:30", tz="US/Eastern")
RIGHT: dict[str, object] = {"count": 3, "rate": 0.5, "text": "34:21", "made": True, "day": dt.date(2021, 12, 17)}
RIGHT["at"] = INSTANT


def frame(**columns: Sequence[object]) -> pd.DataFrame:
    """Two right rows, with these columns in the place of the right ones."""
    right = {"shot": [1, 2], **{name: [value, value] for name, value in RIGHT.items()}}
    return pd.DataFrame(right | columns)


def objects(*values: object) -> "pd.Series[object]":
    return pd.Series(list(values), dtype=object)


def test_a_right_frame_keeps_every_value_and_takes_the_declared_order() -> None:
    table = to_arrow(frame()[["at", *[name for name in TABLE.column_names if name != "at"]]], TABLE)
    assert table.schema == arrow_schema(TABLE)
    assert table.to_pylist()[1] == {"shot": 2, **RIGHT, "at": INSTANT}


FITS = {
    "whole floats": ("count", [3.0, np.nan], [3, None]),
    "nullable integers": ("count", pd.array([3, None], dtype="Int64"), [3, None]),
    "integers as objects": ("count", objects(3, None), [3, None]),
    "whole number for a float": ("rate", [1, 2], [1.0, 2.0]),
    "not a number is NULL": ("rate", [0.25, float("nan")], [0.25, None]),
    "text and NULL": ("text", ["00", None], ["00", None]),
    "an empty text stays": ("text", ["", "7"], ["", "7"]),
    "only NULL": ("text", [None, None], [None, None]),
    "nullable booleans": ("made", pd.array([True, None], dtype="boolean"), [True, None]),
    "a missing day": ("day", [dt.date(2024, 2, 29), None], [dt.date(2024, 2, 29), None]),
    "no time": ("at", pd.Series([INSTANT, pd.NaT]), [INSTANT, None]),
}


@pytest.mark.parametrize(("column", "values", "stored"), FITS.values(), ids=FITS)
def test_what_fits_is_stored_as_it_is(column: str, values: Sequence[object], stored: list[object]) -> None:
    assert to_arrow(frame(**{column: values}), TABLE)[column].to_pylist() == stored


MISFITS = {
    "text for a number": ("count", [3, "4"], "'4' is not a whole number"),
    "words for a number": ("count", [3, "many"], "'many' is not a whole number"),
    "half a count": ("count", [3, 1.5], "1.5 is not a whole number"),
    "half a count beside NULL": ("count", objects(None, 1.5), "1.5 is not a whole number"),
    "infinitely many": ("count", [3, np.inf], "inf is not a whole number"),
    "true for a count": ("count", objects(3, True), "True is not a whole number"),
    "text for a rate": ("rate", [0.5, "n/a"], "'n/a' is not a finite number"),
    "an infinite rate": ("rate", [0.5, np.inf], "inf is not a finite number"),
    "true for a rate": ("rate", [0.5, True], "True is not a finite number"),
    "a number for text": ("text", ["34", 34], "34 is not text"),
    "text for true": ("made", [True, "yes"], "'yes' is not true or false"),
    "one for true": ("made", objects(True, 1), "1 is not true or false"),
    "a time for a day": ("day", objects(dt.date(2021, 12, 17), dt.datetime(2021, 12, 17, 5)), "a date without a time"),
    "text for a day": ("day", [dt.date(2021, 12, 17), "2021-12-17"], "'2021-12-17' is not a date without a time"),
    "a time without zone": ("at", objects(INSTANT, dt.datetime(2021, 12, 17, 5)), "an instant with a time zone"),
}


@pytest.mark.parametrize(("column", "values", "told"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_is_named_and_never_null(column: str, values: Sequence[object], told: str) -> None:
    with pytest.raises(SchemaError) as misfit:
        to_arrow(frame(**{column: values}), TABLE)
    assert str(misfit.value).startswith(f"nba_raw.shots.{column}, row 1 (shot=2): ")
    assert told in str(misfit.value)


def test_null_in_a_required_column_is_named() -> None:
    with pytest.raises(SchemaError, match=r"nba_raw.shots.shot, row 1 .*: is NULL in a column that must hold a value"):
        to_arrow(frame(shot=[1, None]), TABLE)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (frame().drop(columns="rate"), r"columns missing: \['rate'\], not declared: none"),
        (frame().assign(extra=1), r"columns missing: none, not declared: \['extra'\]"),
        (frame().rename(columns={"rate": "ratio"}), r"columns missing: \['rate'\], not declared: \['ratio'\]"),
    ],
    ids=["missing", "unknown", "renamed"],
)
def test_columns_are_exactly_the_declared_ones(given: pd.DataFrame, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        to_arrow(given, TABLE)


def test_no_rows_fit_with_whatever_type_they_do_not_have() -> None:
    assert to_arrow(pd.DataFrame(columns=TABLE.column_names), TABLE).num_rows == 0


def test_a_large_whole_number_is_kept_to_the_last_digit() -> None:
    assert to_arrow(frame(count=[2**53 + 1, 2**62]), TABLE)["count"].to_pylist() == [2**53 + 1, 2**62]
