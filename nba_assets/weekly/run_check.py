"""The check that fails a run when a week was refused, without holding back what follows from the good weeks."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.event_api import PartitionKeyFilter

from nba_assets.checks.thresholds import checks_of
from nba_assets.partitions import weeks_of_keys
from nba_assets.tables import Table
from nba_assets.weekly.events import newest_materializations, weeks_published_by
from nba_assets.weekly.retries import run_that_executed

NAME = "every_week_published"
MOST_WEEKS_TOLD = 20


def every_week_published(table: Table) -> dg.AssetChecksDefinition:
    """An unpartitioned check of the run: each week it asked for was published by it."""

    @dg.multi_asset_check(
        name=f"{table.name}_{NAME}",
        specs=[
            dg.AssetCheckSpec(
                NAME,
                asset=table.asset_key,
                description="Every week the last run asked for was published by it. A refused week keeps the rows it "
                "had before; the run fails so that nobody overlooks it, and the good weeks go on.",
            )
        ],
        pool=table.name,
    )
    def check_weeks(context: dg.AssetCheckExecutionContext) -> Iterator[Any]:
        asked = weeks_of_keys(context.op_execution_context.partition_keys)
        newest = newest_materializations(context.instance, table.asset_key, asked)
        published = weeks_published_by(context.instance, context.run, table.asset_key, newest)
        refused = [week for week in asked if week not in published]
        yield dg.AssetCheckResult(
            passed=not refused,
            asset_key=table.asset_key,
            check_name=NAME,
            metadata={"weeks": len(asked), "refused": len(refused), "refused_weeks": ", ".join(map(str, refused))},
        )
        if refused:
            raise dg.Failure(_refusal(context, table, asked, refused), allow_retries=False)

    return check_weeks


def _refusal(context: dg.AssetCheckExecutionContext, table: Table, asked: list[dt.date], refused: list[dt.date]) -> str:
    told_of = refused[:MOST_WEEKS_TOLD]
    made_by = run_that_executed(context.instance, context.run, table.asset_key)
    reasons = {week: refusals(context.instance, table, week, made_by) or [] for week in told_of}
    more = f" and {len(refused) - len(reasons)} more" if len(refused) > len(reasons) else ""
    told = ", ".join(map(str, reasons)) + more
    if not any(reasons.values()):
        return (
            f"{table.qualified_name}: {len(refused)} of {len(asked)} weeks were not computed, because an upstream "
            f"table did not publish them: {told}. Their earlier rows stand."
        )
    lines = [f"{table.qualified_name}: {len(refused)} of {len(asked)} weeks were refused and keep their earlier rows:"]
    lines += [f"  week {week}: {'; '.join(why) or 'an upstream week was refused'}" for week, why in reasons.items()]
    if more:
        lines.append(f" {more}")
    lines.append("Next: read the failed checks of these weeks, repair the source, and materialize these weeks again.")
    return "\n".join(lines)


def refusals(instance: dg.DagsterInstance, table: Table, week: dt.date, run_id: str) -> list[str] | None:
    """Why blocking checks of this run refused the week; None where the run did not come to check it."""
    reasons, checked = [], False
    for check in checks_of(table):
        if not check.blocking:
            continue
        records = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(table.asset_key, check.name), limit=1, partition_filter=PartitionKeyFilter(key=f"{week}")
        )
        for record in records:
            evaluation = record.evaluation
            if not isinstance(evaluation, dg.AssetCheckEvaluation) or record.run_id != run_id:
                continue
            checked = True
            if not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR:
                reasons.append(f"{check.name}: {evaluation.metadata['reason'].value}")
    return reasons if checked else None
