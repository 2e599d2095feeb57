"""The table of publications: the warehouse's record of what it holds, written together with the rows."""

from nba_assets.tables.schema import WEEK, Column, Table, Type, required

PUBLICATIONS = Table(
    "nba_validation",
    "publications",
    "Every publication of a week of a table, including weeks without rows; rows are never deleted. The newest one of a "
    "table and week describes the rows that the table holds for the week.",
    key=("week", "table_name", "publication_id"),
    columns=(
        WEEK,
        required("table_name", Type.TEXT, "published table, dataset and name"),
        required("publication_id", Type.TEXT, "identifies the write; the same for all weeks that it published"),
        required("row_count", Type.INTEGER, "rows of the week that were written"),
        Column("run_id", Type.TEXT, "Dagster run of the write; NULL if unknown"),
        Column("code_version", Type.TEXT, "code version of the asset that computed the rows; NULL if unknown"),
        Column(
            "read_up_to", Type.TIMESTAMP, "when the newest of its upstream rows were published (UTC); NULL without any"
        ),
        required("published_at", Type.TIMESTAMP, "when the rows were written (UTC)"),
        required(
            "complete", Type.BOOLEAN, "false while rows are being written; stays false if the write was interrupted"
        ),
    ),
    date_column="week",
)
