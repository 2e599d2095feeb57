"""Dagster's SQLite event log with connections kept open: one run of all weeks writes thousands of events.

Dagster opens and closes a connection for every event, and each close folds the write-ahead log back into the file.
Kept open, with a sync at checkpoints instead of at every commit, an event costs a fraction (docs/figures.md). A killed
process still loses nothing; only a power cut could lose the last moments of the log, never of the warehouse.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

from nba_assets.dagster_instance.run_watches import Callback, RunWatches

BUSY_TIMEOUT = 60.0  # seconds a writer waits for another process's transaction
OPEN_SHARDS = 16  # the index and the logs of the runs used last; older ones are closed


class LocalEventLog(SqliteEventLogStorage):
    """Drop-in for `SqliteEventLogStorage`: same files, same configuration."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None):
        self._engines: dict[str, sqlalchemy.Engine] = {}
        self._engines_lock = threading.Lock()
        self._run_watches = RunWatches(self)
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

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
