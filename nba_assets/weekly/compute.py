"""From loaded frames to the rows of a run's weeks: what one week holds costs no other week its rows."""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Mapping, Sequence

import dagster as dg
import pandas as pd

from nba_assets.errors import ProjectError, SourceError, WarehouseError
from nba_assets.tables import Table
from nba_assets.weekly.load import Input, Loaded
from nba_assets.weekly.publish import WeeklyRows

Transform = Callable[..., "pd.DataFrame | WeeklyRows"]


def compute(
    context: dg.AssetExecutionContext,
    table: Table,
    transform: Transform,
    inputs: Mapping[str, Input],
    loaded: Loaded,
    wants_weeks: bool,
) -> WeeklyRows:
    """The rows of all weeks at once, or week by week when one of them holds what cannot be computed with.

    What a source or the warehouse cannot do ends the computation: it concerns every week.
    """

    def of(weeks: Sequence[dt.date]) -> WeeklyRows:
        frames = {
            name: _rows_of(frame, weeks) if inputs[name].reads_up_to is None else frame
            for name, frame in loaded.frames.items()
        }
        rows = transform(**frames, weeks=list(weeks)) if wants_weeks else transform(**frames)
        return rows if isinstance(rows, WeeklyRows) else WeeklyRows(rows)

    nothing = WeeklyRows(pd.DataFrame(columns=table.column_names))
    if not loaded.weeks:
        return nothing
    try:
        return of(loaded.weeks)
    except (SourceError, WarehouseError, dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        if len(loaded.weeks) == 1:
            return WeeklyRows(nothing.frame, {loaded.weeks[0]: reason_of(context, error)})
    good, failures = [nothing], {}
    for week in loaded.weeks:
        try:
            good.append(of([week]))
        except (SourceError, WarehouseError, dg.Failure, dg.RetryRequested):
            raise
        except Exception as error:
            failures[week] = reason_of(context, error)
    return _together(good, failures)


def reason_of(context: dg.AssetExecutionContext, error: Exception) -> str:
    """What to say of an error: its own message, or for one nobody expected its kind, with the traceback in the log."""
    if isinstance(error, ProjectError):
        return str(error)
    context.log.error(traceback.format_exc())
    return (
        f"an error nobody expected, {type(error).__name__}: {error}. Its traceback is in the log of run "
        f"{context.run.run_id[:8]}; please report it. The earlier rows stand"
    )


def _rows_of(frame: pd.DataFrame, weeks: Sequence[dt.date]) -> pd.DataFrame:
    return frame.loc[frame["week"].isin(weeks)].reset_index(drop=True)


def _together(parts: Sequence[WeeklyRows], failures: Mapping[dt.date, str]) -> WeeklyRows:
    filled = [part.frame for part in parts if len(part.frame)]
    names = {name for part in parts for name in part.measured}
    return WeeklyRows(
        pd.concat(filled, ignore_index=True) if filled else parts[0].frame,
        {**failures, **{week: why for part in parts for week, why in part.failures.items()}},
        measured={
            name: pd.concat([part.measured[name] for part in parts if name in part.measured], ignore_index=True)
            for name in names
        },
    )
