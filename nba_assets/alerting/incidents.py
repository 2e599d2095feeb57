"""Groups failures into incidents and incidents into few messages: no clock, no network, no Dagster.

A subject is a check of an asset or an asset of a job. It fails for partitions. Partitions found together share one
message, and one more message is sent when all of them pass again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

REMIND_AFTER = 23 * 3600.0  # seconds; under a day, so that a daily failure is reported daily even if it comes earlier
TOO_OLD = 7 * 86400.0  # seconds; older failures are only counted
LONGEST_WAIT = 3600.0  # seconds that a message waits for a backfill to end, to name all its weeks
NAMED = 3  # partitions or subjects named in a message; the rest are counted
LONGEST_REASON = 400  # characters


@dataclass(frozen=True)
class Observation:
    """A subject failed or passed for one partition ("" for none) at a time in seconds since 1970.

    link: address in Dagit. backfill: id of the run's backfill, or "".
    """

    subject: str
    partition: str
    failed: bool
    at: float
    reason: str = ""
    link: str = ""
    backfill: str = ""


class Incident(BaseModel):
    """A failing subject. The field names are stored in the sensors' cursors.

    opened: time of the first failure. partitions: those that fail now. untold: partitions that the next message
    reports, each with its backfill ("" for none). untold_since: time of the first of them. left_out: partitions that
    failed too long ago to be reported. told: time of the last message, 0 for none. reason, link: for the next message.
    """

    opened: float
    partitions: list[str] = []
    untold: dict[str, str] = {}
    untold_since: float = 0.0
    left_out: list[str] = []
    told: float = 0.0
    reason: str = ""
    link: str = ""


class AlertState(BaseModel):
    """A sensor's state between ticks: the last event read, open incidents, and messages not yet delivered."""

    read_up_to: int = 0
    incidents: dict[str, Incident] = {}
    outbox: list[str] = []

    def update(self, observations: Iterable[Observation], now: float) -> None:
        """Open, continue or solve incidents, in the order of the observations."""
        for observation in observations:
            if observation.failed:
                self._fail(observation, now)
            else:
                self._pass(observation)

    def write_messages(self, now: float, running: Callable[[str], bool]) -> None:
        """Write the messages that are due; `running` tells whether a backfill may still add partitions to one."""
        for subject, incident in self.incidents.items():
            waits = any(running(backfill) for backfill in set(incident.untold.values()) if backfill)
            if incident.untold and (not waits or now - incident.untold_since >= LONGEST_WAIT):
                self.outbox.append(_failed(subject, incident))
                incident.told, incident.untold = now, {}

    def write_left_out(self) -> None:
        """One message for all failures that are too old; to be called once all events are read."""
        old = {subject: incident for subject, incident in self.incidents.items() if incident.left_out}
        if old:
            count = sum(len(incident.left_out) for incident in old.values())
            self.outbox.append(
                f"LEFT OUT: {count} failure{'s' if count > 1 else ''} from more than {TOO_OLD / 86400:.0f} days ago, "
                f"still open, of {_named(list(old))}. Look at the asset checks and runs in Dagit."
            )
            for incident in old.values():
                incident.left_out = []

    def _fail(self, failure: Observation, now: float) -> None:
        incident = self.incidents.setdefault(failure.subject, Incident(opened=failure.at))
        partition = failure.partition
        known = partition in incident.partitions
        if not known:
            incident.partitions.append(partition)
        if now - failure.at > TOO_OLD:
            incident.left_out += [] if known else [partition]
        elif not known or failure.at - incident.told >= REMIND_AFTER:
            if not incident.untold:
                incident.untold_since, incident.reason, incident.link = failure.at, failure.reason, failure.link
            incident.untold[partition] = failure.backfill
            incident.left_out = [other for other in incident.left_out if other != partition]

    def _pass(self, success: Observation) -> None:
        incident = self.incidents.get(success.subject)
        partition = success.partition
        if incident is None or partition not in incident.partitions:
            return
        incident.partitions.remove(partition)
        incident.untold.pop(partition, None)
        incident.left_out = [other for other in incident.left_out if other != partition]
        if not incident.partitions:
            del self.incidents[success.subject]
            if incident.told:
                self.outbox.append(
                    f"SOLVED: {_of(success.subject, [partition])} was the last to pass; failing since "
                    f"{dt.datetime.fromtimestamp(incident.opened, dt.UTC):%Y-%m-%d %H:%M} UTC.\n{success.link}"
                )


def _failed(subject: str, incident: Incident) -> str:
    untold, in_all = list(incident.untold), len(incident.partitions)
    what = _of(subject, untold) + (f" (now {in_all} in all)" if in_all > len(untold) else "")
    why = (f"{untold[0]}: " if len(untold) > 1 else "") + _shortened(incident.reason)
    return f"{'STILL FAILING' if incident.told else 'FAILED'}: {what}. {why}\n{incident.link}"


def _of(subject: str, partitions: Sequence[str]) -> str:
    if not any(partitions):
        return subject
    kind = "week" if re.fullmatch(r"\d{4}-\d\d-\d\d", partitions[0]) else "partition"
    return f"{subject}, {f'{len(partitions)} {kind}s:' if len(partitions) > 1 else kind} {_named(partitions)}"


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"
