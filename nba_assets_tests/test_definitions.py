"""The graph as Dagit loads it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import dagster as dg
import pytest
import yaml
from dagster._core.remote_representation.external_data import RepositorySnap

import nba_assets
from nba_assets import definitions as definitions_module
from nba_assets.checks.catalogue import checks_of
from nba_assets.definitions import box_score_source, build_definitions
from nba_assets.partitions import BACKFILL_POLICY, WEEKS
from nba_assets.settings import REPOSITORY, Settings
from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.sample.source import SampleSource
from nba_assets.tables import WEEKLY_TABLES, Table
from nba_assets.tables.asset_keys import group_of
from nba_assets_tests.support.small_week import MEASURED_TABLES, SmallLeague

THREADS, BATCHES = "OPENBLAS_NUM_THREADS", "DAGSTER_EVENT_BATCH_SIZE"

weekly_table = pytest.mark.parametrize("table", WEEKLY_TABLES, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_definitions(Settings.from_environment({"NBA_DATA": "/nowhere"}))


@pytest.fixture(scope="module")
def assets(definitions: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


def test_everything_loads_and_fits_together(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert {"preflight", "sample_week", "backfill"} <= {job.name for job in definitions.resolve_all_job_defs()}


def test_every_asset_has_a_description_and_an_owner(assets: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for key, spec in assets.items():
        assert spec.group_name == group_of(key), key
        assert spec.description, key
        assert spec.owners, key
        assert spec.kinds, key
        assert spec.code_version, key


def test_groups_sort_in_the_order_in_which_they_are_read(assets: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    groups = ["1_raw", "2_analytics", "3_features", "4_ml", "5_predictions", "6_validation"]
    assert sorted({str(spec.group_name) for spec in assets.values()}) == groups


def test_what_dagit_shows_of_the_resources_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {
        "BALLDONTLIE_API_KEY": "a-very-secret-key",
        "NBA_ALERT_WEBHOOK_URL": "https://hooks.example.com/a-very-secret-path",
    }
    for name, value in secret.items():
        monkeypatch.setenv(name, value)
    definitions = build_definitions(Settings.from_environment({"NBA_SOURCE": "balldontlie", **secret}))
    shown = dg.serialize_value(RepositorySnap.from_def(definitions.get_repository_def()))
    assert "BALLDONTLIE_API_KEY" in shown
    assert "a-very-secret" not in shown


@weekly_table
def test_a_weekly_table_is_an_asset_with_its_schema_weeks_and_checks(
    definitions: dg.Definitions, assets: dict[dg.AssetKey, dg.AssetSpec], table: Table
) -> None:
    spec = assets[table.asset_key]
    assert spec.metadata["dagster/column_schema"] == table.column_schema
    assert spec.metadata["dagster/table_name"] == table.qualified_name
    assert spec.partitions_def == WEEKS
    assert (spec.description or "").startswith(table.description)
    asset = definitions.resolve_assets_def(table.asset_key)
    assert asset.backfill_policy == BACKFILL_POLICY
    assert asset.op.pool == table.name
    checks = {check.name: check for check in asset.check_specs}
    assert set(checks) == {check.name for check in checks_of(table)}
    for check in checks_of(table):
        assert checks[check.name].partitions_def == WEEKS
        assert checks[check.name].description == check.description
        assert checks[check.name].blocking is check.blocking


@pytest.mark.parametrize("table", MEASURED_TABLES, ids=lambda table: table.name)
def test_every_weekly_table_has_the_unpartitioned_check_every_week_published(
    definitions: dg.Definitions, table: Table
) -> None:
    graph = definitions.resolve_asset_graph()
    key = dg.AssetCheckKey(table.asset_key, "every_week_published")
    assert key in graph.asset_check_keys
    assert graph.get_check_spec(key).partitions_def is None


def test_box_scores_depend_on_games_and_summaries_on_both(assets: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    upstream = {key.path[-1]: {dep.asset_key.path[-1] for dep in spec.deps} for key, spec in assets.items()}
    assert upstream["bdl_games"] == set()
    assert upstream["bdl_player_boxscores"] == {"bdl_games"}
    for summary in ("player_game_summary", "team_game_summary"):
        assert {"bdl_games", "bdl_player_boxscores"} <= upstream[summary]
    assert {table.name for table in MEASURED_TABLES[:4]} <= upstream["validation_metrics"]
    assert "validation_metrics" in upstream["backfill_report"]


@pytest.mark.parametrize(("name", "source"), [("sample", SampleSource), ("balldontlie", Balldontlie)])
def test_the_source_follows_the_environment(name: str, source: type) -> None:
    settings = Settings.from_environment({"NBA_SOURCE": name, "BALLDONTLIE_API_KEY": "a-key"})
    assert isinstance(box_score_source(settings), source)


def test_a_resource_can_be_replaced() -> None:
    league = SmallLeague()
    definitions = build_definitions(Settings.from_environment({}), source=league)
    assert definitions.resources
    assert definitions.resources["source"] is league


def test_every_program_of_dagster_loads_the_same_module_under_the_same_name() -> None:
    """`dg` and plain `dagster` read [tool.dg] of pyproject.toml and then ignore workspace.yaml.

    What is turned on in Dagit belongs to the name of the code location, which workspace.yaml takes from the module.
    """
    workspace = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())
    assert workspace == {"load_from": [{"python_module": definitions_module.__name__}]}
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]
    assert "dagster" not in tools
    project = tools["dg"]["project"]
    assert project["root_module"] == nba_assets.__name__
    assert project["code_location_target_module"] == definitions_module.__name__
    assert project["code_location_name"] == definitions_module.__name__


def test_the_instance_configuration_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text((REPOSITORY / "deploy" / "local" / "dagster.yaml").read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_settings("telemetry") == {"enabled": False}
        assert instance.run_coordinator is not None
        assert type(instance.event_log_storage).__name__ == "LocalEventLog"


ONLY_FOR_SOME_STEPS = ("gcsfs", "google.cloud.bigquery", "lxml", "matplotlib", "pypdfium2", "xgboost")


def test_loading_the_graph_loads_no_library_that_only_some_steps_use() -> None:
    loaded = printed_by("import sys, nba_assets.definitions; print(*sys.modules)").split()
    assert "pandas" in loaded
    assert not set(loaded) & set(ONLY_FOR_SOME_STEPS)


@pytest.mark.parametrize(("given", "used"), [({}, "1 1000"), ({THREADS: "3", BATCHES: "0"}, "3 0")])
def test_small_matrices_have_one_thread_and_events_come_in_groups_unless_a_person_says_otherwise(
    given: dict[str, str], used: str
) -> None:
    """Numpy looks at the first when it is loaded, so the package sets it before."""
    names = f"os.environ[{THREADS!r}], os.environ[{BATCHES!r}]"
    printed = printed_by(f"import os, sys, nba_assets; assert 'numpy' not in sys.modules; print({names})", given)
    assert printed.split("\n")[0] == used


def printed_by(program: str, given: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a new Python prints that has these variables and none of their kind from here."""
    inherited = {name: value for name, value in os.environ.items() if name not in (THREADS, BATCHES)}
    command = [sys.executable, "-c", program]
    return subprocess.check_output(command, cwd=REPOSITORY, env={**inherited, **given}, text=True)
