"""Loads the upstream rows of a run, in one consistent state, and decides which of its weeks can be computed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg
import pandas as pd

from nba_assets.errors import WarehouseUnavailable
from nba_assets.partitions import WEEKS, weeks_as_ranges, weeks_of_keys
from nba_assets.tables import Table
from nba_assets.warehouse.interface import Reader, Warehouse
from nba_assets.weekly.history import run_that_executed
from nba_assets.weekly.publications import newest_publications, weeks_published_by

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds, for other runs to finish a write


@dataclass(frozen=True)
class Input:
    """An upstream table as an asset reads it.

    reads_up_to: None for the week itself; a number n for every week up to the one n weeks before it. required: a week
    that the table has not published is not computed. own: the table is the asset's own, as published before.
    """

    table: Table
    reads_up_to: int | None = None
    required: bool = True
    own: bool = False

    def weeks_read(self, weeks: Sequence[dt.date]) -> list[dt.date]:
        if self.reads_up_to is None:
            return list(weeks)
        last = max(weeks) - dt.timedelta(weeks=self.reads_up_to)
        return [week for week in weeks_of_keys(WEEKS.get_partition_keys()) if week <= last]


@dataclass(frozen=True)
class Loaded:
    """What a run's weeks are computed from.

    weeks: those that can be computed. frames: the rows read, by parameter. read_up_to: when the newest of these rows
    were published. refused: why weeks that upstream has published cannot be computed.
    """

    weeks: list[dt.date]
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    read_up_to: dt.datetime | None = None
    refused: Mapping[dt.date, str] = field(default_factory=dict)


def load(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    inputs: Mapping[str, Input],
    not_loaded: Collection[Input],
    weeks: Sequence[dt.date],
) -> Loaded:
    """The frames of `inputs`, and which of `weeks` can be computed from them and the `not_loaded` tables.

    An upstream table in this run must have published a week in this run; any other table in any run. A week is refused
    if a table lacks published rows of it, or of an earlier week that is read for it.
    """
    upstream = [each for each in (*inputs.values(), *not_loaded) if not each.own]
    if not upstream or not weeks:
        return Loaded(list(weeks))
    if not warehouse.is_there():
        _log_unpublished(context, upstream[0].table, weeks)
        return Loaded([])
    with warehouse.reading() as reader:
        recorded, frames = _read_together(reader, inputs, upstream, weeks)
        ready, refused = set(weeks), dict[dt.date, str]()
        for each in upstream:
            of_table = recorded[recorded["table_name"] == each.table.qualified_name]
            if each.required and each.reads_up_to in (None, 0):
                ready &= _published(context, reader, each.table, of_table, sorted(ready))
            refused |= _damaged(each, of_table, sorted(ready))
    newest = recorded["published_at"].max()
    read_up_to = None if pd.isna(newest) else newest.to_pydatetime()
    refused = {week: why for week, why in refused.items() if week in ready}
    return Loaded(sorted(ready - refused.keys()), frames, read_up_to, refused)


def _read_together(
    reader: Reader, inputs: Mapping[str, Input], upstream: Iterable[Input], weeks: Sequence[dt.date]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The newest publications and their rows, read again until no other run published in between.

    An incomplete publication is being written by another run, or was interrupted: only the waits can tell.
    """
    tables = list(dict.fromkeys(each.table for each in upstream))
    all_weeks = sorted({*weeks, *(week for each in upstream for week in each.weeks_read(weeks))})
    for wait in (*WAITS, 0.0):
        recorded = newest_publications(reader.query, tables, all_weeks)
        frames = {name: reader.read_weeks(each.table, each.weeks_read(weeks)) for name, each in inputs.items()}
        if reader.consistent:
            return recorded, frames
        unchanged = recorded.equals(newest_publications(reader.query, tables, all_weeks))
        if unchanged and (recorded["complete"].all() or not wait):
            return recorded, frames
        time.sleep(wait)
    raise WarehouseUnavailable(
        f"weeks {weeks[0]} to {weeks[-1]}: other runs published {', '.join(table.qualified_name for table in tables)} "
        f"during each of {len(WAITS) + 1} attempts to read them. Materialize again when those runs have ended"
    )


def _published(
    context: dg.AssetExecutionContext, reader: Reader, table: Table, recorded: pd.DataFrame, weeks: Sequence[dt.date]
) -> set[dt.date]:
    """The weeks that the table has published: in this run if the table is part of it, else in any run."""
    published = set(recorded["week"])
    if table.asset_key in context.job_def.asset_layer.executable_asset_keys and weeks:
        run_id = run_that_executed(context.instance, context.run, table.asset_key)
        published &= weeks_published_by(reader.query, run_id, table, weeks)
    missing = sorted(set(weeks) - published)
    if missing:
        _log_unpublished(context, table, missing)
    return set(weeks) - set(missing)


def _log_unpublished(context: dg.AssetExecutionContext, table: Table, weeks: Sequence[dt.date]) -> None:
    context.log.error(
        f"{len(weeks)} weeks are not computed because {table.qualified_name} did not publish them: "
        f"{', '.join(weeks_as_ranges(weeks))}. Materialize them upstream first; nothing was changed."
    )


def _damaged(upstream: Input, recorded: pd.DataFrame, weeks: Sequence[dt.date]) -> dict[dt.date, str]:
    """Why weeks cannot be computed: each reads a week whose published rows are not all in the table."""
    damaged = recorded[~recorded["intact"]]
    if damaged.empty:
        return {}
    first = damaged.iloc[0]
    why = (
        f"{upstream.table.qualified_name} does not hold what was published: week {first['week']} has "
        f"{first['stored_rows']} rows of {first['row_count']}"
        f"{'' if first['complete'] else ', and writing it was interrupted'}. Did another program change the "
        f"warehouse? Materialize {', '.join(weeks_as_ranges(damaged['week']))} of it first"
    )
    if upstream.reads_up_to is None:
        return {week: why for week in weeks if week in set(damaged["week"])}
    return {week: why for week in weeks if first["week"] in upstream.weeks_read([week])}
