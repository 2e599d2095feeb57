"""The sensors that alert: they read what ended runs left in Dagster's log and tell of it what is news.

Plain sensors with a state in the cursor: Dagster's run_failure_sensor moves its cursor on when its own function
fails, and what it could not deliver would be lost. A tick that dies before its cursor is stored is done again.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator

import dagster as dg
from dagster._core.event_api import RunStatusChangeEventType
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES

from nba_assets.alerting.alerts import NotDelivered, deliver
from nba_assets.alerting.incidents import AlertState, Observation
from nba_assets.partitions import PARTITION, weeks_of_run
from nba_assets.settings import AlertSettings
from nba_assets.weekly.run_check import NAME as EVERY_WEEK_PUBLISHED

ENDS: tuple[RunStatusChangeEventType, ...] = (
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
)
EVERY = 30  # seconds between two ticks
RUNS_AT_ONCE = 50  # read in one tick; what is left is read in the next
DELIVERING = 20.0  # seconds of a tick in which messages are sent; what is left is sent in the next
BACKFILL = "dagster/backfill"

Observer = Callable[[dg.DagsterInstance, dg.DagsterRun, dg.EventLogEntry, str], Iterator[Observation]]


def alert_sensors(alerts: AlertSettings) -> list[dg.SensorDefinition]:
    """Stopped until someone starts them in Dagit."""
    checks = "Alerts of weeks that fail a check, and when they pass again."
    runs = "Alerts of runs that fail, except through a check, and when they succeed again."
    return [
        _alert_sensor("failed_checks", checks, observe_checks, alerts),
        _alert_sensor("failed_runs", runs, observe_steps, alerts),
    ]


def _alert_sensor(name: str, description: str, observe: Observer, alerts: AlertSettings) -> dg.SensorDefinition:
    @dg.sensor(name=name, description=description, minimum_interval_seconds=EVERY)
    def tell(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        state = AlertState.model_validate_json(context.cursor or "{}")
        told = tick(context.instance, state, observe, alerts, time.time(), context.log.warning)
        return dg.SensorResult(cursor=state.model_dump_json(exclude_defaults=True), skip_reason=told)

    return tell


def tick(
    instance: dg.DagsterInstance,
    state: AlertState,
    observe: Observer,
    alerts: AlertSettings,
    now: float,
    log: Callable[[str], object],
) -> str:
    """Read on, deliver what is to be told, and bring the state up to date; what was done, for the tick's page."""
    ended = _ended_runs(instance, state.read_up_to)
    for record in ended:
        run = instance.get_run_by_id(record.run_id)
        if run:
            state.enter(observe(instance, run, record.event_log_entry, alerts.dagit_url), now)
        state.read_up_to = record.storage_id
    state.write_messages(now, lambda backfill: _is_running(instance, backfill))
    if len(ended) < RUNS_AT_ONCE:
        state.write_left_out()
    delivered, until = 0, time.monotonic() + DELIVERING
    while state.outbox and time.monotonic() < until:
        try:
            deliver(alerts, state.outbox[0])
        except NotDelivered as problem:
            log(f"{problem}: {len(state.outbox)} messages are kept and sent later")
            break
        log(state.outbox.pop(0))
        delivered += 1
    return f"{len(ended)} ended runs read, {delivered} messages told, {len(state.outbox)} kept for later"


def _ended_runs(instance: dg.DagsterInstance, after: int) -> list[dg.EventLogRecord]:
    ended = [
        record
        for kind in ENDS
        for record in instance.fetch_run_status_changes(
            dg.RunStatusChangeRecordsFilter(kind, after_storage_id=after), limit=RUNS_AT_ONCE, ascending=True
        ).records
    ]
    return sorted(ended, key=lambda record: record.storage_id)[:RUNS_AT_ONCE]


def _is_running(instance: dg.DagsterInstance, backfill: str) -> bool:
    known = instance.get_backfill(backfill)
    return known is not None and known.status not in BULK_ACTION_TERMINAL_STATUSES


def observe_checks(
    instance: dg.DagsterInstance, run: dg.DagsterRun, end: dg.EventLogEntry, dagit: str
) -> Iterator[Observation]:
    """Each check that the run evaluated, week by week; a warning is no failure.

    every_week_published fails for the weeks that other checks of the run refused, and is told only of those that no
    other check explains.
    """
    evaluations = _newest_evaluations(instance, run)
    refused_by_checks = {each.partition for each in evaluations if _is_failure(each)}
    for evaluation in evaluations:
        asset = evaluation.asset_key.to_user_string()
        subject = f"{evaluation.check_name} of {asset}"
        link = f"{dagit}/assets/{asset}?view=checks&checkDetail={evaluation.check_name}"
        seen = functools.partial(Observation, subject, at=end.timestamp, link=link, backfill=run.tags.get(BACKFILL, ""))
        if evaluation.check_name == EVERY_WEEK_PUBLISHED:
            refused = {*str(evaluation.metadata["refused_weeks"].value).split(", ")} - refused_by_checks
            for week in _partitions(run):
                yield seen(week, week in refused, reason="it was not published, and no check of the run says why")
        else:
            yield seen(evaluation.partition or "", _is_failure(evaluation), reason=_reason(evaluation))


def observe_steps(
    instance: dg.DagsterInstance, run: dg.DagsterRun, end: dg.EventLogEntry, dagit: str
) -> Iterator[Observation]:
    """Each step that the run ended well or badly, and the run itself where it failed without one, as when killed.

    The step of every_week_published fails because a check did, which observe_checks tells.
    """
    asked = _partitions(run)
    weeks = f"Run of {asked[0]}{f' to {asked[-1]}' if len(asked) > 1 else ''}: " if asked else ""
    seen = functools.partial(Observation, partition="", at=end.timestamp, link=f"{dagit}/runs/{run.run_id}")
    ends = _newest_by_step(instance, run)
    failures = {event.step_key: event.step_failure_data for event in ends if event.is_step_failure}
    told = {step: failure.user_failure_data for step, failure in failures.items() if failure.user_failure_data}
    consequences = {step for step in told if str(step).endswith(EVERY_WEEK_PUBLISHED)}
    for step in [event.step_key for event in ends if event.step_key not in consequences]:
        error = failures[step].error if step in failures else None
        reason = (step in told and told[step].description) or (error and (error.cause or error).message) or ""
        subject = f"{str(step).replace('__', '/')} in job {run.job_name}"
        yield seen(subject=subject, failed=step in failures, reason=f"{weeks}{reason.strip()}")
    unexplained = run.status == dg.DagsterRunStatus.FAILURE and not failures
    if unexplained or run.is_success:
        reason = (end.dagster_event.message if end.dagster_event else None) or "it ended without a failed step"
        yield seen(subject=f"job {run.job_name}", failed=unexplained, reason=f"{weeks}{reason}")


def _newest_evaluations(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.AssetCheckEvaluation]:
    """One for each check and partition: the last, where a step was tried again."""
    newest: dict[tuple[dg.AssetCheckKey, str | None], dg.AssetCheckEvaluation] = {}
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION):
        if entry.dagster_event:
            evaluation = entry.dagster_event.asset_check_evaluation_data
            newest[evaluation.asset_check_key, evaluation.partition] = evaluation
    return list(newest.values())


def _newest_by_step(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterEvent]:
    ends = {dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE}
    entries = instance.all_logs(run.run_id, of_type=ends)
    return list({entry.step_key: entry.dagster_event for entry in entries if entry.dagster_event}.values())


def _is_failure(evaluation: dg.AssetCheckEvaluation) -> bool:
    return not evaluation.passed and evaluation.severity == dg.AssetCheckSeverity.ERROR


def _reason(evaluation: dg.AssetCheckEvaluation) -> str:
    named = evaluation.metadata.get("reason") or evaluation.metadata.get("reasons")
    return str(named.value) if named else evaluation.description or "the check says no more"


def _partitions(run: dg.DagsterRun) -> list[str]:
    """The weeks (or the season) the run was asked for."""
    weeks = [f"{week}" for week in weeks_of_run(run.tags)]
    return weeks or ([run.tags[PARTITION]] if PARTITION in run.tags else [])
