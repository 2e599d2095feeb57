"""Every SQL text of the package is read in both dialects, and names declared tables and columns only."""

from __future__ import annotations

import ast
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlglot
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify

import nba_assets
from nba_assets.checks.catalogue import CHECKS
from nba_assets.checks.measure import measure
from nba_assets.tables import ALL_TABLES, BDL_GAMES

PACKAGE = Path(nba_assets.__file__).parent
SCHEMA: dict[str, object] = {}
for table in ALL_TABLES:
    of_dataset = SCHEMA.setdefault(table.dataset, {})
    assert isinstance(of_dataset, dict)
    of_dataset[table.name] = {column.name: column.type.value for column in table.columns}
DIALECTS = ("duckdb", "bigquery")
STATEMENT = re.compile(r"\s*SELECT\b")


class Unknown(Exception):
    """A text names a table or column that is not declared."""


def require_declared(sql: str, dialect: str) -> None:
    """The text as the warehouse of this dialect gets it; DuckDB's names its parameters $name."""
    text = re.sub(r"@(\w+)", r"$\1", sql) if dialect == "duckdb" else sql
    # A list of values has a column of no name, which qualifying cannot give one.
    text = re.sub(r"\(SELECT \* FROM UNNEST\([@$]\w+\)\)", "(DATE '2021-10-01')", text)
    parsed = sqlglot.parse_one(text, dialect=dialect)
    for named in parsed.find_all(sqlglot.exp.Table):
        if named.db and named.name not in SCHEMA.get(named.db, {}):  # type: ignore[operator]
            raise Unknown(f"{named.db}.{named.name}")
    try:
        qualify(parsed, schema=SCHEMA, dialect=dialect, validate_qualify_columns=True)
    except OptimizeError as error:
        raise Unknown(str(error)) from error


def as_run(sql: str) -> str:
    """A check's text with relations in its braces, as `measure` runs it."""
    texts = []

    def keep(text: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        texts.append(text)
        return pd.DataFrame()

    measure(keep, sql, [dt.date(2021, 10, 1)], {})
    return texts[0]


def constants() -> Iterator[tuple[str, str]]:
    """The SQL texts that modules hold as constants, outside of checks: whole literals without parts to fill in."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "checks"):
            continue
        for node in ast.parse(path.read_text()).body:
            value = node.value if isinstance(node, ast.Assign) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and STATEMENT.match(value.value):
                name = node.targets[0]  # type: ignore[attr-defined]
                yield f"{path.relative_to(PACKAGE)}:{name.id}", value.value


OF_CHECKS = {f"{check.table.name}.{check.name}": check.sql for check in CHECKS if check.sql}
OF_DUES = {f"rows due for {check.table.name}.{check.name}": check.due for check in CHECKS if check.due}
TEXTS = {name: as_run(sql) for name, sql in (OF_CHECKS | OF_DUES).items()} | dict(constants())


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", TEXTS)
def test_every_text_names_declared_tables_and_columns_in_both_dialects(name: str, dialect: str) -> None:
    require_declared(TEXTS[name], dialect)


def test_the_texts_are_found() -> None:
    assert len(OF_CHECKS) > 30
    assert {"weekly/publications.py:NEWEST", "reports/backfill_report.py:BY_MONTH"} <= set(TEXTS)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("sql", "wrong"),
    [
        pytest.param(f"SELECT home_scor FROM {BDL_GAMES.qualified_name}", "home_scor", id="column"),
        pytest.param("SELECT week FROM nba_raw.bdl_game", "bdl_game", id="table"),
        pytest.param(
            "SELECT a.week FROM (SELECT week, gamedate FROM nba_raw.bdl_games) AS a", "gamedate", id="column inside"
        ),
    ],
)
def test_a_misspelt_name_is_found(sql: str, wrong: str, dialect: str) -> None:
    with pytest.raises(Unknown, match=wrong):
        require_declared(sql, dialect)
