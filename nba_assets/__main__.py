"""The command line: `python -m nba_assets backfill` runs the same jobs as Dagit, in this process, with less to read."""

import datetime as dt
import errno
import fcntl
import os
import socket
import sys
import uuid
from typing import Any

import click
import dagster as dg
from sqlalchemy.exc import DBAPIError

from nba_assets.dagster_instance.home import prepare_home
from nba_assets.errors import SettingsError
from nba_assets.settings import Settings


class Commands(click.Group):
    """Says what a setting or an option cannot be in one line."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except DBAPIError as error:
            raise click.ClickException(
                f"Dagster's history in {os.environ.get('DAGSTER_HOME')} cannot be used: {error.orig}. Free space or "
                "fix permissions, then run the command again; what was published stands"
            ) from None


@click.group(cls=Commands)
def cli() -> None:
    """NBA box scores to validated player-game summaries, week by week."""


@cli.command()
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), default="2021-10-01", help="a date in the first week")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), default="2024-04-30", help="the last date reported on")
@click.option("--refresh", is_flag=True, help="ask the source again for weeks that are kept in the landing folder")
def backfill(first: dt.datetime, last: dt.datetime, refresh: bool) -> None:
    """Materialize every week from --first to --last, then print the backfill report."""
    from nba_assets.automation.jobs import refresh_config, week_range_tags
    from nba_assets.partitions import season_of, weeks_of_range
    from nba_assets.reports import backfill_text as report_text

    asked = weeks_of_range(first.date(), last.date())
    over = {"config": {"first_date": f"{first.date()}", "last_date": f"{last.date()}"}}
    result = run_job(
        "backfill",
        tags=week_range_tags(asked),
        run_config={
            "ops": {
                **refresh_config(refresh),
                "nba_validation__backfill_report": over,
                "nba_validation__data_health": over,
                "nba_ml__model_comparison": over,
            },
            "loggers": {"console": {"config": {}}},
        },
    )
    reports = result.asset_materializations_for_node("nba_validation__backfill_report")
    if reports:
        text, _, _ = str(reports[0].metadata["report"].value).partition(report_text.CHART)
        click.echo(f"\n{text}")
    # The site's thirty pages at twenty a minute would hold up every backfill: `rosters` asks for real rosters.
    sample = Settings.from_environment().source == "sample"
    seasons = range(season_of(first.date()), season_of(last.date()) + 1) if sample else ()
    stored = [store_rosters(season, refresh) for season in seasons]
    failed = print_failed_checks(result)
    sys.exit(0 if result.success and not failed and all(stored) else 1)


@cli.command()
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="a date in the first week; else the whole history")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="a date in the last week; else the week in progress")
def health(first: dt.datetime | None, last: dt.datetime | None) -> None:
    """Say of every week whether it is complete, and what to do where it is not."""
    from nba_assets.partitions import FIRST_WEEK, league_today, weeks_of_range

    if first or last:
        weeks_of_range(first.date() if first else FIRST_WEEK, last.date() if last else league_today())
    over = {"first_date": first, "last_date": last}
    dates = {name: f"{date.date()}" for name, date in over.items() if date}
    result = run_job(
        "data_health",
        run_config={
            "ops": {"nba_validation__data_health": {"config": dates}},
            "loggers": {"console": {"config": {"log_level": "WARNING"}}},
        },
    )
    for materialized in result.asset_materializations_for_node("nba_validation__data_health"):
        click.echo(materialized.metadata["weeks by state"].value)
    failed = print_failed_checks(result)
    sys.exit(0 if result.success and not failed else 1)


@cli.command()
@click.option("--season", type=int, help="year the season starts in; the current season if left out")
@click.option("--refresh", is_flag=True, help="ask again for teams whose page of today is kept in the landing folder")
def rosters(season: int | None, refresh: bool) -> None:
    """Bring the stored rosters of a season up to date."""
    from nba_assets.partitions import SEASONS, league_today, season_name, season_of

    asked = season_of(league_today()) if season is None else season
    if season_name(asked) not in SEASONS.get_partition_keys():
        raise click.ClickException(f"season {asked} is not among {', '.join(SEASONS.get_partition_keys())}")
    sys.exit(0 if store_rosters(asked, refresh) else 1)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dev(host: str, port: int) -> None:
    """Start Dagit and Dagster's daemon, on the same history and tables as the other commands."""
    from nba_assets.partitions import WEEKS  # refuses its variables here; in Dagit that would be a page of traceback

    home = prepare_home()
    check_port(host, port)
    first = WEEKS.get_first_partition_key()
    click.echo(f"Dagit: http://{host}:{port}, history: {home}, weeks from {first}", err=True)
    program = [sys.executable, "-m", "dagster", "dev", "--module-name", "nba_assets.definitions"]
    os.execv(program[0], [*program, "--host", host, "--port", f"{port}"])


@cli.command()
def home() -> None:
    """Print Dagster's home for these variables, and make it if it is not there."""
    click.echo(prepare_home())


def check_port(host: str, port: int) -> None:
    """ClickException when nothing can listen there; Dagster itself says that it serves there."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        raise click.ClickException(f"port {port} of {host} {reason}: choose another with --port") from None


def store_rosters(season: int, refresh: bool) -> bool:
    """Whether the season's rosters were read and stored."""
    from nba_assets.partitions import season_name

    teams = {"team_rosters": {"config": {"refresh": refresh}}}
    result = run_job(
        "rosters",
        partition_key=season_name(season),
        run_config={"ops": teams, "loggers": {"console": {"config": {}}}},
    )
    return result.success


def print_failed_checks(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a check of severity ERROR failed; each is told once, with its weeks and what it said of the first.

    What a failed step has told already, as every_week_published tells the reasons of refused weeks, is not told again.
    """
    told = "\n".join(failures_of(result))
    failed: dict[tuple[str, str], list[dg.AssetCheckEvaluation]] = {}
    for each in result.get_asset_check_evaluations():
        if not each.passed and each.severity == dg.AssetCheckSeverity.ERROR:
            failed.setdefault((each.asset_key.to_user_string(), each.check_name), []).append(each)
    for (asset, check), evaluations in failed.items():
        weeks = f", {len(evaluations)} weeks, the first" if len(evaluations) > 1 else ""
        reason = evaluations[0].description or "see its page in Dagit"
        if reason.rpartition(f"{evaluations[0].partition}: ")[2] in told:
            continue
        click.echo(f"\nFAILED: {check} of {asset}{weeks}: {reason}", err=True)
    return bool(failed)


def run_job(name: str, **arguments: Any) -> dg.ExecuteInProcessResult:
    """Run a job in this process, tell its failures, and first end runs that were killed."""
    instance = open_instance()  # first, because the definitions look at the home

    from nba_assets.dagster_instance.pools import create_pools
    from nba_assets.dagster_instance.run_liveness import end_killed_runs, run_lock
    from nba_assets.definitions import defs
    from nba_assets.weekly.retries import INTERACTIVE

    job = defs.resolve_job_def(name)
    create_pools(instance, job)
    for run_id in end_killed_runs(instance):
        click.echo(f"run {run_id} had been killed; what it published stands", err=True)
    run_id = f"{uuid.uuid4()}"
    with run_lock(instance, run_id):
        tags = {**INTERACTIVE, **arguments.pop("tags", {})}
        result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False, tags=tags, **arguments)
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE and event.engine_event_data.error:
            click.echo(f"\n{event.engine_event_data.error.message.strip()}", err=True)
    for told, (first, *others) in failures_of(result).items():
        click.echo(f"\n{first}{f' and {len(others)} more steps' if others else ''}: {told}", err=True)
    return result


def failures_of(result: dg.ExecuteInProcessResult) -> dict[str, list[str]]:
    """What failed steps say, with the steps that say it."""
    failures: dict[str, list[str]] = {}
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            told = failure.user_failure_data.description if failure.user_failure_data else failure.error_display_string
            failures.setdefault(str(told), []).append(str(event.step_key))
    return failures


def open_instance() -> dg.DagsterInstance:
    """Dagster's instance. One process after the other: of two that create its databases at once, one would fail."""
    with (prepare_home() / "opening.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return dg.DagsterInstance.get()


if __name__ == "__main__":
    cli()
