"""A project on the small league whose runs happen in this process, and what Dagit would show of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceRequestContext
from dagster_graphql.schema import create_schema

from nba_assets.automation.jobs import week_range_tags
from nba_assets.definitions import build_definitions
from nba_assets.settings import REPOSITORY, Settings
from nba_assets.tables import Table
from nba_assets.warehouse.duckdb import DuckDBWarehouse
from nba_assets.weekly.retries import INTERACTIVE
from nba_assets_tests.support.small_week import BOX_SCORE_TABLES, NoReports, SmallLeague

SCHEMA = create_schema()
PARTITION_STATUSES = """
query ($key: AssetKeyInput!) {
  assetNodeOrError(assetKey: $key) { ... on AssetNode { assetChecksOrError { ... on AssetChecks { checks {
    name partitionStatuses { ... on AssetCheckTimePartitionStatuses { ranges { startKey endKey status } } }
  } } } } }
}"""
EXECUTIONS = """
query ($key: AssetKeyInput!, $check: String!, $partition: String!) {
  assetCheckExecutions(assetKey: $key, checkName: $check, partition: $partition, limit: 50) {
    status runId evaluation { partition success severity description targetMaterialization { runId }
      metadataEntries { label ... on TextMetadataEntry { text } ... on IntMetadataEntry { intValue }
                        ... on FloatMetadataEntry { floatValue } } }
  }
}"""


@dataclass
class WeeklyRuns:
    """Materializes the box-score tables of the small league, and asks Dagster's own API what came of it."""

    folder: Path
    instance: dg.DagsterInstance
    workspace: WorkspaceRequestContext
    league: SmallLeague = field(default_factory=SmallLeague)
    tags: Mapping[str, str] = field(default_factory=lambda: INTERACTIVE)

    @property
    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(path=f"{self.folder}/sample.duckdb")

    @functools.cached_property
    def definitions(self) -> dg.Definitions:
        source = dg.ResourceDefinition.hardcoded_resource(self.league)
        settings = Settings.from_environment({"NBA_DATA": str(self.folder)})
        return build_definitions(settings, source=source, injury_report_source=NoReports())

    @functools.cached_property
    def _job(self) -> dg.JobDefinition:
        return self.definitions.resolve_implicit_global_asset_job_def()

    def run(
        self, *weeks: dt.date, tables: Sequence[Table] = BOX_SCORE_TABLES, **config_of_games: object
    ) -> dg.ExecuteInProcessResult:
        """One run: a single week by its tag, several as the range from the first to the last."""
        return self._job.execute_in_process(
            instance=self.instance,
            asset_selection=[table.asset_key for table in tables],
            partition_key=f"{weeks[0]}" if len(weeks) == 1 else None,
            tags={**self.tags, **(week_range_tags(weeks) if len(weeks) > 1 else {})},
            run_config={"ops": {"nba_raw__bdl_games": {"config": config_of_games}}} if config_of_games else None,
            raise_on_error=False,
        )

    def published(self, table: Table) -> list[dt.date]:
        """The weeks that Dagster counts as materialized."""
        return sorted(map(dt.date.fromisoformat, self.instance.get_materialized_partitions(table.asset_key)))

    def states(self, table: Table, weeks: Sequence[dt.date]) -> dict[str, list[str]]:
        """For each weekly check of the table, the state of each week on the check's page in Dagit."""
        answer = self._ask(PARTITION_STATUSES, key={"path": table.asset_key.path})
        checks = answer["assetNodeOrError"]["assetChecksOrError"]["checks"]
        return {
            check["name"]: [_state(check["partitionStatuses"]["ranges"], f"{week}") for week in weeks]
            for check in checks
            if check["partitionStatuses"]
        }

    def executions(self, table: Table, check: str, week: dt.date) -> list[Mapping[str, Any]]:
        """What Dagit lists of a check for one week, newest first."""
        answer = self._ask(EXECUTIONS, key={"path": table.asset_key.path}, check=check, partition=f"{week}")
        return list(answer["assetCheckExecutions"])

    def _ask(self, query: str, **variables: object) -> Mapping[str, Any]:
        self.workspace.loaders.clear()
        answer = asyncio.run(SCHEMA.execute_async(query, context_value=self.workspace, variable_values=variables))
        assert not answer.errors, answer.errors
        assert answer.data
        return answer.data


def _state(ranges: Sequence[Mapping[str, str]], key: str) -> str:
    return next((each["status"] for each in ranges if each["startKey"] <= key <= each["endKey"]), "MISSING")


@contextmanager
def weekly_runs(folder: Path, *weeks: dt.date) -> Iterator[WeeklyRuns]:
    """A fresh project in `folder`, with Dagster's instance as the project configures it, and right weeks to ask for."""
    home = folder / "dagster"
    home.mkdir(parents=True)
    shutil.copy(REPOSITORY / "deploy" / "local" / "dagster.yaml", home)
    project = LoadableTargetOrigin(executable_path=sys.executable, module_name="nba_assets.definitions")
    with (
        pytest.MonkeyPatch.context() as environment,
        ExitStack() as opened,
    ):
        environment.setenv("DAGSTER_HOME", str(home))
        instance = opened.enter_context(dg.DagsterInstance.from_config(str(home)))
        runs = WeeklyRuns(folder, instance, opened.enter_context(in_process_test_workspace(instance, project)))
        for week in weeks:
            runs.league.answer(week)
        yield runs


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """The message of each failed step."""
    return {
        str(event.step_key): str(event.step_failure_data.user_failure_data.description)
        if event.step_failure_data.user_failure_data
        else event.step_failure_data.error_display_string
        for event in result.all_events
        if event.is_step_failure
    }
