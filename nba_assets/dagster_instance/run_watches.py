"""Who watches which run: a page of Dagit that shows a run hears of each new event within half a second."""

import logging
import threading
from collections.abc import Callable

import dagster as dg
from dagster._core.storage.event_log.base import EventLogCursor, EventLogStorage

EVERY = 0.5  # seconds between two looks at the log of a watched run

Callback = Callable[[dg.EventLogEntry, str], object]


class RunWatches:
    """Asks the log itself for what is new, in a thread for each watcher.

    Dagster's own watcher waits for changes of a run's database file. With connections kept open those come when the
    run has ended: until then its events are in the write-ahead log beside that file.
    """

    def __init__(self, log: EventLogStorage):
        self._log = log
        self._ends: dict[tuple[str, Callback], threading.Event] = {}

    def start(self, run_id: str, cursor: str | None, callback: Callback) -> None:
        """Call `callback` with each event of the run after `cursor`, and with the cursor of that event."""
        ended = self._ends[run_id, callback] = threading.Event()
        follow = threading.Thread(target=self._follow, args=(run_id, cursor, callback, ended), daemon=True)
        follow.start()

    def end(self, run_id: str, callback: Callback) -> None:
        ended = self._ends.pop((run_id, callback), None)
        if ended:
            ended.set()

    def end_all(self) -> None:
        for run_id, callback in list(self._ends):
            self.end(run_id, callback)

    def _follow(self, run_id: str, cursor: str | None, callback: Callback, ended: threading.Event) -> None:
        while not ended.wait(EVERY):
            try:
                for record in self._log.get_records_for_run(run_id, cursor).records:
                    cursor = EventLogCursor.from_storage_id(record.storage_id).to_string()
                    callback(record.event_log_entry, cursor)
            except Exception:  # a page that hears nothing of one event must hear of the next
                logging.exception("run %s: its watcher could not be told of an event", run_id)
