"""The project's event log against the one it stands in for: same files, and nothing lost."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from nba_assets.local_event_log import OPEN_SHARDS, LocalEventLog

KEY = dg.AssetKey("counted")
EVENTS = 20


@dg.asset(key=KEY)
def counted(context: dg.AssetExecutionContext) -> None:
    for number in range(EVENTS):
        context.log_event(dg.AssetMaterialization(KEY, partition=f"{number}"))


@contextmanager
def instance_at(folder: Path) -> Iterator[dg.DagsterInstance]:
    """An instance whose history is kept in `folder` by the project's event log."""
    folder.mkdir(exist_ok=True)
    (folder / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        "event_log_storage:\n"
        "  module: nba_assets.local_event_log\n"
        "  class: LocalEventLog\n"
        f"  config: {{base_dir: {folder}}}\n"
    )
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def materialize_in(folder: Path) -> None:
    with instance_at(folder) as instance:
        assert dg.materialize([counted], instance=instance).success


def test_the_configured_class_is_used_and_reads_back_what_a_run_wrote(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, LocalEventLog)
        result = dg.materialize([counted], instance=instance)
        assert len(instance.all_logs(result.run_id)) >= EVENTS
        assert instance.get_materialized_partitions(KEY) == {f"{number}" for number in range(EVENTS)}


def test_dagsters_own_event_log_reads_the_same_files(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        run_id = dg.materialize([counted], instance=instance).run_id
        written = [(entry.timestamp, entry.message) for entry in instance.all_logs(run_id)]
    stock = SqliteEventLogStorage(str(tmp_path))
    try:
        assert [(entry.timestamp, entry.message) for entry in stock.get_logs_for_run(run_id)] == written
    finally:
        stock.dispose()


def test_more_runs_than_open_files_are_all_readable(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        storage = instance.event_log_storage
        assert isinstance(storage, LocalEventLog)
        runs = [dg.materialize([counted], instance=instance).run_id for _ in range(OPEN_SHARDS + 4)]
        assert len(storage._engines) <= OPEN_SHARDS + 1
        assert [len(instance.get_records_for_run(run).records) > EVENTS for run in runs] == [True] * len(runs)


def test_threads_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        run_ids: list[str] = []
        writers = [
            threading.Thread(target=lambda: run_ids.append(dg.materialize([counted], instance=instance).run_id))
            for _ in range(4)
        ]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        records = instance.fetch_materializations(KEY, limit=1000).records
        assert sorted(records_of(run, records) for run in run_ids) == [EVENTS + 1] * 4


def records_of(run_id: str, records: "list[dg.EventLogRecord] | tuple[dg.EventLogRecord, ...]") -> int:
    return sum(record.run_id == run_id for record in records)


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    with instance_at(tmp_path):
        pass
    writers = [processes.Process(target=materialize_in, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0] * 3
    with instance_at(tmp_path) as instance:
        assert len(instance.get_runs()) == 3
        assert len(instance.fetch_materializations(KEY, limit=1000).records) == 3 * (EVENTS + 1)


FOREVER = """
import sys
from pathlib import Path
import dagster as dg
from nba_assets_tests.test_local_event_log import KEY, instance_at

with instance_at(Path(sys.argv[1])) as instance:
    for number in range(10**6):
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=f"{number}"))
        print(number, flush=True)
"""


def test_a_killed_process_loses_no_event_it_had_written(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        written = [int(writer.stdout.readline()) for _ in range(50)][-1]
        os.kill(writer.pid, signal.SIGKILL)
    with instance_at(tmp_path) as instance:
        kept = {int(key) for key in instance.get_materialized_partitions(KEY)}
        assert kept >= set(range(written + 1))
        assert dg.materialize([counted], instance=instance).success


def test_a_reader_waits_out_a_writer_of_another_process(tmp_path: Path) -> None:
    """SQLite's lock held for a moment elsewhere must not fail a run."""
    materialize_in(tmp_path)
    index = tmp_path / "index.db"
    assert index.exists()
    hold = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE'); "
        "print('held', flush=True); time.sleep(1); c.rollback()"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(index)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        started = time.monotonic()
        materialize_in(tmp_path)
        assert time.monotonic() - started > 0.5


@pytest.mark.parametrize("shards", [1, OPEN_SHARDS])
def test_a_closed_log_can_be_opened_again(tmp_path: Path, shards: int) -> None:
    for number in range(1, 3):
        materialize_in(tmp_path)
        with instance_at(tmp_path) as instance:
            assert len(instance.get_runs(limit=shards)) == min(number, shards)
