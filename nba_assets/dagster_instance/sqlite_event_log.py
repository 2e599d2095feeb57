"""Dagster's SQLite event log for runs of all weeks, which write thousands of events.

Dagster opens and closes a connection for every event, and each close folds the write-ahead log back into the file.
Kept open, with a sync at checkpoints instead of at every commit, an event costs a fraction (docs/figures.md). A killed
process still loses nothing; only a power cut could lose the last moments of the log, never of the warehouse.

Events that are there at once are written at once: a transaction in the run's log and one in the index.
"""

import functools
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import dagster as dg
import sqlalchemy
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import ConfigurableClassData

from nba_assets.dagster_instance.check_executions import check_rows, insert_or_update
from nba_assets.dagster_instance.pools import PoolClaims
from nba_assets.dagster_instance.run_watches import Callback, RunWatches

BUSY_TIMEOUT = 60.0  # seconds a writer waits for another process's transaction
OPEN_SHARDS = 16  # the index and the logs of the runs used last; older ones are closed
IN_THE_INDEX = {*ASSET_EVENTS, *ASSET_CHECK_EVENTS, *EVENT_TYPE_TO_PIPELINE_RUN_STATUS}


class _OfThread(threading.local):
    """What a thread is in the middle of: events to be written together, the connections of one transaction."""

    waiting: list[dg.EventLogEntry] | None = None
    joined: dict[str, sqlalchemy.Connection] | None = None


class LocalEventLog(PoolClaims, SqliteEventLogStorage):
    """Drop-in for `SqliteEventLogStorage`: same files, same rows, same configuration."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._engines_lock = threading.Lock()
        self._run_watches = RunWatches(self)
        self._thread = _OfThread()
        self._known: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write the events that this thread stores inside the block at its end, also when that is an error.

        For a few lines that do nothing else: of what they store, nobody hears before.
        """
        events = self._thread.waiting = []
        try:
            yield
        finally:
            self._thread.waiting = None
            self.store_event_batch(events)

    def store_event(self, event: dg.EventLogEntry) -> None:
        if self._thread.waiting is None:
            self.store_event_batch([event])
        else:
            self._thread.waiting.append(event)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        for run_id, group in itertools.groupby(events, key=lambda event: event.run_id):
            of_run = list(group)
            rows = [self._event_to_row(event) for event in of_run]
            indexed = [pair for pair in zip(of_run, rows, strict=True) if pair[0].dagster_event_type in IN_THE_INDEX]
            with self._one_transaction():
                with self.run_connection(run_id) as log:
                    log.execute(SqlEventLogStorageTable.insert(), rows)
                if indexed:
                    self._store_in_index(*zip(*indexed, strict=True))

    def _store_in_index(self, events: Sequence[dg.EventLogEntry], rows: Sequence[dict[str, Any]]) -> None:
        """What the index keeps of them: the events, of each asset its newest ones, the state of each check."""
        identified = SqlEventLogStorageTable.insert().returning(
            SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
        )
        newest, of_checks = {}, []
        with self.index_connection() as index:
            stored = list(zip(events, rows, index.execute(identified, rows).scalars(), strict=True))
            for event, row, storage_id in stored:
                if event.dagster_event_type in ASSET_EVENTS:
                    newest[row["dagster_event_type"], row["asset_key"]] = (event, storage_id)
                    self._store_asset_event_tags(index, [event], [storage_id])
                elif event.dagster_event_type in ASSET_CHECK_EVENTS:
                    of_weeks = check_rows(event, row, storage_id)
                    of_checks += of_weeks
                    if not of_weeks:
                        self.store_asset_check_event(event, storage_id)
            for event, storage_id in newest.values():
                self._store_asset_event(index, event, storage_id)
            if of_checks:
                index.execute(insert_or_update(), of_checks)

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """All that this thread does inside the block is one transaction a file, committed in the order of first use."""
        with self._db_lock:
            connections = self._thread.joined = {}
            try:
                yield
                for connection in connections.values():
                    connection.commit()
            finally:
                self._thread.joined = None
                for connection in connections.values():
                    connection.close()  # which undoes what was not committed

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        joined = self._thread.joined
        if joined is None:
            with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
                yield connection
            return
        if shard not in joined:
            joined[shard] = self._engine(shard).connect()
            joined[shard].begin()
        yield joined[shard]

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        with self._engines_lock:
            if shard not in self._engines:
                engine = sqlalchemy.create_engine(
                    self.conn_string_for_shard(shard),
                    poolclass=sqlalchemy.pool.QueuePool,
                    pool_size=1,
                    connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False},
                )
                sqlalchemy.event.listen(engine, "connect", _sync_at_checkpoints)
                self._initdb(engine)
                self._engines[shard] = engine
                for oldest in list(self._engines)[1:-OPEN_SHARDS]:
                    self._engines.pop(oldest).dispose()
            return self._engines[shard]

    def has_table(self, table_name: str) -> bool:
        return self._is_known(table_name, super().has_table)

    def _has_asset_key_col_on_connection(self, conn: sqlalchemy.Connection, column_name: str) -> bool:
        return self._is_known(column_name, functools.partial(super()._has_asset_key_col_on_connection, conn))

    def _is_known(self, name: str, found: Callable[[str], bool]) -> bool:
        """Whether the table or column is there; asked again only where it is not, because a migration may add it."""
        if name not in self._known and found(name):
            self._known.add(name)
        return name in self._known

    def watch(self, run_id: str, cursor: str | None, callback: Callback) -> None:
        self._run_watches.start(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Callback) -> None:
        self._run_watches.end(run_id, handler)

    def dispose(self) -> None:
        self._run_watches.end_all()
        for engine in self._engines.values():
            engine.dispose()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
