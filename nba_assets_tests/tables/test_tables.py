import pytest

from nba_assets.tables import ALL_TABLES, COUNTING_STATS, WEEKLY_TABLES, Table, Type
from nba_assets.warehouse.duckdb_tables import DUCKDB_TYPES
from nba_assets.warehouse.frames import ARROW_TYPES, arrow_schema

every_table = pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)


@every_table
def test_the_key_the_date_and_the_week_are_columns_that_always_hold_a_value(table: Table) -> None:
    required = {column.name for column in table.columns if column.required}
    assert {*table.key, table.date_column} <= required
    assert table not in WEEKLY_TABLES or "week" in required
    assert len(set(table.column_names)) == len(table.columns)


@every_table
def test_table_and_columns_are_described(table: Table) -> None:
    assert table.description.endswith(".")
    for column in table.columns:
        assert len(column.description) > 5, column.name
        assert column.description[-1] != ".", column.name


@every_table
def test_dagit_gets_every_column_with_its_type_and_description(table: Table) -> None:
    shown = {column.name: column for column in table.column_schema.columns}
    assert list(shown) == table.column_names
    for column in table.columns:
        assert shown[column.name].type == column.type.value
        assert shown[column.name].description == column.description
        assert shown[column.name].constraints.nullable is not column.required


@every_table
def test_a_single_key_is_shown_as_unique(table: Table) -> None:
    unique = {column.name for column in table.column_schema.columns if column.constraints.unique}
    assert unique == (set(table.key) if len(table.key) == 1 else set())


@every_table
def test_names_are_unique_plain_words(table: Table) -> None:
    """SQL is put together from these names, so none may need quoting."""
    for name in (table.dataset, table.name, *table.column_names):
        assert name.isidentifier()
        assert name == name.lower()
    assert [other.name for other in ALL_TABLES].count(table.name) == 1
    assert table.asset_key.path == [table.dataset, table.name]
    assert table.qualified_name == f"{table.dataset}.{table.name}"


@every_table
def test_the_arrow_schema_has_the_declared_columns_in_order(table: Table) -> None:
    assert arrow_schema(table).names == table.column_names


def test_every_type_has_its_counterpart_in_arrow_and_duckdb() -> None:
    assert set(ARROW_TYPES) == set(DUCKDB_TYPES) == set(Type)


@pytest.mark.parametrize("name", ["bdl_player_boxscores", "player_game_summary"])
def test_counting_stats_are_integers_that_may_be_null(name: str) -> None:
    (table,) = [table for table in WEEKLY_TABLES if table.name == name]
    stats = {column.name: column for column in table.columns if column.name in COUNTING_STATS}
    assert list(stats) == list(COUNTING_STATS)
    assert {(column.type, column.required) for column in stats.values()} == {(Type.INTEGER, False)}


def test_minutes_are_text_as_sent_and_a_number_in_the_summary() -> None:
    types = {(table.name, column.name): column.type for table in WEEKLY_TABLES for column in table.columns}
    assert types["bdl_player_boxscores", "minutes"] is Type.TEXT
    assert types["player_game_summary", "minutes_played"] is Type.FLOAT
