"""The command line: runs the same jobs as Dagit in this process, with short output."""

import datetime as dt
import errno
import fcntl
import os
import socket
import sys
import uuid
from collections.abc import Mapping
from typing import Any

import click
import dagster as dg
from sqlalchemy.exc import DBAPIError

from nba_assets.dagster_instance.home import prepare_home
from nba_assets.errors import SettingsError
from nba_assets.settings import Settings

DATE = click.DateTime(["%Y-%m-%d"])


class Commands(click.Group):
    """Prints errors of settings and of Dagster's databases as one line."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except DBAPIError as error:
            raise click.ClickException(
                f"Dagster's history in {os.environ.get('DAGSTER_HOME')} cannot be used: {error.orig}. Free space or "
                "fix permissions, then run the command again; published weeks are kept"
            ) from None


@click.group(cls=Commands)
def cli() -> None:
    """NBA box scores to validated player-game summaries, week by week."""


@cli.command()
@click.option("--first", type=DATE, default="2021-10-01", help="a date in the first week")
@click.option("--last", type=DATE, default="2024-04-30", help="a date in the last week; the report ends here")
@click.option("--refresh", is_flag=True, help="fetch weeks again that are stored in the landing folder")
def backfill(first: dt.datetime, last: dt.datetime, refresh: bool) -> None:
    """Materialize every week from --first to --last, then print the backfill report."""
    from nba_assets.automation.jobs import refresh_config, week_range_tags
    from nba_assets.partitions import season_of, weeks_of_range
    from nba_assets.reports import backfill_text as report_text

    weeks = weeks_of_range(first.date(), last.date())
    dates = {"config": {"first_date": f"{first.date()}", "last_date": f"{last.date()}"}}
    reports = ("nba_validation__backfill_report", "nba_validation__data_health", "nba_ml__model_comparison")
    ops = {**refresh_config(refresh), **dict.fromkeys(reports, dates)}
    result = run_job("backfill", ops, tags=week_range_tags(weeks))
    for materialized in result.asset_materializations_for_node("nba_validation__backfill_report"):
        text, _, _ = str(materialized.metadata["report"].value).partition(report_text.CHART)
        click.echo(f"\n{text}")
    # Thirty pages at twenty requests a minute would delay every backfill: real rosters have their own command.
    sample = Settings.from_environment().source == "sample"
    seasons = range(season_of(first.date()), season_of(last.date()) + 1) if sample else ()
    stored = [store_rosters(season, refresh) for season in seasons]
    failed = print_failed_checks(result)
    sys.exit(0 if result.success and not failed and all(stored) else 1)


@cli.command()
@click.option("--first", type=DATE, help="a date in the first week; by default the first of the history")
@click.option("--last", type=DATE, help="a date in the last week; by default the week in progress")
def health(first: dt.datetime | None, last: dt.datetime | None) -> None:
    """Print the state of every week, and what to do about weeks that are not complete."""
    from nba_assets.partitions import FIRST_WEEK, league_today, weeks_of_range

    if first or last:
        weeks_of_range(first.date() if first else FIRST_WEEK, last.date() if last else league_today())
    given = {"first_date": first, "last_date": last}
    dates = {name: f"{date.date()}" for name, date in given.items() if date}
    result = run_job("data_health", {"nba_validation__data_health": {"config": dates}}, log_level="WARNING")
    for materialized in result.asset_materializations_for_node("nba_validation__data_health"):
        click.echo(materialized.metadata["weeks by state"].value)
    failed = print_failed_checks(result)
    sys.exit(0 if result.success and not failed else 1)


@cli.command()
@click.option("--season", type=int, help="year the season starts in; by default the current season")
@click.option("--refresh", is_flag=True, help="fetch teams again whose page of today is stored in the landing folder")
def rosters(season: int | None, refresh: bool) -> None:
    """Bring the stored rosters of a season up to date."""
    from nba_assets.partitions import SEASONS, league_today, season_name, season_of

    year = season_of(league_today()) if season is None else season
    if season_name(year) not in SEASONS.get_partition_keys():
        raise click.ClickException(f"season {year} is not among {', '.join(SEASONS.get_partition_keys())}")
    sys.exit(0 if store_rosters(year, refresh) else 1)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
def dev(host: str, port: int) -> None:
    """Start Dagit and Dagster's daemon, on the same history and tables as the other commands."""
    from nba_assets.partitions import WEEKS  # reports invalid variables as one line; Dagit would show a traceback

    home = prepare_home()
    check_port(host, port)
    first = WEEKS.get_first_partition_key()
    click.echo(f"Dagit: http://{host}:{port}, history: {home}, weeks from {first}", err=True)
    program = [sys.executable, "-m", "dagster", "dev", "--module-name", "nba_assets.definitions"]
    os.execv(program[0], [*program, "--host", host, "--port", f"{port}"])


@cli.command()
def home() -> None:
    """Print Dagster's home for these variables, and create it if it does not exist."""
    click.echo(prepare_home())


def check_port(host: str, port: int) -> None:
    """ClickException if the port is taken: Dagster would claim to serve there."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
        raise click.ClickException(f"port {port} of {host} {reason}: choose another with --port") from None


def store_rosters(season: int, refresh: bool) -> bool:
    """Run the job `rosters`; whether it succeeded."""
    from nba_assets.partitions import season_name

    ops = {"team_rosters": {"config": {"refresh": refresh}}}
    return run_job("rosters", ops, partition_key=season_name(season)).success


def print_failed_checks(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a check of severity ERROR failed. Each is printed once, with its weeks and the reason for the first.

    Reasons that a failed step has printed already (every_week_published lists those of refused weeks) are left out.
    """
    printed = "\n".join(failures_of(result))
    failed: dict[tuple[str, str], list[dg.AssetCheckEvaluation]] = {}
    for each in result.get_asset_check_evaluations():
        if not each.passed and each.severity == dg.AssetCheckSeverity.ERROR:
            failed.setdefault((each.asset_key.to_user_string(), each.check_name), []).append(each)
    for (asset, check), evaluations in failed.items():
        weeks = f", {len(evaluations)} weeks, the first" if len(evaluations) > 1 else ""
        reason = evaluations[0].description or "see its page in Dagit"
        if reason.rpartition(f"{evaluations[0].partition}: ")[2] in printed:
            continue
        click.echo(f"\nFAILED: {check} of {asset}{weeks}: {reason}", err=True)
    return bool(failed)


def run_job(
    name: str, ops: Mapping[str, Any], *, log_level: str = "INFO", tags: Mapping[str, str] | None = None, **options: Any
) -> dg.ExecuteInProcessResult:
    """Mark killed runs as failed, run a job in this process and print its failures."""
    instance = open_instance()  # first, because importing the definitions checks the home

    from nba_assets.dagster_instance.pools import create_pools
    from nba_assets.dagster_instance.run_liveness import end_killed_runs, run_lock
    from nba_assets.definitions import defs
    from nba_assets.weekly.retries import INTERACTIVE

    job = defs.resolve_job_def(name)
    create_pools(instance, job)
    for run_id in end_killed_runs(instance):
        click.echo(f"run {run_id} had been killed; the weeks it published are kept", err=True)
    run_id = f"{uuid.uuid4()}"
    with run_lock(instance, run_id):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            raise_on_error=False,
            run_config={"ops": ops, "loggers": {"console": {"config": {"log_level": log_level}}}},
            tags={**INTERACTIVE, **(tags or {})},
            **options,
        )
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE and event.engine_event_data.error:
            click.echo(f"\n{event.engine_event_data.error.message.strip()}", err=True)
    for reason, (first, *others) in failures_of(result).items():
        click.echo(f"\n{first}{f' and {len(others)} more steps' if others else ''}: {reason}", err=True)
    return result


def failures_of(result: dg.ExecuteInProcessResult) -> dict[str, list[str]]:
    """The reasons of failed steps, each with the steps that failed for it."""
    failures: dict[str, list[str]] = {}
    for event in result.all_events:
        if event.is_step_failure:
            failure = event.step_failure_data
            user = failure.user_failure_data
            reason = user.description if user else failure.error_display_string
            failures.setdefault(str(reason), []).append(str(event.step_key))
    return failures


def open_instance() -> dg.DagsterInstance:
    """Dagster's instance. Locked, because two processes that create its databases at once would collide."""
    with (prepare_home() / "opening.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return dg.DagsterInstance.get()


if __name__ == "__main__":
    cli()
