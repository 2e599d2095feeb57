"""The check that fails a run when a week was refused, without holding back what follows from the good weeks."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from nba_assets.errors import WarehouseError
from nba_assets.partitions import WEEKS, weeks_as_ranges, weeks_of_keys, weeks_of_run
from nba_assets.tables import Table
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly.history import refusals, run_that_executed
from nba_assets.weekly.publications import newest_publications, weeks_published_by

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
    def check_weeks(context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Any]:
        asked = weeks_of_run(context.run.tags)
        if not asked:
            yield stored_as_published(warehouse, table)
            return
        published = published_in_run(context, warehouse, table, asked)
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


def stored_as_published(warehouse: Warehouse, table: Table) -> dg.AssetCheckResult:
    """Of a check that is executed by itself, and so over no weeks: the table holds all that was ever published."""
    weeks = weeks_of_keys(WEEKS.get_partition_keys())
    damaged: list[dt.date] = []
    if warehouse.is_there():
        try:
            recorded = newest_publications(warehouse.query, [table], weeks)
        except WarehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        damaged = list(recorded.loc[~recorded["intact"], "week"])
    told = f"what was published is not stored any more of: {', '.join(weeks_as_ranges(damaged))}; materialize them"
    return dg.AssetCheckResult(
        passed=not damaged,
        asset_key=table.asset_key,
        check_name=NAME,
        description=told if damaged else "no weeks were asked for; the table holds all that was published",
        metadata={"weeks": 0, "refused": len(damaged), "refused_weeks": ", ".join(map(str, damaged))},
    )


def published_in_run(
    context: dg.AssetCheckExecutionContext, warehouse: Warehouse, table: Table, weeks: list[dt.date]
) -> set[dt.date]:
    """Those of the weeks that this run has published; none where the warehouse was never written to."""
    run_id = run_that_executed(context.instance, context.run, table.asset_key)
    if not warehouse.is_there():
        return set()
    try:
        return weeks_published_by(warehouse.query, run_id, table, weeks)
    except WarehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _refusal(context: dg.AssetCheckExecutionContext, table: Table, asked: list[dt.date], refused: list[dt.date]) -> str:
    told_of = refused[:MOST_WEEKS_TOLD]
    made_by = run_that_executed(context.instance, context.run, table.asset_key)
    reasons = {week: refusals(context.instance, table, week, made_by) or [] for week in told_of}
    more = f" and {len(refused) - len(reasons)} more" if len(refused) > len(reasons) else ""
    told = ", ".join(map(str, reasons)) + more
    if not any(reasons.values()):
        return (
            f"{table.qualified_name}: {len(refused)} of {len(asked)} weeks were not computed, because an upstream "
            f"table did not publish them: {told}. Their earlier rows stand; materialize these weeks upstream first."
        )
    lines = [f"{table.qualified_name}: {len(refused)} of {len(asked)} weeks were refused and keep their earlier rows:"]
    lines += [f"  week {week}: {'; '.join(why) or 'an upstream week was refused'}" for week, why in reasons.items()]
    if more:
        lines.append(f" {more}")
    lines.append("Next: read the failed checks of these weeks, repair the source, and materialize these weeks again.")
    return "\n".join(lines)
