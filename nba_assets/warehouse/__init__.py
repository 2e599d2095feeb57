"""Where tables are stored: one interface, implemented by DuckDB and BigQuery."""
