"""A run in a process of its own that logs every line it is told, so that a test can look at it while it runs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import dagster as dg

from nba_assets.settings import REPOSITORY


@dataclass
class ToldRun:
    """The run's id, and where to tell it what to log."""

    run_id: str
    ear: IO[str]

    def tell(self, line: str) -> None:
        self.ear.write(f"{line}\n")
        self.ear.flush()


@contextmanager
def told_run(home: Path) -> Iterator[ToldRun]:
    """A run in the history of `home` that has started; it succeeds when the block ends."""
    command = [sys.executable, "-m", __name__, str(home)]
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    with subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield ToldRun(process.stdout.readline().strip(), process.stdin)
        process.stdin.close()


@dg.op
def listen(context: dg.OpExecutionContext) -> None:
    print(context.run_id, flush=True)
    for line in sys.stdin:
        context.log.info(line.strip())


@dg.job
def told() -> None:
    listen()


if __name__ == "__main__":
    with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
        told.execute_in_process(instance=instance)
