"""What tests of several modules share: the replay of the real seasons, a scripted web server, a project of its own."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import dagster as dg
import duckdb
import pandas as pd
import pytest
from upath import UPath

from nba_assets.tables import Table
from nba_assets_tests.emulators import storage_emulator

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"
EXAMPLE = REPOSITORY / "docs" / "graphql_backfill.py"
NOTHING: Mapping[str, str] = {}


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the real seasons (`nba/`) and their replay (`replay/`)."""
    if not (SHARED / "nba").is_dir() or not (SHARED / "replay" / "replay.py").is_file():
        pytest.skip("needs the real seasons and their replay in ../shared")
    return SHARED


def pytest_configure() -> None:
    # A shell starts background jobs with SIGINT ignored, Dagster maps SIGTERM to it, and programs that tests start
    # inherit both: then nothing could stop them.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


TellFault = Callable[[str, str, str], None]


@pytest.fixture
def tell_fault(record_property: Callable[[str, object], None]) -> TellFault:
    """Puts a line into the table of faults: what was done, what a person saw, how it recovered. No row was lost."""
    return lambda fault, seen, recovery: record_property("fault", [fault, "nothing", seen, recovery])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    lines = [value for report in reports for name, value in report.user_properties if name == "fault"]
    if lines:
        terminalreporter.section("faults")
        told = pd.DataFrame(sorted(lines), columns=["fault", "lost", "seen", "recovery"])
        terminalreporter.write_line(told.to_markdown(index=False))


@pytest.fixture(scope="session")
def seasons(shared: Path) -> Path:
    """The folder of the real seasons."""
    return shared / "nba"


@pytest.fixture(scope="session")
def example() -> ModuleType:
    """docs/graphql_backfill.py as a module."""
    spec = importlib.util.spec_from_file_location("graphql_backfill", EXAMPLE)
    assert spec and spec.loader
    module = sys.modules["graphql_backfill"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Replay:
    """A running replay.py; `requests` are the answers it has given so far, as (path with query, status)."""

    url: str
    log: Path

    @property
    def requests(self) -> list[tuple[str, int]]:
        lines = re.findall(r'"GET (\S+) HTTP/1.1" (\d+)', self.log.read_text())
        return [(path, int(status)) for path, status in lines]


StartReplay = Callable[..., Replay]


@contextmanager
def replaying(shared: Path, *options: str) -> Iterator[Replay]:
    """replay.py with these options on a free loopback port, until the block ends."""
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        command = [sys.executable, str(shared / "replay" / "replay.py"), "--data", str(shared / "nba"), "--port", "0"]
        with subprocess.Popen([*command, "--verbose", *options], stdout=subprocess.PIPE, stderr=log, text=True) as it:
            try:
                assert it.stdout is not None
                started = re.search(r"http://\S+", it.stdout.readline())
                assert started, f"the replay did not start: {Path(log.name).read_text()}"
                yield Replay(started[0], Path(log.name))
            finally:
                it.terminate()


@pytest.fixture
def replay(shared: Path) -> Iterator[StartReplay]:
    """Starts replays: `replay("--since", "2021-12-01", "--faults", "0.1")`."""
    with ExitStack() as running:
        yield lambda *options: running.enter_context(replaying(shared, *options))


@pytest.fixture(scope="session")
def replay_url(shared: Path) -> Iterator[str]:
    """The replay of 2020-21 to 2023-24, shared by all tests of a process."""
    with replaying(shared, "--since", "2020-12-01") as running:
        yield running.url


@pytest.fixture(scope="session")
def cloud_storage() -> Iterator[str]:
    """The address of a Cloud Storage server with the bucket "nba", shared by all tests of a process."""
    with storage_emulator("nba") as address:
        yield address


@pytest.fixture
def bucket(cloud_storage: str, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A place in a bucket where nothing is yet."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage)
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks a service the server does not have
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    # The server has no moveTo and says 501, for which gcsfs would ask six times before it copies and deletes instead.
    monkeypatch.setattr("gcsfs.retry.errs", {429, 500, 502, 503, 504})
    return UPath(f"gs://nba/{uuid.uuid4().hex}")


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> UPath:
    """Where files can be kept: a folder, then a bucket."""
    return UPath(tmp_path) if request.param == "folder" else request.getfixturevalue("bucket")


@dataclass
class ScriptedWeb:
    """Answers the first request with the first of `answers`, and so on; the last one again for all that follow.

    An answer is a status, a status with a body, "drop" (the connection closes without an answer) or "half" (it closes
    halfway through the body). With `answer`, a function of the path answers instead.
    """

    url: str = ""
    answers: list[int | tuple[int, bytes] | str] = field(default_factory=list)
    answer: Callable[[str], tuple[int, bytes]] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is part of what is tested."""


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    script = ScriptedWeb()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.paths.append(self.path)
            script.keys.append(self.headers["Authorization"])
            answer: int | tuple[int, bytes] | str
            if script.answer:
                answer = script.answer(self.path)
            else:
                answer = script.answers[min(len(script.paths), len(script.answers)) - 1]
            if answer == "drop":
                return
            status, body = answer if isinstance(answer, tuple) else (answer, b"")
            status, body = (200, b"%PDF-1.4 only the first half") if answer == "half" else (status, body)
            self.send_response(int(status))
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) * (2 if answer == "half" else 1)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        yield script
        server.shutdown()


Run = subprocess.Popen[str]


@dataclass
class Backfill:
    """How a `python -m nba_assets backfill` ended."""

    exit_code: int
    report: str
    errors: str

    @property
    def told(self) -> str:
        return self.report + self.errors


@dataclass
class Project:
    """The project as a user has it: data and Dagster home in `data`, run from the command line in other processes."""

    data: Path
    environment: dict[str, str]

    @property
    def warehouse(self) -> Path:
        return self.data / f"{self.environment['NBA_SOURCE']}.duckdb"

    def start(
        self,
        *arguments: str,
        variables: Mapping[str, str] = NOTHING,
        module: str = "nba_assets",
    ) -> Run:
        """`python -m nba_assets` with these arguments."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=REPOSITORY,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def backfill(self, first: str, last: str, *options: str, timeout: float = 240.0, **variables: str) -> Backfill:
        run = self.start("backfill", "--first", first, "--last", last, *options, variables=variables)
        return finish(run, timeout)

    def start_box_scores(self, first: str, last: str, *options: str) -> Run:
        """The box-score part of a backfill, see `box_score_weeks`."""
        return self.start(first, last, *options, module="nba_assets_tests.box_score_weeks")

    def box_scores(self, first: str, last: str, *options: str) -> Backfill:
        return finish(self.start_box_scores(first, last, *options))

    def rows(self, table: Table | str) -> pd.DataFrame:
        """All rows of the table by key, without `fetched_at`: what must be equal between two runs."""
        name = table if isinstance(table, str) else table.qualified_name
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(f"SELECT COLUMNS(lambda name: name <> 'fetched_at') FROM {name} ORDER BY ALL").df()

    def rows_by_week(self, table: Table) -> dict[str, int]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            counted = connection.sql(f"SELECT week, count(*) FROM {table.qualified_name} GROUP BY week ORDER BY week")
            return {f"{week}": count for week, count in counted.fetchall()}

    def evaluations(self) -> list[dg.AssetCheckEvaluation]:
        """Every check evaluation in the event log, oldest first."""
        with self.instance() as instance:
            found: list[dg.AssetCheckEvaluation] = []
            for run in reversed(instance.get_runs()):
                for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
                    assert entry.dagster_event
                    found.append(entry.dagster_event.asset_check_evaluation_data)
            return found

    def refusals(self) -> set[tuple[str, str, str]]:
        """(week, table, check) of every failed evaluation of severity ERROR, in any run."""
        return {
            (f"{evaluation.partition}", evaluation.asset_key.path[-1], evaluation.check_name)
            for evaluation in self.evaluations()
            if not evaluation.passed and evaluation.partition and evaluation.severity == dg.AssetCheckSeverity.ERROR
        }

    def published_weeks(self, table: Table) -> list[str]:
        with self.instance() as instance:
            return sorted(instance.get_materialized_partitions(table.asset_key))

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Dagster's instance of the project."""
        home = self.environment["DAGSTER_HOME"]
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("DAGSTER_HOME", home)
            with dg.DagsterInstance.from_config(home) as instance:
                yield instance


def finish(process: Run, timeout: float = 240.0) -> Backfill:
    """Wait for a backfill; one that does not end is killed and fails the test."""
    try:
        report, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return Backfill(process.returncode, report, errors)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the sample league."""
    return project_at(tmp_path / "var")


def project_at(data: Path, **variables: str) -> Project:
    """A fresh project in `data` on the sample league, or with `NBA_SOURCE` and others as given."""
    home = data / "dagster"
    home.mkdir(parents=True)
    shutil.copy(REPOSITORY / "deploy" / "local" / "dagster.yaml", home)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "BALLDONTLIE_", "DAGSTER_"))
    }
    own = {"NBA_DATA": str(data), "DAGSTER_HOME": str(home), "NBA_SOURCE": "sample"}
    return Project(data, inherited | own | variables)


def api_project(data: Path, url: str, **variables: str) -> Project:
    """A fresh project in `data` that asks the API at `url`, as fast as it can."""
    asking = {
        "NBA_SOURCE": "balldontlie",
        "BALLDONTLIE_BASE_URL": url,
        "BALLDONTLIE_API_KEY": "a-key",
        "BALLDONTLIE_REQUESTS_PER_MINUTE": "60000",
    }
    return project_at(data, **asking | variables)


def replay_project(data: Path, running: Replay, **variables: str) -> Project:
    """A fresh project in `data` that asks a running replay, as fast as it can."""
    return api_project(data, running.url, **variables)
