"""`weekly_asset` turns a plain function of frames into a partitioned asset that audits its rows before publishing."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

import dagster as dg
import pandas as pd

from nba_assets.checks.audit import check_specs
from nba_assets.partitions import BACKFILL_POLICY, WEEKS, weeks_of_keys
from nba_assets.tables import QUARANTINE_OF, WEEKLY_TABLES, Table
from nba_assets.tables.asset_keys import group_of
from nba_assets.warehouse.interface import Publication, Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.compute import Transform, compute, failure_reason
from nba_assets.weekly.events import log_quarantine, week_events
from nba_assets.weekly.history import evaluated_weeks
from nba_assets.weekly.load import Input, load
from nba_assets.weekly.publish import WeeklyRows, WeekResult, audited, store_quarantine

OWNERS = ["team:nba-data"]
WAREHOUSE_PARAMETER = inspect.Parameter(
    "warehouse", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=dg.ResourceParam[Warehouse]
)

SameWeek = pd.DataFrame
"""Parameter type: the upstream table's rows of the run's weeks; a week that it did not publish is not computed."""
OptionalSameWeek = Annotated[pd.DataFrame, "optional"]
"""Like SameWeek, but a week that upstream did not publish is computed too, without its rows."""
AllWeeksUpTo = Annotated[pd.DataFrame, "up to the week"]
"""Like SameWeek, plus the rows of every earlier week."""
OptionalAllWeeksUpTo = Annotated[pd.DataFrame, "up to the week, optional"]
"""Like AllWeeksUpTo, but a week that upstream did not publish is computed too, without its rows."""
AllWeeksBefore = Annotated[pd.DataFrame, "before the week"]
"""The rows of every week before the run's newest week; for each week the function must leave out the later ones."""

StoredRows = Annotated[pd.DataFrame, "stored"]
"""The rows that the asset's own table has of the run's weeks; the parameter is called `stored`."""

READS: tuple[tuple[Any, tuple[int | None, bool]], ...] = (
    (SameWeek, (None, True)),
    (OptionalSameWeek, (None, False)),
    (AllWeeksUpTo, (0, True)),
    (OptionalAllWeeksUpTo, (0, False)),
    (AllWeeksBefore, (1, True)),
)
TABLES_BY_NAME = {table.name: table for table in WEEKLY_TABLES}
# The whole history, plus two years that a server may keep running; Dagster iterates over all of them.
WEEKS_BACK = len(WEEKS.get_partition_keys()) + 104


@dataclass(frozen=True)
class WeeklyStep:
    """The step of a weekly asset. `not_loaded`: upstream tables whose rows are not loaded for the function."""

    table: Table
    code_version: str
    transform: Transform
    inputs: dict[str, Input]
    not_loaded: list[Input]
    takes_weeks: bool

    def run(self, context: dg.AssetExecutionContext, warehouse: Warehouse, arguments: dict[str, Any]) -> Iterator[Any]:
        """Publish the run's weeks and report each to Dagster; a refused week does not fail the step."""
        weeks = weeks_of_keys(context.partition_keys)
        if context.retry_number:
            weeks = sorted(set(weeks) - evaluated_weeks(context.instance, context.run, self.table))
        nothing = pd.DataFrame(columns=self.table.column_names)
        try:
            loaded = load(context, warehouse, self.inputs, self.not_loaded, weeks)
            transform = functools.partial(self.transform, **arguments)
            rows = compute(context, self.table, transform, self.inputs, loaded, self.takes_weeks)
            rows = replace(rows, failures={**rows.failures, **loaded.refused})
            publication = Publication(context.run.run_id, self.code_version, loaded.read_up_to)
            if rows.quarantined is not None:
                computed = [week for week in loaded.weeks if week not in rows.failures]
                kept = store_quarantine(warehouse, self.table, rows.quarantined, computed, publication)
                log_quarantine(context, QUARANTINE_OF[self.table.name], kept)
            with audited(warehouse, self.table, rows, [*loaded.weeks, *loaded.refused]) as audit:
                results = audit.publish(publication)
        except (dg.Failure, dg.RetryRequested):
            raise
        except Exception as error:
            retries.retry_if_transient(context, error)
            rows = WeeklyRows(nothing, dict.fromkeys(weeks, failure_reason(context, error)))
            with audited(warehouse, self.table, rows, weeks) as audit:
                results = audit.publish(Publication())
        yield from self.record(context, rows, results)

    def record(
        self, context: dg.AssetExecutionContext, rows: WeeklyRows, results: Sequence[WeekResult]
    ) -> Iterator[Any]:
        """Report the result of each week to Dagster, except of weeks that are retried; then request their retry."""
        can_retry = retries.can_retry(context)
        retried = [result.week for result in results if can_retry and result.week in rows.retryable]
        final = [result for result in results if result.week not in retried]
        stored = [result for result in final if result.published]
        context.log.info(
            f"{self.table.qualified_name}: {len(stored)} of {len(context.partition_keys)} weeks published, "
            f"{sum(result.row_count for result in stored):,} rows"
        )
        for event in week_events(context, self.table, self.code_version, final):
            if not (retried and isinstance(event, dg.Output)):  # outputs would mark the step as done
                yield event
        for result in final:
            if not result.published and result.week not in rows.failures:
                rows.quarantine(result.week)
        if retried:
            raise retries.retry_request(context) from dg.Failure(
                f"{len(retried)} weeks are retried; week {retried[0]} failed: {rows.failures[retried[0]]}"
            )


def weekly_asset(
    table: Table,
    *,
    code_version: str,
    kinds: set[str],
    deps: Sequence[Table] = (),
    deps_if_published: Sequence[Table] = (),
) -> Callable[[Transform], dg.AssetsDefinition]:
    """Decorate a function that returns the rows of all weeks of a run: it becomes the asset of `table`.

    Its parameters are upstream frames, each named like its table and typed SameWeek, AllWeeksUpTo and so on, and
    optionally `weeks`, `context`, resources and configuration. `deps` are upstream tables that it queries itself. A
    week that a required upstream table never published, or refused in this run, is not published.
    """

    def decorate(transform: Transform) -> dg.AssetsDefinition:
        parameters = inspect.signature(transform).parameters
        inputs = {name: each for name in parameters if (each := _input(table, name, parameters[name].annotation))}
        not_loaded = [*(Input(dep) for dep in deps), *(Input(dep, required=False) for dep in deps_if_published)]
        step = WeeklyStep(table, version(table, code_version), transform, inputs, not_loaded, "weeks" in parameters)

        @functools.wraps(transform)
        def publish_weeks(**given: Any) -> Iterator[Any]:
            context = dg.AssetExecutionContext.get()
            available = {"context": context, **given}
            arguments = {name: available[name] for name in parameters if name in available}
            yield from step.run(context, given["warehouse"], arguments)

        not_resources = {*inputs, "weeks", "context"}
        resources = {name: each for name, each in parameters.items() if name not in not_resources}
        resources.setdefault("warehouse", WAREHOUSE_PARAMETER)
        publish_weeks.__annotations__ = {name: parameter.annotation for name, parameter in resources.items()}
        publish_weeks.__dict__["__signature__"] = inspect.Signature(list(resources.values()))
        return dg.asset(
            key=table.asset_key,
            deps=[_dependency(each) for each in (*inputs.values(), *not_loaded) if not each.own],
            description=f"{table.description}\n\n{inspect.getdoc(transform) or ''}".strip(),
            group_name=group_of(table.asset_key),
            owners=OWNERS,
            kinds=kinds,
            code_version=step.code_version,
            partitions_def=WEEKS,
            backfill_policy=BACKFILL_POLICY,
            check_specs=check_specs(table),
            dagster_type=cast("dg.DagsterType", dg.Nothing),  # no IO manager: the step publishes its rows
            pool=table.name,
            metadata={"dagster/column_schema": table.column_schema, "dagster/table_name": table.qualified_name},
        )(publish_weeks)

    return decorate


def version(table: Table, code_version: str) -> str:
    """The version of the code and of the declared columns: weeks without a new column count as stale, not complete."""
    return f"{code_version}-{table.schema_hash}"


def _input(table: Table, name: str, annotation: Any) -> Input | None:
    if annotation == StoredRows:
        return Input(table, required=False, own=True)
    reads = next((reads for parameter_type, reads in READS if parameter_type == annotation), None)
    return Input(TABLES_BY_NAME[name], *reads) if reads else None


def _dependency(upstream: Input) -> dg.AssetDep:
    if upstream.reads_up_to is None:
        return dg.AssetDep(upstream.table.asset_key)
    mapping = dg.TimeWindowPartitionMapping(
        start_offset=-WEEKS_BACK,
        end_offset=-upstream.reads_up_to,
        allow_nonexistent_upstream_partitions=True,
    )
    return dg.AssetDep(upstream.table.asset_key, partition_mapping=mapping)
