"""The table of what is published: the warehouse's own record, written together with the rows."""

from nba_assets.tables.schema import WEEK, Column, Table, Type, required

PUBLICATIONS = Table(
    "nba_validation",
    "publications",
    "Every publication of a week of a table, also of weeks without rows, added to and never taken from. The newest one "
    "of a table and week says what the table holds of it.",
    key=("week", "table_name", "publication_id"),
    columns=(
        WEEK,
        required("table_name", Type.TEXT, "published table, dataset and name"),
        required("publication_id", Type.TEXT, "one for each write, the same for all weeks that it published"),
        required("row_count", Type.INTEGER, "rows of the week that were written"),
        Column("run_id", Type.TEXT, "Dagster run that wrote; NULL where it is not known"),
        Column("code_version", Type.TEXT, "version of the asset that made the rows; NULL where it is not known"),
        Column(
            "read_up_to", Type.TIMESTAMP, "when the newest rows it was made from were published (UTC); NULL without any"
        ),
        required("published_at", Type.TIMESTAMP, "when the rows were written (UTC)"),
        required("complete", Type.BOOLEAN, "false while rows are being written, and for ever if that was interrupted"),
    ),
    date_column="week",
)
