"""Services on loopback for tests of sources: the replay of the real seasons, and a web server that follows a script."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture(scope="session")
def seasons() -> Path:
    """The folder of the real seasons."""
    if not (SHARED / "nba").is_dir():
        pytest.skip("needs the real seasons in ../shared/nba")
    return SHARED / "nba"


@pytest.fixture(scope="session")
def replay_url(seasons: Path) -> Iterator[str]:
    """The replay of 2020-21 to 2023-24."""
    command = [sys.executable, str(SHARED / "replay" / "replay.py"), "--data", str(seasons)]
    with subprocess.Popen(
        [*command, "--port", "0", "--since", "2020-12-01"], stdout=subprocess.PIPE, text=True
    ) as replay:
        assert replay.stdout is not None
        started = re.search(r"http://\S+", replay.stdout.readline())
        assert started, "the replay did not start"
        yield started[0]
        replay.terminate()


@dataclass
class ScriptedWeb:
    """Answers the first request with the first of `answers`, and so on; the last one again for all that follow.

    An answer is a status, a status with a body, "drop" (the connection closes without an answer) or "half" (it closes
    halfway through the body).
    """

    url: str = ""
    answers: list[int | tuple[int, bytes] | str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    script = ScriptedWeb()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.paths.append(self.path)
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

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        script.url = f"http://127.0.0.1:{server.server_port}"
        yield script
        server.shutdown()
