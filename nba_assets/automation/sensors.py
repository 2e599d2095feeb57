"""The alert sensors: they read the events of finished runs and send messages about new failures and recoveries.

They are plain sensors that keep their state in the cursor. Dagster's run_failure_sensor advances its cursor even if its
function fails, which would lose undelivered messages. A tick that dies before its cursor is stored is repeated.
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

RUN_END_EVENTS: tuple[RunStatusChangeEventType, ...] = (
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
)
TICK_INTERVAL = 30  # seconds
RUNS_PER_TICK = 50
DELIVERY_TIME = 20.0  # seconds of a tick for sending messages; the rest are sent in the next tick
BACKFILL = "dagster/backfill"

Observer = Callable[[dg.DagsterInstance, dg.DagsterRun, dg.EventLogEntry, str], Iterator[Observation]]


def alert_sensors(alerts: AlertSettings) -> list[dg.SensorDefinition]:
    """Both sensors; they are stopped until somebody starts them in Dagit."""
    checks = "Sends an alert when weeks fail a check and when they pass again."
    runs = "Sends an alert when a run fails for another reason than a check and when it succeeds again."
    return [
        _alert_sensor("failed_checks", checks, observe_checks, alerts),
        _alert_sensor("failed_runs", runs, observe_steps, alerts),
    ]


def _alert_sensor(name: str, description: str, observe: Observer, alerts: AlertSettings) -> dg.SensorDefinition:
    @dg.sensor(name=name, description=description, minimum_interval_seconds=TICK_INTERVAL)
    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        state = AlertState.model_validate_json(context.cursor or "{}")
        summary = tick(context.instance, state, observe, alerts, time.time(), context.log.warning)
        return dg.SensorResult(cursor=state.model_dump_json(exclude_defaults=True), skip_reason=summary)

    return evaluate


def tick(
    instance: dg.DagsterInstance,
    state: AlertState,
    observe: Observer,
    alerts: AlertSettings,
    now: float,
    log: Callable[[str], object],
) -> str:
    """Read runs that finished since the last tick, deliver messages and update `state`; a summary for Dagit."""
    finished = _finished_runs(instance, state.read_up_to)
    for record in finished:
        run = instance.get_run_by_id(record.run_id)
        if run:
            state.update(observe(instance, run, record.event_log_entry, alerts.dagit_url), now)
        state.read_up_to = record.storage_id
    state.write_messages(now, lambda backfill: _is_running(instance, backfill))
    if len(finished) < RUNS_PER_TICK:
        state.write_left_out()
    delivered, until = 0, time.monotonic() + DELIVERY_TIME
    while state.outbox and time.monotonic() < until:
        try:
            deliver(alerts, state.outbox[0])
        except NotDelivered as problem:
            log(f"{problem}: {len(state.outbox)} messages are kept for later")
            break
        log(state.outbox.pop(0))
        delivered += 1
    return f"{len(finished)} finished runs read, {delivered} messages sent, {len(state.outbox)} kept for later"


def _finished_runs(instance: dg.DagsterInstance, after: int) -> list[dg.EventLogRecord]:
    finished = [
        record
        for kind in RUN_END_EVENTS
        for record in instance.fetch_run_status_changes(
            dg.RunStatusChangeRecordsFilter(kind, after_storage_id=after), limit=RUNS_PER_TICK, ascending=True
        ).records
    ]
    return sorted(finished, key=lambda record: record.storage_id)[:RUNS_PER_TICK]


def _is_running(instance: dg.DagsterInstance, backfill: str) -> bool:
    known = instance.get_backfill(backfill)
    return known is not None and known.status not in BULK_ACTION_TERMINAL_STATUSES


def observe_checks(
    instance: dg.DagsterInstance, run: dg.DagsterRun, end: dg.EventLogEntry, dagit: str
) -> Iterator[Observation]:
    """Each check that the run evaluated, by week; a warning is not a failure.

    every_week_published also fails for weeks that other checks refused; it is observed as failed only for the others.
    """
    evaluations = _newest_evaluations(instance, run)
    refused_by_checks = {each.partition for each in evaluations if _is_failure(each)}
    for evaluation in evaluations:
        asset = evaluation.asset_key.to_user_string()
        subject = f"{evaluation.check_name} of {asset}"
        link = f"{dagit}/assets/{asset}?view=checks&checkDetail={evaluation.check_name}"
        backfill = run.tags.get(BACKFILL, "")
        observed = functools.partial(Observation, subject, at=end.timestamp, link=link, backfill=backfill)
        if evaluation.check_name == EVERY_WEEK_PUBLISHED:
            refused = {*str(evaluation.metadata["refused_weeks"].value).split(", ")} - refused_by_checks
            for week in _partitions(run):
                yield observed(week, week in refused, reason="it was not published, and no check of the run says why")
        else:
            yield observed(evaluation.partition or "", _is_failure(evaluation), reason=_reason(evaluation))


def observe_steps(
    instance: dg.DagsterInstance, run: dg.DagsterRun, end: dg.EventLogEntry, dagit: str
) -> Iterator[Observation]:
    """Each step of the run, and the run itself if it succeeded or failed without a failed step, as when it was killed.

    The step of every_week_published is left out: it fails because of a check, which observe_checks reports.
    """
    partitions = _partitions(run)
    last = f" to {partitions[-1]}" if len(partitions) > 1 else ""
    weeks = f"Run of {partitions[0]}{last}: " if partitions else ""
    observed = functools.partial(Observation, partition="", at=end.timestamp, link=f"{dagit}/runs/{run.run_id}")
    ends = _newest_by_step(instance, run)
    failures = {event.step_key: event.step_failure_data for event in ends if event.is_step_failure}
    user = {step: failure.user_failure_data for step, failure in failures.items() if failure.user_failure_data}
    consequences = {step for step in user if str(step).endswith(EVERY_WEEK_PUBLISHED)}
    for step in [event.step_key for event in ends if event.step_key not in consequences]:
        error = failures[step].error if step in failures else None
        reason = (step in user and user[step].description) or (error and (error.cause or error).message) or ""
        subject = f"{str(step).replace('__', '/')} in job {run.job_name}"
        yield observed(subject=subject, failed=step in failures, reason=f"{weeks}{reason.strip()}")
    unexplained = run.status == dg.DagsterRunStatus.FAILURE and not failures
    if unexplained or run.is_success:
        reason = (end.dagster_event.message if end.dagster_event else None) or "it ended without a failed step"
        yield observed(subject=f"job {run.job_name}", failed=unexplained, reason=f"{weeks}{reason}")


def _newest_evaluations(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.AssetCheckEvaluation]:
    """The last evaluation of each check and partition: a retried step evaluates them again."""
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
    return str(named.value) if named else evaluation.description or "the check gives no reason"


def _partitions(run: dg.DagsterRun) -> list[str]:
    """The weeks, or the season, of the run."""
    weeks = [f"{week}" for week in weeks_of_run(run.tags)]
    return weeks or ([run.tags[PARTITION]] if PARTITION in run.tags else [])
