"""The table of the checks' measurements."""

from nba_assets.tables.schema import WEEK, Table, Type, number, required

VALIDATION_METRICS = Table(
    "nba_validation",
    "validation_metrics",
    "Measurements of the checks in the published tables, one row per table, metric and week, for weeks with games.",
    key=("week", "table_name", "metric"),
    columns=(
        WEEK,
        required("table_name", Type.TEXT, "measured table, dataset and name"),
        required("check_name", Type.TEXT, "asset check the metric belongs to"),
        required("metric", Type.TEXT, "measured quantity"),
        number("value", "measured value; NULL if there were no rows"),
        required("rows_looked_at", Type.INTEGER, "rows or games the value was computed from"),
        required("outcome", Type.TEXT, "pass, warn or error, according to the bounds"),
        required("passes", Type.TEXT, "bounds of a pass"),
        required("blocking", Type.BOOLEAN, "true if an error prevents the week from being published"),
    ),
    date_column="week",
)
