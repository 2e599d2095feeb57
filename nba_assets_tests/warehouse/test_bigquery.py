"""What only BigQuery does: its jobs, its refusals, its connections. What every warehouse does is the contract's.

The emulator knows no permissions, quotas, billing, expiration, dry runs or required partition filters. Where those are
tested, the refusal is Google's documented answer put in the place of one request, and the rest is the emulator's.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import bigquery as google
from requests.adapters import HTTPAdapter
from upath import UPath

from nba_assets.checks.catalogue import checks_of
from nba_assets.errors import WarehouseError
from nba_assets.partitions import weeks_between
from nba_assets.tables import ALL_TABLES, BDL_GAMES, BDL_PLAYER_BOXSCORES, QUARANTINE_TABLES, Table
from nba_assets.warehouse import bigquery_tables
from nba_assets.warehouse.bigquery import BigQueryWarehouse
from nba_assets.warehouse.bigquery_connection import BigQueryConnection
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.warehouse.frames import to_arrow
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.publications import newest_publications
from nba_assets.weekly.publish import WeeklyRows
from nba_assets_tests.bigquery_backfill import compared, open_bigquery, variables
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.support.command_line import project_at
from nba_assets_tests.support.emulators import PROJECT, BigQueryEmulator
from nba_assets_tests.support.publishing import publish
from nba_assets_tests.support.small_week import WEEK, league_week
from nba_assets_tests.warehouse.conftest import bigquery_storage

NEXT_WEEK = WEEK + dt.timedelta(days=7)
Refusal = tuple[int, str, str]
CONFLICT = (400, "invalidQuery", "Could not serialize access to table nba_raw.bdl_games due to concurrent update")
RATE_LIMIT = (403, "rateLimitExceeded", "Exceeded rate limits: too many table update operations for this table")
QUEUE_FULL = (403, "quotaExceeded", "Your table exceeded quota for total number of dml jobs writing to a table")
BACKEND = (503, "backendError", "The service is currently unavailable")
QUOTA = (403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for free query bytes scanned")
BYTES = (400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed: 1. 10485760 or higher required.")
DENIED = (403, "accessDenied", "Access Denied: Dataset nba_raw: Permission bigquery.tables.get denied")
NOT_FOUND = (404, "notFound", "Not found: Dataset loopback-project:nba_raw was not found in location EU")
UNKNOWN = (401, "authError", "Request had invalid authentication credentials. Expected OAuth 2 access token")
TOO_MANY = (429, "rateLimitExceeded", "Quota exceeded: too many concurrent queries for this project_and_region")
NO_BILLING = (403, "billingNotEnabled", "Billing has not been enabled for this project")


class Watched(HTTPAdapter):
    """Passes requests on and notes them; `disturb` may keep one back, lose its answer, or answer in Google's place."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.disturb: Callable[[int, str], str | Refusal | dict[str, Any] | None] = lambda number, request: None

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        body = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else request.body or ""
        text = f"{request.method} {urlsplit(str(request.url)).path} {body}"
        self.seen.append(text)
        what = self.disturb(len(self.seen), text)
        if what == "unanswered":
            raise requests.ReadTimeout("unanswered")
        if isinstance(what, tuple):
            return _refusal(request, *what)
        if isinstance(what, dict):
            return _answer(request, 200, what)
        answer = super().send(request, *args, **kwargs)
        if what == "answer lost":
            raise requests.ConnectionError("answer lost")
        return answer


def _refusal(request: requests.PreparedRequest, status: int, reason: str, message: str) -> requests.Response:
    error = {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}
    return _answer(request, status, {"error": error})


def _answer(request: requests.PreparedRequest, status: int, body: dict[str, Any]) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.request, answer.url = status, request, str(request.url)
    answer.headers["Content-Type"] = "application/json"
    answer._content = json.dumps(body).encode()
    return answer


@pytest.fixture
def warehouse(bigquery: BigQueryEmulator) -> BigQueryWarehouse:
    """An empty warehouse with its tables, read through REST so that every request can be watched."""
    opened = bigquery_storage(bigquery).open()
    assert isinstance(opened, BigQueryWarehouse)
    write(opened, [])
    opened._rest_only = True
    return opened


def watch(warehouse: BigQueryWarehouse) -> Watched:
    watched = Watched()
    warehouse._connected()._http.mount("http://", watched)
    return watched


def games(score: int, count: int = 3) -> pd.DataFrame:
    return league_week(WEEK, count).games.assign(home_score=score)


def write(warehouse: Warehouse, frames: list[pd.DataFrame]) -> None:
    rows = pd.concat(frames) if frames else games(0).iloc[:0]
    with warehouse.stage(BDL_GAMES, to_arrow(rows, BDL_GAMES)) as staged:
        staged.publish([WEEK])


def scores(warehouse: Warehouse) -> list[int]:
    return list(warehouse.read_weeks(BDL_GAMES, [WEEK])["home_score"])


def fault_at(request_number: int, fault: str) -> Callable[[int, str], str | None]:
    return lambda number, request: fault if number == request_number else None


def staged_tables(warehouse: BigQueryWarehouse) -> list[str]:
    listed = warehouse._connected().list_tables(f"{warehouse.dataset_prefix}nba_raw")
    return [table.table_id for table in listed if table.table_id.startswith("staged_")]


def test_a_window_of_200_rows_is_one_load_job_and_one_merge(
    warehouse: BigQueryWarehouse,
) -> None:
    rows = to_arrow(league_week(games=7).box_scores.iloc[:200], BDL_PLAYER_BOXSCORES)
    assert rows.num_rows == 200
    requests_seen = watch(warehouse).seen
    with warehouse.stage(BDL_PLAYER_BOXSCORES, rows) as staged:
        staged.publish([WEEK])
    loads = [seen for seen in requests_seen if seen.startswith("POST /upload") and "/jobs" in seen]
    statements = [json.loads(seen.split(" ", 2)[2])["query"] for seen in requests_seen if "/queries {" in seen]
    assert len(loads) == 1
    assert [statement.split()[0] for statement in statements] == ["SELECT", "INSERT", "MERGE", "SELECT", "UPDATE"]


def audit_and_publish(warehouse: Warehouse, frame: pd.DataFrame) -> None:
    (result,) = publish(warehouse, BDL_GAMES, WeeklyRows(frame), [WEEK])
    assert result.published, result.refusals


def merge(warehouse: Warehouse, frame: pd.DataFrame) -> None:
    warehouse.merge(BDL_GAMES, to_arrow(frame, BDL_GAMES))


AUDIT = sum(bool(check.sql) for check in checks_of(BDL_GAMES)) + len(
    {check.due for check in checks_of(BDL_GAMES) if check.due}
)


@pytest.mark.parametrize(
    ("writing", "statements"), [(audit_and_publish, AUDIT + 5), (merge, 2)], ids=["publish", "merge"]
)
def test_rows_survive_a_failure_of_any_request_and_no_staged_table_is_left(
    warehouse: BigQueryWarehouse, writing: Callable[[Warehouse, pd.DataFrame], None], statements: int
) -> None:
    watched = watch(warehouse)
    writing(warehouse, games(120))
    usual = [request.partition("{")[0].strip() for request in watched.seen]
    assert [request.rpartition("/")[2] for request in usual if request.endswith("queries")] == ["queries"] * statements
    assert usual[0].endswith("/tables") and usual[-1].startswith("DELETE")
    outcomes = set()
    for number, fault in itertools.product(range(1, len(usual) + 1), ("unanswered", "answer lost")):
        write(warehouse, [games(100)])
        watched.seen.clear()
        watched.disturb = fault_at(number, fault)
        try:
            writing(warehouse, games(120, count=5))
            outcome = "written"
        except WarehouseError as error:
            assert re.search("connection to BigQuery failed|did not answer in time", str(error))
            outcome = "failed"
        watched.disturb = lambda number, request: None
        after = scores(warehouse)
        assert after in ([100] * 3, [120] * 5), f"{fault} at request {number}: {usual[number - 1]}"
        assert outcome == "failed" or after == [120] * 5
        if writing is audit_and_publish:
            (recorded,) = newest_publications(warehouse.query, [BDL_GAMES], [WEEK]).to_dict("records")
            assert recorded["intact"] <= (recorded["row_count"] == len(after)), "a record of other rows must not pass"
            assert recorded["intact"] or outcome == "failed"
        assert staged_tables(warehouse) == []
        outcomes.add((outcome, len(after)))
    assert outcomes == {("failed", 3), ("failed", 5), ("written", 5)}


def test_a_writer_between_the_merge_and_its_count_is_noticed(warehouse: BigQueryWarehouse) -> None:
    other = warehouse.model_copy()
    watched, interfered = watch(warehouse), list[str]()

    def interfere(number: int, request: str) -> None:
        if "MERGE" in watched.seen[number - 2] and not interfered:
            interfered.append(request)
            write(other, [games(130, count=2)])

    watched.disturb = interfere
    told = f"week {WEEK}: 5 rows were written but 2 read back; another writer changed the week at the same time"
    with pytest.raises(WarehouseError, match=told):
        write(warehouse, [games(120, count=5)])
    assert scores(warehouse) == [130] * 2
    assert staged_tables(warehouse) == []


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        pytest.param(
            lambda warehouse: write(warehouse, [games(120)]),
            f"creating the tables in project {PROJECT}: BigQuery did not answer in time",
            id="tables",
        ),
        pytest.param(
            lambda warehouse: warehouse.query("SELECT 1 AS one"),
            "SELECT 1 AS one: BigQuery did not answer in time",
            id="query",
        ),
        pytest.param(
            lambda warehouse: warehouse.read_weeks(BDL_GAMES, [WEEK]),
            f"reading nba_raw.bdl_games from {WEEK} to .*: BigQuery answered 504: Deadline Exceeded",
            id="Storage Read API",
        ),
    ],
)
def test_a_server_that_never_answers_is_one_error(
    silent: str, reading: Callable[[BigQueryWarehouse], object], told: str
) -> None:
    connection = BigQueryConnection(
        project=PROJECT, endpoint=f"http://{silent}", storage_endpoint=silent, request_seconds=0.3
    )
    with pytest.raises(WarehouseError, match=f"{told}.*Materialize again"):
        reading(BigQueryWarehouse(connection=connection))


def test_a_query_that_never_ends_is_given_up(warehouse: BigQueryWarehouse) -> None:
    connection = warehouse.connection.model_copy(update={"job_seconds": 0.5})
    waiting = warehouse.model_copy(update={"connection": connection})
    job = {"jobReference": {"projectId": PROJECT, "jobId": "endless", "location": "US"}}
    running = {**job, "jobComplete": False, "status": {"state": "RUNNING"}, "configuration": {"query": {}}}
    watched = watch(waiting)
    watched.disturb = lambda number, request: running
    with pytest.raises(WarehouseError, match="SELECT 1 AS one: BigQuery did not answer in time"):
        waiting.query("SELECT 1 AS one")
    assert watched.seen[-1].startswith("POST") and "/jobs/endless/cancel" in watched.seen[-1]


def test_the_first_failure_is_told_even_if_the_staged_rows_cannot_be_dropped(warehouse: BigQueryWarehouse) -> None:
    impatient = warehouse.model_copy(
        update={"connection": warehouse.connection.model_copy(update={"request_seconds": 0.1})}
    )
    impatient._client = None
    watch(impatient).disturb = lambda number, request: (
        "unanswered" if re.match("POST /upload|DELETE", request) else None
    )
    with pytest.raises(
        WarehouseError, match=r"loading 3 rows beside nba_raw\.bdl_games: BigQuery did not answer in time"
    ):
        write(impatient, [games(120)])


@pytest.mark.parametrize(
    ("refusal", "patient"),
    [(CONFLICT, True), (RATE_LIMIT, True), (QUEUE_FULL, True), (BACKEND, False), (QUOTA, False), (DENIED, False)],
    ids=["conflict", "rate limit", "queue of writers full", "backend error", "quota", "denied"],
)
def test_only_conflicts_and_rate_limits_are_waited_out(
    warehouse: BigQueryWarehouse, refusal: Refusal, patient: bool
) -> None:
    write(warehouse, [games(100)])
    watched, refused = watch(warehouse), list[str]()

    def refuse_twice(number: int, request: str) -> Refusal | None:
        if "MERGE" not in request or len(refused) == 2:
            return None
        refused.append(request)
        return refusal

    watched.disturb = refuse_twice
    if patient:
        write(warehouse, [games(120)])
    else:
        with pytest.raises(WarehouseError):
            write(warehouse, [games(120)])
    assert len(refused) == (2 if patient else 1)
    assert scores(warehouse) == [120 if patient else 100] * 3
    assert staged_tables(warehouse) == []


def test_waiting_ends_with_the_deadline_and_says_so(warehouse: BigQueryWarehouse) -> None:
    impatient = warehouse.model_copy(update={"wait_seconds": 0.2})
    impatient._client = None
    watch(impatient).disturb = lambda number, request: CONFLICT if "MERGE" in request else None
    with pytest.raises(WarehouseError, match="due to concurrent update"):
        write(impatient, [games(120)])
    assert scores(warehouse) == []


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (UNKNOWN, r"no usable Google credentials .* Next: run `gcloud auth application-default login`"),
        (TOO_MANY, r"answered 429: .*too many concurrent queries.* Next: wait for the quota to refill"),
        (DENIED, r"answered 403: .*bigquery.tables.get denied.* Next: give the account roles/bigquery.jobUser"),
        (NOT_FOUND, r"answered 404: .*Dataset loopback-project:nba_raw.* Next: check NBA_BIGQUERY_PROJECT, "),
        (QUOTA, r"answered 403: .*exceeded quota.* Next: wait for the quota to refill"),
        (BYTES, r"answered 400: .*10485760 or higher required\. Next: raise NBA_MAX_BYTES_BILLED"),
        (NO_BILLING, r"Next: link the project to a billing account"),
        (BACKEND, r"answered 503: .*currently unavailable\. Materialize again; nothing stored was lost"),
    ],
    ids=["credential", "rate", "permission", "dataset", "quota", "bytes", "billing", "backend"],
)
def test_a_refusal_says_what_to_do(warehouse: BigQueryWarehouse, refusal: Refusal, told: str) -> None:
    impatient = warehouse.model_copy(update={"wait_seconds": 0.2})
    watch(impatient).disturb = lambda number, request: refusal
    with pytest.raises(WarehouseError, match=told) as error:
        impatient.read_weeks(BDL_GAMES, [WEEK])
    assert len(str(error.value).splitlines()) == 1


def test_a_missing_credential_file_says_what_to_do() -> None:
    connection = BigQueryConnection(project=PROJECT, credentials_file="/nowhere/key.json")
    with pytest.raises(
        WarehouseError, match=r"no usable Google credentials \(/nowhere/key.json does not exist\)\. Next"
    ):
        BigQueryWarehouse(connection=connection).query("SELECT 1 AS one")


def test_a_revoked_credential_says_what_to_do(tmp_path: Path, web: ScriptedWeb) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {"type": "service_account", "client_email": "nba@example.com", "private_key": private.decode()}
    file = tmp_path / "key.json"
    file.write_text(json.dumps(account | {"token_uri": f"{web.url}/token"}))  # which takes no POST, so gives no token
    warehouse = BigQueryWarehouse(connection=BigQueryConnection(project=PROJECT, credentials_file=str(file)))
    with pytest.raises(WarehouseError, match=r"refused, expired or revoked .* Next: run `gcloud auth") as error:
        warehouse.query("SELECT 1 AS one")
    assert private.decode() not in str(error.value)


def test_the_limit_on_bytes_goes_with_every_query(warehouse: BigQueryWarehouse) -> None:
    limited = warehouse.model_copy(update={"max_bytes_billed": 12_345_678})
    watched = watch(limited)
    write(limited, [games(100)])
    queries = [json.loads(seen.split(" ", 2)[2]) for seen in watched.seen if "/queries {" in seen]
    assert {query["maximumBytesBilled"] for query in queries} == {"12345678"}


def test_a_read_of_more_bytes_than_the_limit_is_refused(bigquery: BigQueryEmulator) -> None:
    opened = bigquery_storage(bigquery).open()
    write(opened, [games(100)])
    limited = opened.model_copy(update={"max_bytes_billed": 1})
    with pytest.raises(
        WarehouseError, match=r"nba_raw.bdl_games would scan \d+ bytes, more than NBA_MAX_BYTES_BILLED=1"
    ):
        limited.read_weeks(BDL_GAMES, [WEEK])
    roomy = opened.model_copy(update={"max_bytes_billed": 10_000_000})
    assert len(roomy.read_weeks(BDL_GAMES, [WEEK])) == 3


def test_without_the_storage_read_api_rest_gives_the_same_rows(bigquery: BigQueryEmulator) -> None:
    through_storage = bigquery_storage(bigquery).open()
    write(through_storage, [games(100, count=7)])
    unreachable = BigQueryConnection(
        project=PROJECT, location="US", endpoint=bigquery.endpoint, storage_endpoint="127.0.0.1:1"
    )
    assert isinstance(through_storage, BigQueryWarehouse)
    through_rest = BigQueryWarehouse(connection=unreachable, dataset_prefix=through_storage.dataset_prefix)
    pd.testing.assert_frame_equal(
        through_rest.read_weeks(BDL_GAMES, [WEEK]), through_storage.read_weeks(BDL_GAMES, [WEEK])
    )
    assert (through_storage._rest_only, through_rest._rest_only) == (False, True)


def test_rows_outside_their_week_are_not_published(warehouse: BigQueryWarehouse) -> None:
    write(warehouse, [games(100)])
    stray = games(120).assign(game_date=NEXT_WEEK)
    with pytest.raises(WarehouseError, match=f"week {WEEK}: a row of {NEXT_WEEK} lies outside the week"):
        write(warehouse, [stray])
    assert scores(warehouse) == [100] * 3


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.name)
def test_a_table_is_partitioned_clustered_and_described(table: Table) -> None:
    declared = bigquery_tables.definition(table, google.DatasetReference(PROJECT, table.dataset), {"application": "x"})
    assert declared.time_partitioning.field == table.date_column
    assert declared.time_partitioning.type_ == "DAY"
    # Tables without weeks are small and read whole; the emulator does not know this setting.
    assert declared.require_partition_filter is ("week" in table.column_names)
    assert set(declared.clustering_fields or ()) <= set(table.key)
    assert [(field.name, field.description) for field in declared.schema] == [
        (column.name, column.description) for column in table.columns
    ]
    assert (declared.description, declared.labels) == (table.description, {"application": "x"})


def test_the_tables_are_created_as_declared(warehouse: BigQueryWarehouse) -> None:
    created = warehouse._connected().get_table(f"{warehouse.dataset_prefix}nba_raw.bdl_player_boxscores")
    assert (created.time_partitioning.field, created.clustering_fields) == ("game_date", ["game_id", "player_id"])
    assert created.labels == {"application": "nba_assets"}
    assert created.schema[0].description == BDL_PLAYER_BOXSCORES.columns[0].description


def test_a_declared_column_that_is_missing_is_added(warehouse: BigQueryWarehouse) -> None:
    client = warehouse._connected()
    name = f"{PROJECT}.{warehouse.dataset_prefix}nba_raw.bdl_games"
    client.delete_table(name)
    known = [field for field in bigquery_tables.schema(BDL_GAMES) if field.name != "tipoff"]
    client.create_table(google.Table(name, known))
    warehouse._tables_are_there = False
    write(warehouse, [games(100)])
    assert warehouse.read_weeks(BDL_GAMES, [WEEK])["tipoff"].notna().all()


def test_a_stored_column_of_another_type_is_refused(warehouse: BigQueryWarehouse) -> None:
    client = warehouse._connected()
    name = f"{PROJECT}.{warehouse.dataset_prefix}nba_raw.bdl_games"
    client.delete_table(name)
    columns = [google.SchemaField("week", "DATE"), google.SchemaField("game_id", "STRING")]
    client.create_table(google.Table(name, columns))
    warehouse._tables_are_there = False
    with pytest.raises(WarehouseError, match=r"bdl_games.game_id is STRING in BigQuery but declared INT64"):
        write(warehouse, [games(100)])


def test_a_backfill_leaves_the_same_rows_as_in_duckdb(
    bigquery: BigQueryEmulator, bucket: UPath, tmp_path: Path
) -> None:
    """From the start of a season, so that there are weeks without games, without a model, and with predictions."""
    first, last = "2021-10-15", "2021-11-25"
    on_disk = project_at(tmp_path / "disk")
    prefix = f"t{uuid.uuid4().hex[:8]}_"
    in_cloud = project_at(tmp_path / "cloud", NBA_ARTIFACTS=f"{bucket}/models", **variables(bigquery, prefix))
    in_duckdb, in_bigquery = (project.backfill(first, last) for project in (on_disk, in_cloud))
    assert in_duckdb.exit_code == 0, in_duckdb.told
    assert in_bigquery.exit_code == 0, in_bigquery.told
    assert in_bigquery.report == in_duckdb.report
    weeks = weeks_between(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    assert len(weeks) == 6
    duckdb = DuckDBWarehouse(path=str(on_disk.warehouse))
    rows, differing = compared(duckdb, open_bigquery(bigquery, prefix), weeks)
    assert [name for name, table in rows.items() if table.num_rows == 0] == [table.name for table in QUARANTINE_TABLES]
    assert differing == []
    on_disk_models, in_bucket_models = (
        sorted(path.parent.name for path in (UPath(root) / "models").glob("*/card.json"))
        for root in (on_disk.data / "models" / "sample", bucket / "models")
    )
    assert in_bucket_models == on_disk_models != []
