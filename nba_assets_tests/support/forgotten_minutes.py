"""A run that goes wrong the way the API once did: one week comes without minutes, and the weeks around it are good."""

import datetime as dt
from collections.abc import Sequence

import dagster as dg
import pytest

from nba_assets.definitions import build_definitions
from nba_assets.settings import Settings
from nba_assets.sources.interface import Fetched
from nba_assets.sources.sample.source import SampleSource
from nba_assets_tests.support.command_line import Project


class ForgetfulSource(SampleSource):
    """The sample league, but the minutes of the week `forgotten` are NULL."""

    forgotten: str

    def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
        fetched = super().box_scores(week, closed=closed, refresh=refresh)
        return Fetched(fetched.rows.assign(minutes=None)) if week.isoformat() == self.forgotten else fetched


def run_raw_weeks(project: Project, first: str, last: str, forgotten: str) -> str:
    """Run the job `preflight` over `first` to `last` as the command line would; the id of the failed run."""
    source = ForgetfulSource(forgotten=forgotten)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", project.environment["DAGSTER_HOME"])
        preflight = build_definitions(Settings.from_environment(project.environment), source=source).resolve_job_def(
            "preflight"
        )
        with dg.DagsterInstance.get() as instance:
            result = preflight.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last},
            )
    assert not result.success
    return result.run_id
