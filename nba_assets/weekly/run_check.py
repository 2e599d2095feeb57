"""The check that fails a run with a refused week, without blocking the good weeks downstream."""

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
MOST_WEEKS_LISTED = 20


def every_week_published(table: Table) -> dg.AssetChecksDefinition:
    """An unpartitioned check: the run published every week that it was launched over."""

    @dg.multi_asset_check(
        name=f"{table.name}_{NAME}",
        specs=[
            dg.AssetCheckSpec(
                NAME,
                asset=table.asset_key,
                description="The last run published every week it was launched over. A refused week keeps its earlier "
                "rows and fails the run, so that nobody overlooks it; the good weeks continue downstream.",
            )
        ],
        pool=table.name,
    )
    def check_weeks(context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> Iterator[Any]:
        weeks = weeks_of_run(context.run.tags)
        if not weeks:
            yield stored_as_published(warehouse, table)
            return
        published = published_in_run(context, warehouse, table, weeks)
        refused = [week for week in weeks if week not in published]
        yield dg.AssetCheckResult(
            passed=not refused,
            asset_key=table.asset_key,
            check_name=NAME,
            metadata={"weeks": len(weeks), "refused": len(refused), "refused_weeks": ", ".join(map(str, refused))},
        )
        if refused:
            raise dg.Failure(_refusal(context, table, weeks, refused), allow_retries=False)

    return check_weeks


def stored_as_published(warehouse: Warehouse, table: Table) -> dg.AssetCheckResult:
    """The result of a check executed alone, over no weeks: whether the table still holds everything it published."""
    weeks = weeks_of_keys(WEEKS.get_partition_keys())
    damaged: list[dt.date] = []
    if warehouse.is_there():
        try:
            recorded = newest_publications(warehouse.query, [table], weeks)
        except WarehouseError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        damaged = list(recorded.loc[~recorded["intact"], "week"])
    lost = f"published rows are missing in weeks {', '.join(weeks_as_ranges(damaged))}; materialize them again"
    return dg.AssetCheckResult(
        passed=not damaged,
        asset_key=table.asset_key,
        check_name=NAME,
        description=lost if damaged else "the check was run over no weeks; the table holds everything it published",
        metadata={"weeks": 0, "refused": len(damaged), "refused_weeks": ", ".join(map(str, damaged))},
    )


def published_in_run(
    context: dg.AssetCheckExecutionContext, warehouse: Warehouse, table: Table, weeks: list[dt.date]
) -> set[dt.date]:
    """The weeks that this run has published; none if the warehouse does not exist yet."""
    run_id = run_that_executed(context.instance, context.run, table.asset_key)
    if not warehouse.is_there():
        return set()
    try:
        return weeks_published_by(warehouse.query, run_id, table, weeks)
    except WarehouseError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


def _refusal(context: dg.AssetCheckExecutionContext, table: Table, weeks: list[dt.date], refused: list[dt.date]) -> str:
    run_id = run_that_executed(context.instance, context.run, table.asset_key)
    reasons = {week: refusals(context.instance, table, week, run_id) or [] for week in refused[:MOST_WEEKS_LISTED]}
    more = f" and {len(refused) - len(reasons)} more" if len(refused) > len(reasons) else ""
    if not any(reasons.values()):
        return (
            f"{table.qualified_name}: {len(refused)} of {len(weeks)} weeks were not computed, because an upstream "
            f"table did not publish them: {', '.join(map(str, reasons))}{more}. They keep their earlier rows; "
            "materialize these weeks upstream first."
        )
    lines = [f"{table.qualified_name}: {len(refused)} of {len(weeks)} weeks were refused and keep their earlier rows:"]
    lines += [f"  week {week}: {'; '.join(why) or 'an upstream week was refused'}" for week, why in reasons.items()]
    if more:
        lines.append(f" {more}")
    lines.append("Next: read the failed checks of these weeks, repair the source, and materialize these weeks again.")
    return "\n".join(lines)
