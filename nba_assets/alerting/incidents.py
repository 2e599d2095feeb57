"""What failed becomes incidents, and incidents become few messages: no clock, no network, no Dagster.

A subject is what can fail and be solved: a check of an asset, an asset of a job. It fails for partitions; all that are
found at once are told in one message, and when none is left one message says that it is solved.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

REMIND_AFTER = 23 * 3600.0  # seconds; what fails each morning is told each morning, also when it fails a little earlier
TOO_OLD = 7 * 86400.0  # seconds; older failures are counted instead of told
LONGEST_WAIT = 3600.0  # seconds a message waits for the end of a backfill, so that it can name all its weeks
NAMED = 3  # partitions and subjects that a message names; the others it counts
LONGEST_REASON = 400  # characters


@dataclass(frozen=True)
class Observation:
    """A subject failed or passed, for one partition ("" for none), at a time in seconds since 1970.

    link: where in Dagit to look. backfill: id of the backfill that the run belongs to, or "".
    """

    subject: str
    partition: str
    failed: bool
    at: float
    reason: str = ""
    link: str = ""
    backfill: str = ""


class Incident(BaseModel):
    """A subject that fails: for which partitions, which of them are to be told, and what was last told when.

    untold: the backfill ("" for none) of each partition the next message names. left_out: partitions that failed too
    long ago to be told.
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
    """What a sensor keeps between its ticks: how far it has read, what is open, and messages not yet delivered."""

    read_up_to: int = 0
    incidents: dict[str, Incident] = {}
    outbox: list[str] = []

    def enter(self, sightings: Iterable[Observation], now: float) -> None:
        """Open, go on with or solve incidents, in the order in which things were seen."""
        for seen in sightings:
            if seen.failed:
                self._fail(seen, now)
            else:
                self._pass(seen)

    def write_messages(self, now: float, running: Callable[[str], bool]) -> None:
        """Put what is to be told into the outbox; `running` says of a backfill whether it may still add to it."""
        for subject, incident in self.incidents.items():
            waits = any(running(backfill) for backfill in set(incident.untold.values()) if backfill)
            if incident.untold and (not waits or now - incident.untold_since >= LONGEST_WAIT):
                self.outbox.append(_failed(subject, incident))
                incident.told, incident.untold = now, {}

    def write_left_out(self) -> None:
        """One message for all failures too old to be told; to be called when everything has been read."""
        old = {subject: incident for subject, incident in self.incidents.items() if incident.left_out}
        if old:
            count = sum(len(incident.left_out) for incident in old.values())
            self.outbox.append(
                f"LEFT OUT: what failed more than {TOO_OLD / 86400:.0f} days ago and is still open, {count} in all, of "
                f"{_named(list(old))}. Look at the asset checks and runs in Dagit."
            )
            for incident in old.values():
                incident.left_out = []

    def _fail(self, seen: Observation, now: float) -> None:
        incident = self.incidents.setdefault(seen.subject, Incident(opened=seen.at))
        known = seen.partition in incident.partitions
        if not known:
            incident.partitions.append(seen.partition)
        if now - seen.at > TOO_OLD:
            incident.left_out += [] if known else [seen.partition]
        elif not known or seen.at - incident.told >= REMIND_AFTER:
            if not incident.untold:
                incident.untold_since, incident.reason, incident.link = seen.at, seen.reason, seen.link
            incident.untold[seen.partition] = seen.backfill
            incident.left_out = [partition for partition in incident.left_out if partition != seen.partition]

    def _pass(self, seen: Observation) -> None:
        incident = self.incidents.get(seen.subject)
        if incident is None or seen.partition not in incident.partitions:
            return
        incident.partitions.remove(seen.partition)
        incident.untold.pop(seen.partition, None)
        incident.left_out = [partition for partition in incident.left_out if partition != seen.partition]
        if not incident.partitions:
            del self.incidents[seen.subject]
            if incident.told:
                self.outbox.append(
                    f"SOLVED: {_of(seen.subject, [seen.partition])} was the last to pass; failing since "
                    f"{dt.datetime.fromtimestamp(incident.opened, dt.UTC):%Y-%m-%d %H:%M} UTC.\n{seen.link}"
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
