"""The measurements of the checks by week, and the backfill report over all weeks."""

import datetime as dt
import math
from collections.abc import Sequence

import dagster as dg
import pandas as pd

from nba_assets.checks.audit import audit
from nba_assets.partitions import WEEKS, report_dates, weeks_between
from nba_assets.reports import backfill_text as report_text
from nba_assets.reports.backfill_report import FAILURE, SUCCESS
from nba_assets.reports.backfill_report import backfill_report as make_report
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    DATA_TABLES,
    NBAC_INJURY_REPORT,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
)
from nba_assets.tables.asset_keys import BACKFILL_REPORT, group_of
from nba_assets.warehouse.interface import Warehouse
from nba_assets.weekly import retries
from nba_assets.weekly.asset import OWNERS, weekly_asset
from nba_assets.weekly.publications import published_by_all

NEEDED_TABLES = (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)
MEASURED_TABLES = (*NEEDED_TABLES, NBAC_INJURY_REPORT)


@weekly_asset(
    VALIDATION_METRICS,
    code_version="2",
    kinds={"sql"},
    deps=NEEDED_TABLES,
    deps_if_published=[NBAC_INJURY_REPORT],
)
def validation_metrics(warehouse: dg.ResourceParam[Warehouse], weeks: Sequence[dt.date]) -> pd.DataFrame:
    """Measured in the published tables, so that changes made outside Dagster are noticed too."""
    with warehouse.reading() as reader:
        audited = {table: audit(reader.query, table, weeks) for table in MEASURED_TABLES}
    measured = [
        {
            "week": week,
            "table_name": table.qualified_name,
            "check_name": verdict.check.name,
            "metric": measurement.threshold.metric,
            "value": measurement.value,
            "rows_looked_at": verdict.rows_looked_at,
            "outcome": measurement.outcome,
            "passes": str(measurement.threshold.pass_range),
            "blocking": verdict.check.blocking,
        }
        for table, by_week in audited.items()
        for week, verdicts in by_week.items()
        for verdict in verdicts
        if verdict.final_games or verdict.rows_looked_at
        for measurement in verdict.measurements
    ]
    frame = pd.DataFrame(measured, columns=VALIDATION_METRICS.column_names)
    return frame.astype({"value": "float64", "blocking": "bool", "rows_looked_at": "int64"})


class ReportRange(dg.Config):
    """first_date, last_date: league dates of the report; by default those of the run's weeks, else the history."""

    first_date: str = ""
    last_date: str = ""


@dg.asset(
    key=BACKFILL_REPORT,
    deps=[table.asset_key for table in DATA_TABLES],
    group_name=group_of(BACKFILL_REPORT),
    owners=OWNERS,
    kinds={"sql", "matplotlib"},
    code_version="1",
    check_specs=[
        dg.AssetCheckSpec(
            "decision",
            asset=BACKFILL_REPORT,
            description="SUCCESS passes, PARTIAL warns, FAILURE fails: volume, NULL rates, coverage, spot checks and "
            "missing weeks over the whole range, against the bounds of the hand-off documents.",
        )
    ],
)
def backfill_report(
    context: dg.AssetExecutionContext, config: ReportRange, warehouse: dg.ResourceParam[Warehouse]
) -> dg.MaterializeResult:
    """The result of a backfill over all its weeks: SUCCESS, PARTIAL or FAILURE.

    Volume and NULL rate by season and month, coverage of the raw rows, two games added up, and missing weeks. Open the
    Markdown of the newest materialization.
    """
    first, last = report_dates(config.first_date, config.last_date, context.run.tags)
    known = WEEKS.get_partition_keys()
    weeks = [week for week in weeks_between(first, last) if f"{week}" in known]
    with retries.expected_failures(context):
        published = published_by_all(warehouse, DATA_TABLES, weeks)
        report = make_report(warehouse, first, last, weeks, published)
    text = report_text.markdown(report)
    chart = report_text.CHART + report_text.as_image(report_text.months_chart(report.months))
    return dg.MaterializeResult(
        metadata={
            "decision": report.decision,
            "report": dg.MetadataValue.md(text + chart),
            "weeks published": report.weeks - len(report.unpublished),
            **{name: value for name, value in report.measures.items() if not math.isnan(value)},
        },
        check_results=[
            dg.AssetCheckResult(
                check_name="decision",
                passed=report.decision == SUCCESS,
                severity=dg.AssetCheckSeverity.ERROR if report.decision == FAILURE else dg.AssetCheckSeverity.WARN,
                metadata={
                    "decision": report.decision,
                    "reasons": "; ".join(report.reasons) or "every bound is met",
                    "rows_looked_at": int(report.measures["summary rows"]),
                },
            )
        ],
    )
