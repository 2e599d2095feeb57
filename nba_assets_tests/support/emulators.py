"""Protocol servers for BigQuery and Cloud Storage on loopback, from packages in an environment of their own.

`make .venv-emulators/ready` sets that environment up. Neither server is Google's: they know no permissions, quotas,
billing, expiration or required partition filters, so those stay unproven here and rest on Google's documentation.
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv-emulators"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
# Unlike Google, which sends rows in many messages, the emulator sends them in one. One too large for this limit would
# also keep a thread for ever, and after a few of them the emulator answers nobody.
MOST_BYTES_OF_A_READ = {"BQEMU_WRITE_API_MAX_REQUEST_BYTES": f"{2**30}"}
PROJECT = "loopback-project"


@dataclass(frozen=True)
class BigQueryEmulator:
    """Addresses of a running bqemulator: its REST API and its Storage Read API."""

    endpoint: str
    storage_endpoint: str


@contextmanager
def bigquery_emulator() -> Iterator[BigQueryEmulator]:
    rest, grpc = free_port(), free_port()
    command = ["bqemulator", "start", "--rest-port", str(rest), "--grpc-port", str(grpc), "--log-level", "warning"]
    with _running(command, f"http://127.0.0.1:{rest}/healthz"):
        yield BigQueryEmulator(f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc}")


@contextmanager
def storage_emulator(bucket: str) -> Iterator[str]:
    """The address of a Cloud Storage server that has `bucket`, empty."""
    port = free_port()
    command = ["gcp-storage-emulator", "start", "--port", str(port), "--default-bucket", bucket, "--in-memory", "-q"]
    with _running(command, f"http://127.0.0.1:{port}/storage/v1/b/{bucket}"):
        yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: Sequence[str], health: str) -> Iterator[None]:
    if not (ENVIRONMENT / "ready").exists():
        pytest.skip("needs the emulators: make .venv-emulators/ready")
    # DuckDB, which the BigQuery server runs on, looks for its extension under the home folder.
    environment = {**os.environ, **MOST_BYTES_OF_A_READ, "HOME": str(ENVIRONMENT)}
    program = [str(ENVIRONMENT / "bin" / command[0]), *command[1:]]
    with subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(server, health)
            yield
        finally:
            server.terminate()
            try:
                server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(server: subprocess.Popen[bytes], health: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, f"{server.args!r} ended with {server.returncode} instead of starting"
        try:
            urllib.request.urlopen(health, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"{server.args!r} did not answer at {health} within {START_SECONDS:.0f} s")
