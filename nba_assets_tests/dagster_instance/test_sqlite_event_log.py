"""The project's event log against the one it stands in for: same files, and nothing lost."""

import multiprocessing
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy.exc import DBAPIError

from nba_assets.dagster_instance.sqlite_event_log import LocalEventLog
from nba_assets.weekly.events import written_together
from nba_assets_tests.support.told_run import told_run

KEY = dg.AssetKey("counted")
EVENTS = 20


@dg.asset(key=KEY)
def counted(context: dg.AssetExecutionContext) -> None:
    for number in range(EVENTS):
        context.log_event(dg.AssetMaterialization(KEY, partition=f"{number}"))


@contextmanager
def instance_at(folder: Path) -> Iterator[dg.DagsterInstance]:
    """An instance whose history is kept in `folder` by the project's event log."""
    settings = folder / "dagster.yaml"
    if not settings.exists():
        settings.write_text(
            "telemetry: {enabled: false}\n"
            "event_log_storage:\n"
            "  module: nba_assets.dagster_instance.sqlite_event_log\n"
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


WEEKS = dg.StaticPartitionsDefinition(["first", "second", "third"])
CHECKS = ("complete", "plausible")


@dg.asset(
    key=KEY,
    dagster_type=cast("dg.DagsterType", dg.Nothing),
    partitions_def=WEEKS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec(name, asset=KEY, partitions_def=WEEKS) for name in CHECKS],
)
def checked(context: dg.AssetExecutionContext) -> Iterator[dg.Output[None]]:
    """As the weekly assets do: events of all weeks together; the second week is refused, the third told twice."""
    with written_together(context.instance):
        for week in ("first", "third"):
            tags = {"dagster/code_version": "1"}
            context.log_event(dg.AssetMaterialization(KEY, partition=week, metadata={"rows": 3}, tags=tags))
    with written_together(context.instance):
        for week in ("first", "second", "third", "third"):
            for name in CHECKS:
                context.log_event(
                    dg.AssetCheckEvaluation(
                        asset_key=KEY, check_name=name, passed=week != "second", partition=week, metadata={"rows": 3}
                    )
                )
    yield dg.Output(None)
    for name in CHECKS:
        yield dg.Output(None, output_name=f"counted_{name}")


def run_checked(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    over = {"dagster/asset_partition_range_start": "first", "dagster/asset_partition_range_end": "third"}
    return dg.materialize([checked], instance=instance, tags=over)


def rows_of(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without the time at which Dagster says it was stored."""
    rows = {}
    with closing(sqlite3.connect(database)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall()]
            chosen = ", ".join(f'"{name}"' for name in columns if name != "create_timestamp")
            rows[table] = connection.execute(f"SELECT {chosen} FROM {table} ORDER BY rowid").fetchall()
    return rows


def test_events_written_at_once_are_the_rows_that_dagster_writes_one_by_one(tmp_path: Path) -> None:
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    ours.mkdir()
    with instance_at(ours) as instance:
        run_id = run_checked(instance).run_id
        told = instance.all_logs(run_id)
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=KEY, check_name="complete", passed=True, partition="first")
        )
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="second"))
        told = [*told, *instance.all_logs("")]
    one_by_one = SqliteEventLogStorage(str(stock))
    for event in told:
        one_by_one.store_event(event)
    one_by_one.dispose()
    for shard in (f"{run_id}.db", ".db"):
        assert rows_of(ours / shard) == rows_of(stock / shard)
    index, index_of_stock = rows_of(ours / "index.db"), rows_of(stock / "index.db")
    for table in ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions"):
        assert index[table] == index_of_stock[table]
    assert len(index["asset_check_executions"]) == len(CHECKS) * 3 + 1


def test_events_written_together_are_all_there_at_the_end_of_the_block_also_after_an_error(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        for partition in ("before", "after"):
            with pytest.raises(KeyError), written_together(instance):
                instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=partition))
                assert partition not in instance.get_materialized_partitions(KEY)
                raise KeyError(partition)
            assert partition in instance.get_materialized_partitions(KEY)


def test_what_other_threads_write_does_not_wait_for_the_end_of_the_block(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:
        event = dg.AssetMaterialization(KEY, partition="of another thread")
        with written_together(instance):
            instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="of this thread"))
            other = threading.Thread(target=instance.report_runless_asset_event, args=(event,))
            other.start()
            other.join()
            assert instance.get_materialized_partitions(KEY) == {"of another thread"}


def test_of_events_that_cannot_all_be_written_none_is(tmp_path: Path) -> None:
    """Also none of those of the run's log, and the event log goes on."""
    with instance_at(tmp_path) as instance:
        log = instance.event_log_storage
        assert isinstance(log, LocalEventLog)
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="kept"))
        (kept,) = instance.all_logs("")
        with closing(sqlite3.connect(tmp_path / "index.db")) as index:
            index.execute("CREATE TRIGGER full BEFORE INSERT ON event_logs BEGIN SELECT raise(FAIL, 'disk full'); END")
            with pytest.raises(DBAPIError, match="disk full"):
                log.store_event_batch([kept, kept])
            assert len(instance.all_logs("")) == 1
            index.execute("DROP TRIGGER full")
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="next"))
        assert instance.get_materialized_partitions(KEY) == {"kept", "next"}


def test_more_runs_than_open_files_are_all_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nba_assets.dagster_instance.sqlite_event_log.OPEN_SHARDS", 2)
    with instance_at(tmp_path) as instance:
        storage = instance.event_log_storage
        assert isinstance(storage, LocalEventLog)
        runs = [dg.materialize([counted], instance=instance).run_id for _ in range(4)]
        assert len(storage._engines) == 3
        assert all(len(instance.get_records_for_run(run).records) > EVENTS for run in runs)


def test_threads_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    with instance_at(tmp_path) as instance:

        def write(writer: int) -> None:
            for number in range(EVENTS):
                event = dg.AssetMaterialization(KEY, partition=f"{writer}-{number}")
                instance.report_runless_asset_event(event)

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert len(instance.get_materialized_partitions(KEY)) == 4 * EVENTS


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    materialize_in(tmp_path)  # Dagster cannot create one new history from several processes at once
    writers = [processes.Process(target=materialize_in, args=(tmp_path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert [writer.exitcode for writer in writers] == [0] * 3
    with instance_at(tmp_path) as instance:
        assert len(instance.get_runs()) == 4
        assert len(instance.fetch_materializations(KEY, limit=1000).records) == 4 * (EVENTS + 1)


FOREVER = """
import sys
from pathlib import Path
import dagster as dg
from nba_assets.weekly.events import written_together
from nba_assets_tests.dagster_instance.test_sqlite_event_log import KEY, instance_at

size = int(sys.argv[2])
with instance_at(Path(sys.argv[1])) as instance:
    for first in range(0, 10**6, size):
        with written_together(instance):
            for number in range(first, first + size):
                instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition=f"{number}"))
        print(first + size - 1, flush=True)
"""


@pytest.mark.parametrize("together", [1, 20])
def test_a_killed_process_loses_no_event_it_had_written(tmp_path: Path, together: int) -> None:
    command = [sys.executable, "-c", FOREVER, str(tmp_path), f"{together}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
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


def test_a_watcher_hears_of_each_event_while_the_run_runs(tmp_path: Path) -> None:
    heard: queue.Queue[str] = queue.Queue()

    def listen(event: dg.EventLogEntry, cursor: str) -> None:
        heard.put(event.user_message)

    with instance_at(tmp_path) as instance, told_run(tmp_path) as run:
        instance.watch_event_logs(run.run_id, instance.get_records_for_run(run.run_id).cursor, listen)
        for number in range(5):
            run.tell(f"event {number}")
            assert heard.get(timeout=60) == f"event {number}"


def test_a_watcher_that_fails_at_an_event_hears_of_the_next_and_of_none_after_its_end(tmp_path: Path) -> None:
    failing: queue.Queue[str] = queue.Queue()
    other: queue.Queue[str] = queue.Queue()

    def fail_at_first(event: dg.EventLogEntry, cursor: str) -> None:
        failing.put(event.user_message)
        if event.user_message == "first":
            raise RuntimeError("the page has gone away")

    def listen(event: dg.EventLogEntry, cursor: str) -> None:
        other.put(event.user_message)

    with instance_at(tmp_path) as instance, told_run(tmp_path) as run:
        started = instance.get_records_for_run(run.run_id).cursor
        for watcher in (fail_at_first, listen):
            instance.watch_event_logs(run.run_id, started, watcher)
        for line in ("first", "second"):
            run.tell(line)
            assert (failing.get(timeout=60), other.get(timeout=60)) == (line, line)
        instance.end_watch_event_logs(run.run_id, fail_at_first)
        for line in ("third", "fourth"):
            run.tell(line)
            assert other.get(timeout=60) == line
        assert failing.empty()
