"""The declared tables in BigQuery: partitioned by day, clustered by key, described and labelled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from nba_assets.errors import WarehouseError
from nba_assets.tables import Table, Type
from nba_assets.warehouse.bigquery_errors import NO_RETRY

TYPES: dict[Type, str] = {
    Type.INTEGER: "INT64",
    Type.FLOAT: "FLOAT64",
    Type.TEXT: "STRING",
    Type.BOOLEAN: "BOOL",
    Type.DATE: "DATE",
    Type.TIMESTAMP: "TIMESTAMP",
}
CLUSTERING_COLUMNS = 4  # BigQuery's maximum


def schema(table: Table) -> list[bigquery.SchemaField]:
    return [
        bigquery.SchemaField(
            column.name,
            TYPES[column.type],
            mode="REQUIRED" if column.required else "NULLABLE",
            description=column.description,
        )
        for column in table.columns
    ]


def definition(table: Table, dataset: bigquery.DatasetReference, labels: Mapping[str, str]) -> bigquery.Table:
    """The table to create. BigQuery refuses a query of a weekly table without a date filter."""
    created = bigquery.Table(dataset.table(table.name), schema(table))
    created.description = table.description
    created.labels = dict(labels)
    created.time_partitioning = bigquery.TimePartitioning(field=table.date_column)
    created.require_partition_filter = "week" in table.column_names
    clustering = [column for column in table.key if column != table.date_column]
    created.clustering_fields = clustering[:CLUSTERING_COLUMNS] or None
    return created


def create(
    client: bigquery.Client, prefix: str, tables: Sequence[Table], labels: Mapping[str, str], seconds: float
) -> list[Table]:
    """Create missing datasets, tables and columns; returns the created tables.

    Refuses a stored column of another type. seconds: timeout of adding columns to a table.
    """
    for name in dict.fromkeys(prefix + table.dataset for table in tables):
        try:
            client.get_dataset(name, retry=NO_RETRY)
        except NotFound:
            dataset = bigquery.Dataset(f"{client.project}.{name}")
            dataset.location = client.location
            dataset.labels = dict(labels)
            client.create_dataset(dataset, exists_ok=True, retry=NO_RETRY)
    created = []
    for table in tables:
        declared = definition(table, bigquery.DatasetReference(client.project, prefix + table.dataset), labels)
        try:
            stored = client.get_table(declared.reference, retry=NO_RETRY)
        except NotFound:
            client.create_table(declared, exists_ok=True, retry=NO_RETRY)
            created.append(table)
        else:
            _add_missing_columns(client, stored, declared, seconds)
    return created


def _add_missing_columns(
    client: bigquery.Client, stored: bigquery.Table, declared: bigquery.Table, seconds: float
) -> None:
    known = {field.name: field for field in stored.schema}
    for field in declared.schema:
        if field.name in known and _standard(known[field.name].field_type) != _standard(field.field_type):
            raise WarehouseError(
                f"{stored.dataset_id}.{stored.table_id}.{field.name} is {known[field.name].field_type} in BigQuery but "
                f"declared {field.field_type}: copy the table away and drop it, then backfill again"
            )
    # Stored rows are NULL in a new column.
    added = [
        f"ADD COLUMN IF NOT EXISTS {field.name} {field.field_type} OPTIONS (description = {json.dumps(text)})"
        for field, text in ((field, field.description) for field in declared.schema if field.name not in known)
    ]
    if added:
        name = f"`{stored.project}.{stored.dataset_id}.{stored.table_id}`"
        add = f"ALTER TABLE {name} {', '.join(added)}"
        client.query_and_wait(add, retry=NO_RETRY, job_retry=NO_RETRY, wait_timeout=seconds)


def _standard(field_type: str) -> str:
    """The SQL name of a type; the API returns older names."""
    return {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(field_type, field_type)
