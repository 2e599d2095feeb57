"""Where tables are kept: one small interface, with DuckDB and BigQuery behind it."""
