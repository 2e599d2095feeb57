"""Which weeks of a run can be computed, and the upstream rows to compute them from, as they belong together."""

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

WAITS = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds for other runs to end what they are writing just now


@dataclass(frozen=True)
class Input:
    """An upstream table as an asset's function wants it.

    reads_up_to: the newest week it reads for a week, in weeks before it; None: only the week itself. required: a week
    that the table has not published is not computed.
    """

    table: Table
    reads_up_to: int | None = None
    required: bool = True

    def weeks_read(self, weeks: Sequence[dt.date]) -> list[dt.date]:
        if self.reads_up_to is None:
            return list(weeks)
        last = max(weeks) - dt.timedelta(weeks=self.reads_up_to)
        return [week for week in weeks_of_keys(WEEKS.get_partition_keys()) if week <= last]


@dataclass(frozen=True)
class Loaded:
    """What a run's weeks are computed from.

    weeks: those that can be computed. frames: by parameter, the rows read. read_up_to: when the newest of them was
    published. refused: why a week cannot be computed although upstream has published it.
    """

    weeks: list[dt.date]
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    read_up_to: dt.datetime | None = None
    refused: Mapping[dt.date, str] = field(default_factory=dict)


def load(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    inputs: Mapping[str, Input],
    unread: Collection[Input],
    weeks: Sequence[dt.date],
) -> Loaded:
    """The upstream frames of `inputs`, and those of `weeks` that they, and the `unread` ones, have published.

    An upstream table that is part of this run must have published a week in this run, any other one ever. A week is
    refused where a table does not hold what was published of it, or of a week before it that is read too.
    """
    upstream = [*inputs.values(), *unread]
    if not upstream or not weeks:
        return Loaded(list(weeks))
    if not warehouse.is_there():
        _say_missing(context, upstream[0].table, weeks)
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
    """The newest publications and the rows that they published, with none of another run in between.

    One that is not complete is being written by another run, or was interrupted: it is waited for before it counts.
    """
    tables = list(dict.fromkeys(each.table for each in upstream))
    asked = sorted({*weeks, *(week for each in upstream for week in each.weeks_read(weeks))})
    for wait in (*WAITS, 0.0):
        recorded = newest_publications(reader.query, tables, asked)
        frames = {name: reader.read_weeks(each.table, each.weeks_read(weeks)) for name, each in inputs.items()}
        if reader.consistent:
            return recorded, frames
        unchanged = recorded.equals(newest_publications(reader.query, tables, asked))
        if unchanged and (recorded["complete"].all() or not wait):
            return recorded, frames
        time.sleep(wait)
    raise WarehouseUnavailable(
        f"weeks {weeks[0]} to {weeks[-1]}: other runs published {', '.join(table.qualified_name for table in tables)} "
        f"each of the {len(WAITS) + 1} times they were read. Materialize again when those runs have ended"
    )


def _published(
    context: dg.AssetExecutionContext, reader: Reader, table: Table, recorded: pd.DataFrame, weeks: Sequence[dt.date]
) -> set[dt.date]:
    """Those of the weeks that the table has published: in this run if it is part of it, or ever."""
    published = set(recorded["week"])
    if table.asset_key in context.job_def.asset_layer.executable_asset_keys and weeks:
        run_id = run_that_executed(context.instance, context.run, table.asset_key)
        published &= weeks_published_by(reader.query, run_id, table, weeks)
    missing = sorted(set(weeks) - published)
    if missing:
        _say_missing(context, table, missing)
    return set(weeks) - set(missing)


def _say_missing(context: dg.AssetExecutionContext, table: Table, weeks: Sequence[dt.date]) -> None:
    context.log.error(
        f"not computed for {len(weeks)} weeks because {table.qualified_name} did not publish them: "
        f"{', '.join(weeks_as_ranges(weeks))}. Materialize them upstream first; nothing was changed."
    )


def _damaged(upstream: Input, recorded: pd.DataFrame, weeks: Sequence[dt.date]) -> dict[dt.date, str]:
    """Why a week cannot be computed: it reads one of which the table does not hold what was published."""
    damaged = recorded[~recorded["intact"]]
    if damaged.empty:
        return {}
    first = damaged.iloc[0]
    why = (
        f"{upstream.table.qualified_name} does not hold what was published: week {first['week']} has "
        f"{first['stored_rows']} rows of {first['row_count']}"
        f"{'' if first['complete'] else ', and writing it was interrupted'}. Was the warehouse changed by another "
        f"program? Materialize {', '.join(weeks_as_ranges(damaged['week']))} of it first"
    )
    if upstream.reads_up_to is None:
        return {week: why for week in weeks if week in set(damaged["week"])}
    return {week: why for week in weeks if first["week"] in upstream.weeks_read([week])}
