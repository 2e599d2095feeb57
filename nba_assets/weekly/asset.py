"""`weekly_asset`: from a plain function of frames to a partitioned asset that audits what it publishes."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import dagster as dg
import pandas as pd

from nba_assets.checks.audit import check_specs
from nba_assets.errors import BadRow
from nba_assets.partitions import BACKFILL_POLICY, WEEKS, weeks_of_keys
from nba_assets.tables import WEEKLY_TABLES, Table
from nba_assets.tables.asset_keys import group_of
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.events import newest_materializations, week_events, weeks_published_by
from nba_assets.weekly.publish import WeeklyRows, publish

OWNERS = ["team:nba-data"]
TABLES = {table.name: table for table in WEEKLY_TABLES}
WAREHOUSE_PARAMETER = inspect.Parameter(
    "warehouse", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=dg.ResourceParam[Warehouse]
)
Transform = Callable[..., pd.DataFrame | WeeklyRows]

SameWeek = pd.DataFrame
"""Parameter type: an upstream table's rows of the run's weeks; a week it did not publish is not computed."""
OptionalSameWeek = Annotated[pd.DataFrame, "if published"]
"""Like SameWeek, but a week is computed also without rows of it."""
AllWeeksUpTo = Annotated[pd.DataFrame, "history"]
"""Like SameWeek, with every earlier week's rows too."""

OptionalAllWeeksUpTo = Annotated[pd.DataFrame, "history if published"]
"""Like AllWeeksUpTo, but a week is computed also without rows of it."""

FRAMES = (SameWeek, OptionalSameWeek, AllWeeksUpTo, OptionalAllWeeksUpTo)
NOTHING_PUBLISHED = "nothing published by"
"""Metadata of the failure of a step that had no week to compute: the upstream tables."""
UP_TO_THE_WEEK = dg.TimeWindowPartitionMapping(start_offset=-1000, allow_nonexistent_upstream_partitions=True)


def weekly_asset(
    table: Table,
    *,
    code_version: str,
    kinds: set[str],
    deps: Sequence[Table] = (),
    deps_if_published: Sequence[Table] = (),
    ins: Mapping[str, dg.AssetIn] | None = None,
) -> Callable[[Transform], dg.AssetsDefinition]:
    """Make `table`'s asset of a function that returns its rows for all weeks of a run.

    The function takes upstream frames by the upstream table's name, typed SameWeek, AllWeeksUpTo or optional; `weeks`,
    resources or `context` if it wants them; and what is not a table through `ins`. `deps` are upstream tables that it
    reads by itself. Weeks that an upstream asset never published, or refused in this run, are not published unless the
    table is only wanted if published. A BadRow it raises costs only the week that holds the row.
    """

    def decorate(transform: Transform) -> dg.AssetsDefinition:
        parameters = inspect.signature(transform).parameters
        upstream = {name: TABLES[name] for name in parameters if parameters[name].annotation in FRAMES}
        histories = {name for name in upstream if parameters[name].annotation in (AllWeeksUpTo, OptionalAllWeeksUpTo)}
        required = [upstream[name] for name in upstream if parameters[name].annotation in (SameWeek, AllWeeksUpTo)]

        @functools.wraps(transform)
        def publish_weeks(*args: Any, **kwargs: Any) -> Iterator[Any]:
            context = dg.AssetExecutionContext.get()
            read = {upstream[name]: kwargs[name] for name in upstream}
            weeks = weeks_to_publish(context, (*required, *deps), read)
            if context.retry_number:
                weeks = sorted(set(weeks) - evaluated_weeks(context, table))
            warehouse = kwargs["warehouse"] if "warehouse" in parameters else kwargs.pop("warehouse")
            frames = {name: kwargs.pop(name) for name in upstream if name not in histories}
            compute = functools.partial(transform, *args, **kwargs)
            with retries.expected_failures(context):
                rows = _compute(compute, frames, weeks, "weeks" in parameters)
                results = publish(warehouse, table, rows, weeks)
            again = [week for week in weeks if week in rows.retryable] if retries.may_try_again(context) else []
            results = [result for result in results if result.week not in again]
            stored = [result for result in results if result.published]
            context.log.info(
                f"{table.qualified_name}: {len(stored)} of {len(context.partition_keys)} weeks published, "
                f"{sum(result.row_count for result in stored):,} rows"
            )
            for event in week_events(context, table, results):
                if not (again and isinstance(event, dg.Output)):  # the step is not done while weeks are tried again
                    yield event
            for result in results:
                if not result.published and result.week not in rows.failures:
                    rows.quarantine(result.week)
            if again:
                raise retries.try_again(context) from dg.Failure(
                    f"{len(again)} weeks are tried again; the first failed because of {rows.failures[again[0]]}"
                )

        given = {
            name: parameter.replace(annotation=pd.DataFrame) if name in upstream else parameter
            for name, parameter in parameters.items()
            if name != "weeks"
        }
        given.setdefault("warehouse", WAREHOUSE_PARAMETER)
        publish_weeks.__annotations__ = {name: parameter.annotation for name, parameter in given.items()}
        publish_weeks.__dict__["__signature__"] = inspect.Signature(list(given.values()))
        tables_in = {
            name: dg.AssetIn(upstream[name].asset_key, partition_mapping=UP_TO_THE_WEEK if name in histories else None)
            for name in upstream
        }
        return dg.asset(
            key=table.asset_key,
            ins={**tables_in, **(ins or {})},
            deps=[dep.asset_key for dep in (*deps, *deps_if_published)],
            description=f"{table.description}\n\n{inspect.getdoc(transform) or ''}".strip(),
            group_name=group_of(table.asset_key),
            owners=OWNERS,
            kinds=kinds,
            code_version=code_version,
            partitions_def=WEEKS,
            backfill_policy=BACKFILL_POLICY,
            check_specs=check_specs(table),
            pool=table.name,
            metadata={"dagster/column_schema": table.column_schema, "dagster/table_name": table.qualified_name},
        )(publish_weeks)

    return decorate


def weeks_to_publish(
    context: dg.AssetExecutionContext, upstream: Sequence[Table], read: Mapping[Table, pd.DataFrame]
) -> list[dt.date]:
    """The run's weeks that every upstream table has published: in this run if it is part of it, or ever.

    read: the rows that were read of upstream tables. A week of fewer or more rows than were published is left out: the
    file was replaced, or what Dagster remembers is of another warehouse. Raises Failure when no week is left.
    """
    asked = weeks_of_keys(context.partition_keys)
    ready = set(asked)
    for table in upstream:
        newest = newest_materializations(context.instance, table.asset_key, asked)
        in_this_run = table.asset_key in context.job_def.asset_layer.executable_asset_keys
        published = (
            weeks_published_by(context.instance, context.run, table.asset_key, newest) if in_this_run else set(newest)
        )
        missing = sorted(ready - published)
        if missing:
            context.log.error(
                f"not computed for {len(missing)} weeks because {table.qualified_name} did not publish them: "
                f"{', '.join(map(str, missing[:10]))}{' and more' if len(missing) > 10 else ''}"
            )
        ready &= published
        if table in read:
            counts = read[table].groupby("week").size().to_dict()
            row_counts = {week: _rows_published(newest[week]) for week in sorted(ready)}
            changed = [week for week in row_counts if counts.get(week, 0) != row_counts[week]]
            if changed:
                context.log.error(
                    f"not computed for {len(changed)} weeks because {table.qualified_name} does not hold what was "
                    f"published: week {changed[0]} has {counts.get(changed[0], 0)} rows of {row_counts[changed[0]]}. "
                    "Was the warehouse or the source changed? Materialize these weeks upstream first."
                )
            ready -= set(changed)
    if not ready:
        names = ", ".join(table.qualified_name for table in upstream)
        raise dg.Failure(
            f"weeks {asked[0]} to {asked[-1]}: nothing to compute from, because {names} has published none of them, or "
            "does not hold what was published. "
            "Materialize the upstream weeks first; nothing was changed.",
            metadata={NOTHING_PUBLISHED: names},
            allow_retries=False,
        )
    return sorted(ready)


def _rows_published(record: dg.EventLogRecord) -> int:
    rows = record.asset_materialization.metadata["rows"].value if record.asset_materialization else None
    return rows if isinstance(rows, int) else 0


def evaluated_weeks(context: dg.AssetExecutionContext, table: Table) -> set[dt.date]:
    """The weeks that an earlier try of this step has published or refused."""
    entries = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [entry.dagster_event.asset_check_evaluation_data for entry in entries if entry.dagster_event]
    keys = [each.partition for each in evaluations if each.asset_key == table.asset_key and each.partition]
    return set(weeks_of_keys(keys))


def _compute(
    transform: Transform, frames: Mapping[str, pd.DataFrame], weeks: Sequence[dt.date], wants_weeks: bool
) -> WeeklyRows:
    """The rows of all weeks at once, or week by week when one of them holds a row that cannot be computed with."""

    def of(chosen: Sequence[dt.date]) -> WeeklyRows:
        parts = {name: frame.loc[frame["week"].isin(chosen)].reset_index(drop=True) for name, frame in frames.items()}
        rows = transform(**parts, weeks=chosen) if wants_weeks else transform(**parts)
        return rows if isinstance(rows, WeeklyRows) else WeeklyRows(rows)

    try:
        return of(weeks)
    except BadRow:
        good: list[WeeklyRows] = []
        failures: dict[dt.date, str] = {}
    for week in weeks:
        try:
            good.append(of([week]))
        except BadRow as error:
            failures[week] = str(error)
    frame = pd.concat([rows.frame for rows in good], ignore_index=True) if good else of([]).frame
    names = {name for rows in good for name in rows.measured}
    measured = {name: pd.concat([rows.measured[name] for rows in good], ignore_index=True) for name in names}
    return WeeklyRows(frame, failures, measured=measured)
