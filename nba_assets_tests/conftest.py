"""Fixtures that tests of several modules share: real seasons, servers, a bucket, a project, the table of faults."""

import importlib.util
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
from upath import UPath

from nba_assets.settings import REPOSITORY
from nba_assets_tests.support.command_line import Project, StartReplay, project_at, replaying
from nba_assets_tests.support.emulators import storage_emulator

SHARED = REPOSITORY.parent / "shared"
EXAMPLE = REPOSITORY / "docs" / "graphql_backfill.py"


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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the sample league."""
    return project_at(tmp_path / "var")
