"""Clients for BigQuery's REST and Storage Read APIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pyarrow as pa
import requests
from dagster_gcp import BigQueryResource
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import bigquery, bigquery_storage
from google.cloud.bigquery_storage_v1 import types
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import BigQueryReadGrpcTransport
from google.oauth2 import service_account
from requests.adapters import HTTPAdapter

from nba_assets.errors import WarehouseError
from nba_assets.warehouse.bigquery_errors import NO_RETRY

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


class TimeoutAdapter(HTTPAdapter):
    """Gives each request a timeout in seconds; Google's client sets none and would wait for ever."""

    def __init__(self, seconds: float):
        super().__init__()
        self._seconds = seconds

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(*args, **{**kwargs, "timeout": kwargs.get("timeout") or self._seconds})


class BigQueryConnection(BigQueryResource):
    """dagster-gcp's resource, with a service-account file or the application default credentials.

    endpoint, storage_endpoint: addresses of an emulator's REST and Storage Read APIs, used without credentials; an
    emulator without the second is read through REST. request_seconds: timeout of one request. job_seconds: timeout of
    a query, a load or the reading of a stream.
    """

    credentials_file: str | None = None
    endpoint: str | None = None
    storage_endpoint: str | None = None
    request_seconds: float = 180.0
    job_seconds: float = 1800.0

    @contextmanager
    def get_client(self) -> Iterator[bigquery.Client]:
        client = self.open_client()
        try:
            yield client
        finally:
            client.close()

    def open_client(self) -> bigquery.Client:
        options = {"api_endpoint": self.endpoint} if self.endpoint else None
        client = bigquery.Client(
            project=self.project, location=self.location, credentials=self._credentials(), client_options=options
        )
        for scheme in ("https://", "http://"):
            client._http.mount(scheme, TimeoutAdapter(self.request_seconds))
        return client

    def read_streams(
        self, dataset: str, table: str, *, columns: Sequence[str], where: str, max_bytes: int | None
    ) -> pa.Table | None:
        """Rows of a table through the Storage Read API, unordered; None for an emulator without it."""
        if self.endpoint and not self.storage_endpoint:
            return None
        client = self._read_client()
        try:
            session = client.create_read_session(
                parent=f"projects/{self.project}",
                read_session=types.ReadSession(
                    table=f"projects/{self.project}/datasets/{dataset}/tables/{table}",
                    data_format=types.DataFormat.ARROW,
                    read_options={"selected_fields": list(columns), "row_restriction": where},
                ),
                retry=NO_RETRY,
                timeout=self.request_seconds,
            )
            _require_at_most(max_bytes, session.estimated_total_bytes_scanned, f"{dataset}.{table}")
            schema = pa.ipc.read_schema(pa.py_buffer(session.arrow_schema.serialized_schema))
            batches = [
                pa.ipc.read_record_batch(pa.py_buffer(response.arrow_record_batch.serialized_record_batch), schema)
                for stream in session.streams
                for response in client.read_rows(stream.name, timeout=self.job_seconds)
            ]
            return pa.Table.from_batches(batches, schema).select(list(columns))
        finally:
            client.transport.close()

    def _read_client(self) -> bigquery_storage.BigQueryReadClient:
        if self.storage_endpoint:
            # No limit on message size, like Google's own channel; gRPC's default is 4 MB.
            channel = grpc.insecure_channel(self.storage_endpoint, [("grpc.max_receive_message_length", -1)])
            return bigquery_storage.BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
        return bigquery_storage.BigQueryReadClient(credentials=self._credentials())

    def _credentials(self) -> Credentials | None:
        """None for the application default credentials."""
        if self.endpoint:
            return AnonymousCredentials()
        if not self.credentials_file:
            return None
        if not Path(self.credentials_file).is_file():
            raise DefaultCredentialsError(f"{self.credentials_file} does not exist")
        try:
            return service_account.Credentials.from_service_account_file(self.credentials_file, scopes=SCOPES)
        except ValueError as error:
            raise DefaultCredentialsError(f"{self.credentials_file} is no service-account key: {error}") from error


def _require_at_most(max_bytes: int | None, scanned: int, table: str) -> None:
    if max_bytes is not None and scanned > max_bytes:
        raise WarehouseError(
            f"reading {table} would scan {scanned:,} bytes, more than NBA_MAX_BYTES_BILLED={max_bytes}: raise it or "
            "materialize fewer weeks at once; nothing was billed"
        )
