"""The table of what the checks measured."""

from nba_assets.tables.schema import WEEK, Table, Type, number, required

VALIDATION_METRICS = Table(
    "nba_validation",
    "validation_metrics",
    "What the checks measured in the published tables, one row a table, metric and week, for weeks with games.",
    key=("week", "table_name", "metric"),
    columns=(
        WEEK,
        required("table_name", Type.TEXT, "measured table, dataset and name"),
        required("check_name", Type.TEXT, "asset check the metric belongs to"),
        required("metric", Type.TEXT, "measured quantity"),
        number("value", "measured value; NULL when there was no row to measure"),
        required("rows_looked_at", Type.INTEGER, "rows or games the value was computed from"),
        required("outcome", Type.TEXT, "pass, warn or error, by the bounds"),
        required("passes", Type.TEXT, "bounds within which the metric passes"),
        required("blocking", Type.BOOLEAN, "an error keeps the week from being published"),
    ),
    date_column="week",
)
