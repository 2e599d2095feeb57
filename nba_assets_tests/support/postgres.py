"""An empty PostgreSQL on loopback."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nba_assets_tests.support.emulators import free_port


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """An empty PostgreSQL of our own on loopback, as Debian installs it."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    # The server refuses to be root and then runs as Debian's own account, which a test's folder is closed to.
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    with tempfile.TemporaryDirectory() as name:
        shutil.chown(name, user)
        yield from _cluster(programs[-1], Path(name), user)


def _cluster(programs: Path, folder: Path, user: str) -> Iterator[str]:
    port, data = free_port(), str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        subprocess.run([programs / program, *arguments], user=user, cwd=folder, check=True, capture_output=True)

    run("initdb", "--pgdata", data, "--auth", "trust", "--username", "dagster", "--no-sync", "--encoding", "UTF8")
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    # Its output goes to a file: a pipe would stay open as long as the server runs.
    run("pg_ctl", "start", "--pgdata", data, "--wait", "--options", options, "--log", str(folder / "log"))
    try:
        yield f"postgresql://dagster@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "stop", "--pgdata", data, "--mode", "immediate")
