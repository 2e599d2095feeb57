"""The command line: `python -m nba_assets backfill` runs the same jobs as Dagit, in this process, with less to read."""

import datetime as dt
import sys

import click
import dagster as dg

from nba_assets.settings import SettingsError


@click.group()
def cli() -> None:
    """NBA box scores to validated player-game summaries, week by week."""


@cli.command()
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), default="2021-10-01", help="a date in the first week")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), default="2024-04-30", help="the last date reported on")
@click.option("--refresh", is_flag=True, help="ask the source again for weeks that are kept in the landing folder")
def backfill(first: dt.datetime, last: dt.datetime, refresh: bool) -> None:
    """Materialize every week from --first to --last, then print the backfill report."""
    from nba_assets import report_text
    from nba_assets.definitions import defs
    from nba_assets.partitions import WEEKS, weeks_between

    known = WEEKS.get_partition_keys()
    asked = [f"{week}" for week in weeks_between(first.date(), last.date())]
    unknown = [week for week in asked if week not in known]
    if not asked or unknown:
        raise click.ClickException(
            f"{first.date()} to {last.date()}: {f'week {unknown[0]} is' if unknown else 'no week is'} in the history, "
            f"which goes from {known[0]} to {known[-1]}. Choose other dates, or set NBA_FIRST_WEEK for an earlier start"
        )
    asking = {"config": {"refresh": refresh}}
    result = defs.resolve_job_def("backfill").execute_in_process(
        instance=dg.DagsterInstance.get(),
        tags={"dagster/asset_partition_range_start": asked[0], "dagster/asset_partition_range_end": asked[-1]},
        run_config={
            "ops": {
                "nba_raw__bdl_games": asking,
                "nba_raw__bdl_player_boxscores": asking,
                "nba_validation__backfill_report": {
                    "config": {"first_date": f"{first.date()}", "last_date": f"{last.date()}"}
                },
            },
            "loggers": {"console": {"config": {}}},
        },
        raise_on_error=False,
    )
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            told = failure.user_failure_data.description if failure.user_failure_data else failure.error_display_string
            click.echo(f"\n{event.step_key}: {told}", err=True)
    reports = result.asset_materializations_for_node("nba_validation__backfill_report")
    if reports:
        text, _, _ = str(reports[0].metadata["report"].value).partition(report_text.CHART)
        click.echo(f"\n{text}")
    sys.exit(0 if result.success else 1)


if __name__ == "__main__":
    try:
        cli()
    except SettingsError as error:
        sys.exit(f"Error: {error}")
