"""`weekly_asset`: from a plain function of frames to a partitioned asset that audits what it publishes."""

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
from nba_assets.tables import WEEKLY_TABLES, Table
from nba_assets.tables.asset_keys import group_of
from nba_assets.warehouse.interface import Publication, Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.compute import Transform, compute, reason_of
from nba_assets.weekly.events import week_events
from nba_assets.weekly.history import evaluated_weeks
from nba_assets.weekly.load import Input, load
from nba_assets.weekly.publish import WeeklyRows, WeekResult, audited

OWNERS = ["team:nba-data"]
WAREHOUSE_PARAMETER = inspect.Parameter(
    "warehouse", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=dg.ResourceParam[Warehouse]
)

SameWeek = pd.DataFrame
"""Parameter type: an upstream table's rows of the run's weeks; a week it did not publish is not computed."""
OptionalSameWeek = Annotated[pd.DataFrame, "optional"]
"""Like SameWeek, but a week is computed also without rows of it."""
AllWeeksUpTo = Annotated[pd.DataFrame, "up to the week"]
"""Like SameWeek, with every earlier week's rows too."""
OptionalAllWeeksUpTo = Annotated[pd.DataFrame, "up to the week, optional"]
"""Like AllWeeksUpTo, but a week is computed also without rows of it."""
AllWeeksBefore = Annotated[pd.DataFrame, "before the week"]
"""The rows of every week before the newest week of the run; what is made for a week must leave out the later ones."""

READS: tuple[tuple[Any, tuple[int | None, bool]], ...] = (
    (SameWeek, (None, True)),
    (OptionalSameWeek, (None, False)),
    (AllWeeksUpTo, (0, True)),
    (OptionalAllWeeksUpTo, (0, False)),
    (AllWeeksBefore, (1, True)),
)
TABLES_BY_NAME = {table.name: table for table in WEEKLY_TABLES}
# As far as the history goes, and for as long as a server may run; Dagster walks through them week by week.
AS_FAR_BACK_AS = len(WEEKS.get_partition_keys()) + 104


@dataclass(frozen=True)
class WeeklyStep:
    """What a weekly asset's step is made of: its table, the function, and what that function reads."""

    table: Table
    code_version: str
    transform: Transform
    inputs: dict[str, Input]
    unread: list[Input]
    wants_weeks: bool

    def run(self, context: dg.AssetExecutionContext, warehouse: Warehouse, given: dict[str, Any]) -> Iterator[Any]:
        """Publish the run's weeks and tell Dagster of each; a refused week is a result, no failure of the step."""
        weeks = weeks_of_keys(context.partition_keys)
        if context.retry_number:
            weeks = sorted(set(weeks) - evaluated_weeks(context.instance, context.run, self.table))
        rows = WeeklyRows(pd.DataFrame(columns=self.table.column_names))
        try:
            loaded = load(context, warehouse, self.inputs, self.unread, weeks)
            transform = functools.partial(self.transform, **given)
            rows = compute(context, self.table, transform, self.inputs, loaded, self.wants_weeks)
            rows = replace(rows, failures={**rows.failures, **loaded.refused})
            publication = Publication(context.run.run_id, self.code_version, loaded.read_up_to)
            with audited(warehouse, self.table, rows, [*loaded.weeks, *loaded.refused]) as audit:
                results = audit.publish(publication)
        except (dg.Failure, dg.RetryRequested):
            raise
        except Exception as error:
            retries.try_again_later(context, error)
            rows = WeeklyRows(rows.frame.iloc[:0], dict.fromkeys(weeks, reason_of(context, error)))
            with audited(warehouse, self.table, rows, weeks) as audit:
                results = audit.publish(Publication())
        yield from self.record(context, rows, results)

    def record(
        self, context: dg.AssetExecutionContext, rows: WeeklyRows, results: Sequence[WeekResult]
    ) -> Iterator[Any]:
        """Tell Dagster what became of each week, except of those that are tried again."""
        can_retry = retries.may_try_again(context)
        again = [result.week for result in results if can_retry and result.week in rows.retryable]
        told = [result for result in results if result.week not in again]
        stored = [result for result in told if result.published]
        context.log.info(
            f"{self.table.qualified_name}: {len(stored)} of {len(context.partition_keys)} weeks published, "
            f"{sum(result.row_count for result in stored):,} rows"
        )
        for event in week_events(context, self.table, self.code_version, told):
            if not (again and isinstance(event, dg.Output)):  # the step is not done while weeks are tried again
                yield event
        for result in told:
            if not result.published and result.week not in rows.failures:
                rows.quarantine(result.week)
        if again:
            raise retries.try_again(context) from dg.Failure(
                f"{len(again)} weeks are tried again; the first failed because of {rows.failures[again[0]]}"
            )


def weekly_asset(
    table: Table,
    *,
    code_version: str,
    kinds: set[str],
    deps: Sequence[Table] = (),
    deps_if_published: Sequence[Table] = (),
) -> Callable[[Transform], dg.AssetsDefinition]:
    """Make `table`'s asset of a function that returns its rows for all weeks of a run.

    The function takes upstream frames by the upstream table's name, typed SameWeek, AllWeeksUpTo and so on; `weeks`,
    resources, configuration or `context` if it wants them. `deps` are upstream tables that it reads by itself. Weeks
    that an upstream asset never published, or refused in this run, are not published unless the table is optional.
    """

    def decorate(transform: Transform) -> dg.AssetsDefinition:
        parameters = inspect.signature(transform).parameters
        inputs = {name: each for name in parameters if (each := _input(name, parameters[name].annotation))}
        unread = [*(Input(dep) for dep in deps), *(Input(dep, required=False) for dep in deps_if_published)]
        step = WeeklyStep(table, version(table, code_version), transform, inputs, unread, "weeks" in parameters)

        @functools.wraps(transform)
        def publish_weeks(**given: Any) -> Iterator[Any]:
            context = dg.AssetExecutionContext.get()
            known = {"context": context, **given}
            wanted = {name: known[name] for name in parameters if name in known}
            yield from step.run(context, given["warehouse"], wanted)

        not_given = {*inputs, "weeks", "context"}
        resources = {name: each for name, each in parameters.items() if name not in not_given}
        resources.setdefault("warehouse", WAREHOUSE_PARAMETER)
        publish_weeks.__annotations__ = {name: parameter.annotation for name, parameter in resources.items()}
        publish_weeks.__dict__["__signature__"] = inspect.Signature(list(resources.values()))
        return dg.asset(
            key=table.asset_key,
            deps=[_dependency(each) for each in (*inputs.values(), *unread)],
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
    """The version of the code and of the declared columns: a new column makes old weeks stale instead of complete."""
    return f"{code_version}-{table.schema_hash}"


def _input(name: str, annotation: Any) -> Input | None:
    known = [reads for parameter_type, reads in READS if parameter_type == annotation]
    return Input(TABLES_BY_NAME[name], *known[0]) if known else None


def _dependency(upstream: Input) -> dg.AssetDep:
    if upstream.reads_up_to is None:
        return dg.AssetDep(upstream.table.asset_key)
    mapping = dg.TimeWindowPartitionMapping(
        start_offset=-AS_FAR_BACK_AS,
        end_offset=-upstream.reads_up_to,
        allow_nonexistent_upstream_partitions=True,
    )
    return dg.AssetDep(upstream.table.asset_key, partition_mapping=mapping)
