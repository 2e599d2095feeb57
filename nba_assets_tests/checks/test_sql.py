"""Every SQL text of the package names declared tables and columns only, in the grammar of both warehouses.

The texts are the checks', as `measure` sends them, and every module's constants. What `warehouse/` writes for itself is
in one dialect only and runs in its own tests.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError
from sqlglot.optimizer.qualify import qualify

import nba_assets
from nba_assets.checks.catalogue import CHECKS
from nba_assets.checks.check import Check
from nba_assets.checks.measure import measure
from nba_assets.tables import ALL_TABLES, Table, Type

PACKAGE = Path(nba_assets.__file__).parent
DIALECTS = ("duckdb", "bigquery")
WEEK = dt.date(2021, 12, 17)
TYPES = {
    Type.INTEGER: "INT64",
    Type.FLOAT: "FLOAT64",
    Type.TEXT: "STRING",
    Type.BOOLEAN: "BOOL",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
}
STAGED = "staged"
"""Stands for where a warehouse keeps staged rows: every declared table is there once more."""


def columns(table: Table) -> dict[str, str]:
    return {column.name: TYPES[column.type] for column in table.columns}


SCHEMA: dict[str, Any] = {
    dataset: {table.name: columns(table) for table in ALL_TABLES if dataset in (table.dataset, STAGED)}
    for dataset in {STAGED, *(table.dataset for table in ALL_TABLES)}
}


def sent(sql: str, staged: Mapping[str, str] | None = None) -> str:
    """The text that `measure` sends to the warehouse for `sql`."""
    texts: list[str] = []

    def query(text: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        texts.append(text)
        return pd.DataFrame()

    measure(query, sql, [WEEK], staged or {})
    return texts[0]


def qualified(sql: str, dialect: str) -> exp.Query:
    """`sql` with every column under its table; an OptimizeError where either is not declared."""
    # DuckDB's parameters are $weeks: DuckDBWarehouse sends every @weeks so.
    text = re.sub(r"@(\w+)", r"$\1", sql) if dialect == "duckdb" else sql
    tree = sqlglot.parse_one(text, dialect=dialect)
    assert isinstance(tree, exp.Query)
    # qualify leaves the columns of a table that it does not know unread.
    for table in tree.find_all(exp.Table):
        if table.name not in SCHEMA.get(table.db, {}):
            raise OptimizeError(f"table {table.db}.{table.name} is not declared")
    return qualify(tree, schema=SCHEMA, dialect=dialect)


def texts_of_checks() -> Iterator[tuple[str, str]]:
    for check in CHECKS:
        name, staged = f"{check.table.name} {check.name}", {check.table.name: f"{STAGED}.{check.table.name}"}
        for use, sql in (("", check.sql), (", due", check.due)):
            if sql:
                yield f"{name}{use}", sent(sql)
                yield f"{name}{use}, staged", sent(sql, staged)


def texts_of_modules() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages([f"{PACKAGE}"], "nba_assets."):
        if module.name != "nba_assets.__main__":
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, str) and re.match(r"\s*SELECT\b", value):
                    yield f"{module.name}.{name}", sent(value)


TEXTS = dict((*texts_of_checks(), *texts_of_modules()))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_names_only_declared_tables_and_columns(name: str, dialect: str) -> None:
    assert qualified(TEXTS[name], dialect).named_selects


@pytest.mark.parametrize(
    "check", [check for check in CHECKS if check.sql], ids=lambda check: f"{check.table.name} {check.name}"
)
def test_a_check_gives_the_week_the_rows_looked_at_and_its_metrics(check: Check) -> None:
    given = qualified(sent(check.sql), "bigquery").named_selects
    expected = {"week", "rows_looked_at", *(threshold.metric for threshold in check.thresholds)}
    assert {*given} - {"named"} == expected
    assert not check.due or qualified(sent(check.due), "bigquery").named_selects == ["week", "games"]


MISSPELT = {
    # case: the name that is not declared, and a text with it
    "a column": ("minuts", "SELECT minuts FROM {player_game_summary} AS summary"),
    "a column of a joined table": (
        "ptss",
        "SELECT box.ptss FROM {final_games} AS game JOIN {bdl_player_boxscores} AS box ON box.game_id = game.game_id",
    ),
    "a column that another table has": ("fga", "SELECT week FROM {bdl_games} AS game WHERE fga > 0"),
    "a column of earlier weeks": ("gamedate", "SELECT earlier.gamedate FROM {bdl_games_so_far} AS earlier"),
    "a table": ("bdl_gmaes", "SELECT week FROM nba_raw.bdl_gmaes AS game"),
    "a table of another dataset": ("nba_analytics.bdl_games", "SELECT week FROM nba_analytics.bdl_games AS game"),
    "a table inside": (
        "box",
        "SELECT week FROM {bdl_games} AS game WHERE game_id IN (SELECT game_id FROM nba_raw.box)",
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("wrong", "sql"), MISSPELT.values(), ids=MISSPELT)
def test_a_misspelt_name_is_found(wrong: str, sql: str, dialect: str) -> None:
    with pytest.raises(OptimizeError, match=re.escape(wrong)):
        qualified(sent(sql), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_broken_sentence_is_found(dialect: str) -> None:
    with pytest.raises(ParseError):
        qualified("SELECT week FROM nba_raw.bdl_games WHERE GROUP BY week", dialect)


def literals(path: Path) -> Iterator[str]:
    """The strings of a module that hold SQL: not its docstrings. Of an f-string, the parts between the braces."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from [node.value] if re.search(r"\bSELECT\b", node.value) else []


def test_no_sql_is_written_where_this_module_does_not_read_it() -> None:
    read = "\n".join([*TEXTS.values(), *(check.sql for check in CHECKS), *(check.due or "" for check in CHECKS)])
    unread = {
        f"{path.relative_to(PACKAGE)}: {literal.strip()}"
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "warehouse"
        for literal in literals(path)
        if literal not in read
    }
    assert not unread, "make it a constant of its module"
