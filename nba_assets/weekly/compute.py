"""Computes the rows of a run's weeks; a row that cannot be computed fails only its own week."""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Mapping, Sequence

import dagster as dg
import pandas as pd

from nba_assets.errors import ProjectError, SourceError, WarehouseError
from nba_assets.tables import Table
from nba_assets.tables.frames import concatenated
from nba_assets.weekly.load import Input, Loaded
from nba_assets.weekly.publish import WeeklyRows

Transform = Callable[..., "pd.DataFrame | WeeklyRows"]
FAIL_EVERY_WEEK = (SourceError, WarehouseError, dg.Failure, dg.RetryRequested)


def compute(
    context: dg.AssetExecutionContext,
    table: Table,
    transform: Transform,
    inputs: Mapping[str, Input],
    loaded: Loaded,
    takes_weeks: bool,
) -> WeeklyRows:
    """The rows of all weeks at once or, if that fails, week by week, with the reason why each failed week failed.

    Errors of a source or the warehouse are raised: they concern every week.
    """
    no_rows = WeeklyRows(pd.DataFrame(columns=table.column_names))

    def compute_weeks(weeks: Sequence[dt.date]) -> WeeklyRows:
        frames = {
            name: _rows_of(frame, weeks) if inputs[name].reads_up_to is None else frame
            for name, frame in loaded.frames.items()
        }
        try:
            rows = transform(**frames, weeks=list(weeks)) if takes_weeks else transform(**frames)
            return rows if isinstance(rows, WeeklyRows) else WeeklyRows(rows)
        except FAIL_EVERY_WEEK:
            raise
        except Exception as error:
            if len(weeks) == 1:
                return WeeklyRows(no_rows.frame, {weeks[0]: failure_reason(context, error)})
        return _combined([no_rows, *(compute_weeks([week]) for week in weeks)])

    return compute_weeks(loaded.weeks) if loaded.weeks else no_rows


def failure_reason(context: dg.AssetExecutionContext, error: Exception) -> str:
    """The message of an error of ours; of any other one its type and message, and its traceback goes to the log."""
    if isinstance(error, ProjectError):
        return str(error)
    context.log.error(traceback.format_exc())
    return (
        f"an unexpected error, {type(error).__name__}: {error}. Its traceback is in the log of run "
        f"{context.run.run_id[:8]}; please report it. The rows stored before are unchanged"
    )


def _rows_of(frame: pd.DataFrame, weeks: Sequence[dt.date]) -> pd.DataFrame:
    return frame.loc[frame["week"].isin(weeks)].reset_index(drop=True)


def _combined(parts: Sequence[WeeklyRows]) -> WeeklyRows:
    names = {name for part in parts for name in part.measured}
    quarantined = [part.quarantined for part in parts if part.quarantined is not None]
    return WeeklyRows(
        concatenated([part.frame for part in parts]),
        {week: why for part in parts for week, why in part.failures.items()},
        quarantined=concatenated(quarantined) if quarantined else None,
        measured={
            name: pd.concat([part.measured[name] for part in parts if name in part.measured], ignore_index=True)
            for name in names
        },
    )
