"""Dagster's home, which make, `python -m nba_assets` and Dagster's own programs must all find."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from nba_assets.dagster_instance import home as home_module
from nba_assets.dagster_instance.home import (
    CONFIGURATION,
    check_home,
    default_home,
    env_file,
    own_home,
    prepare_home,
)
from nba_assets.errors import SettingsError
from nba_assets.settings import REPOSITORY, Settings

REAL = {"NBA_SOURCE": "balldontlie"}
GOOGLE = {"NBA_WAREHOUSE": "bigquery", "NBA_BIGQUERY_PROJECT": "a-project"}


def run(*arguments: str, cwd: Path = REPOSITORY, **variables: str) -> subprocess.CompletedProcess[str]:
    """A program of the virtual environment with these variables of the project and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NBA_", "DAGSTER_"))}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=90,
    )


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "dagster"),
        ({"NBA_SOURCE": "sample", "NBA_WAREHOUSE": "duckdb"}, "dagster"),
        (REAL, "dagster-balldontlie"),
        (GOOGLE, "dagster-bigquery"),
        (REAL | GOOGLE, "dagster-balldontlie-bigquery"),
    ],
)
def test_each_source_and_warehouse_has_a_history_of_its_own(variables: dict[str, str], name: str) -> None:
    assert own_home(Settings.from_environment(variables)) == REPOSITORY / "var" / name
    assert own_home(Settings.from_environment({**variables, "NBA_DATA": "/data"})) == Path("/data") / name


def test_a_home_is_made_named_and_configured(tmp_path: Path) -> None:
    environment = {"NBA_DATA": str(tmp_path / "a b" / "var")}
    home = prepare_home(environment)
    assert home == tmp_path / "a b" / "var" / "dagster"
    assert environment["DAGSTER_HOME"] == str(home)
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]
    assert (home / "dagster.yaml").read_text() == CONFIGURATION.read_text()


@pytest.mark.parametrize(
    ("older", "named", "renewed"),
    [
        pytest.param(True, "dagster", True, id="our own, older"),
        pytest.param(False, "dagster", False, id="our own, edited since"),
        pytest.param(True, "production", False, id="somebody's, older"),
    ],
)
def test_only_an_older_configuration_of_our_own_is_replaced(
    tmp_path: Path, older: bool, named: str, renewed: bool
) -> None:
    configuration = tmp_path / named / "dagster.yaml"
    configuration.parent.mkdir()
    configuration.write_text("telemetry: {enabled: false}\n")
    if older:
        os.utime(configuration, (0, 0))
    prepare_home({"NBA_DATA": str(tmp_path), "DAGSTER_HOME": str(configuration.parent)})
    assert (configuration.read_text() == CONFIGURATION.read_text()) is renewed


@pytest.mark.parametrize(
    ("home", "told"),
    [
        ("", "DAGSTER_HOME='': use an absolute path, or unset it for {data}/dagster"),
        ("var/dagster", "DAGSTER_HOME='var/dagster': use an absolute path, or unset it for {data}/dagster"),
        ("{data}/file", "DAGSTER_HOME='{data}/file' cannot be used (File exists): use a folder that can be written"),
        ("{data}/file/x", "DAGSTER_HOME='{data}/file/x' cannot be used (Not a directory): use a folder"),
        ("/proc/home", "DAGSTER_HOME='/proc/home' cannot be used ("),
    ],
)
def test_an_unusable_home_is_an_error_of_one_line(tmp_path: Path, home: str, told: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError) as error:
        prepare_home({"NBA_DATA": str(tmp_path), "DAGSTER_HOME": home.format(data=tmp_path)})
    assert str(error.value).startswith(told.format(data=tmp_path))
    assert "\n" not in str(error.value)


def test_an_unusable_data_folder_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=f"^{tmp_path}/file/dagster, Dagster's home below NBA_DATA, cannot be used"):
        prepare_home({"NBA_DATA": str(tmp_path / "file")})


def test_the_command_line_ends_with_one_line_and_the_reason() -> None:
    ended = run("nba_assets", "backfill", DAGSTER_HOME="")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: DAGSTER_HOME='': use an absolute path")
    assert len(ended.stderr.splitlines()) == 1


def test_the_home_is_printed_for_an_export(tmp_path: Path) -> None:
    printed = run("nba_assets", "home", NBA_DATA=str(tmp_path), NBA_SOURCE="balldontlie")
    assert printed.stdout == f"{tmp_path}/dagster-balldontlie\n"


def test_dev_on_a_port_that_is_taken_says_so_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run("nba_assets", "dev", "--port", f"{port}", NBA_DATA=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr == f"Error: port {port} of 127.0.0.1 is taken by another program: choose another with --port\n"


def test_dev_with_an_invalid_variable_is_an_error_of_one_line(tmp_path: Path) -> None:
    ended = run("nba_assets", "dev", NBA_DATA=str(tmp_path), NBA_FIRST_WEEK="tomorrow")
    assert ended.returncode == 1
    assert ended.stderr == "Error: NBA_FIRST_WEEK='tomorrow': use a date such as 2021-10-01\n"


def test_plain_dagster_finds_the_home_and_an_export_overrides_it(tmp_path: Path) -> None:
    """Dagster reads .env of the folder it is started from before it opens its instance."""
    named, exported = (prepare_home({"NBA_DATA": str(tmp_path / name)}) for name in ('a "b" \\c', "exported"))
    (tmp_path / ".env").write_text(env_file(named))
    for variables, home in (({}, named), ({"DAGSTER_HOME": str(exported)}, exported)):
        told = run("dagster", "instance", "info", cwd=tmp_path, **variables)
        assert f"$DAGSTER_HOME: {home}\n" in told.stdout, told.stderr


@pytest.mark.parametrize("kept", [None, "NBA_SOURCE=balldontlie\n"])
def test_the_default_home_is_written_for_plain_dagster_unless_there_is_an_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str | None
) -> None:
    monkeypatch.setattr(home_module, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(home_module, "default_home", lambda: tmp_path / "dagster")
    if kept:
        (tmp_path / ".env").write_text(kept)
    prepare_home({"NBA_DATA": str(tmp_path), **REAL})
    assert (tmp_path / ".env").exists() is bool(kept)
    prepare_home({"NBA_DATA": str(tmp_path)})
    assert (tmp_path / ".env").read_text() == (kept or env_file(tmp_path / "dagster"))


def test_dagster_dev_is_refused_without_a_home_and_with_that_of_another_source() -> None:
    sample, real = Settings.from_environment({}), Settings.from_environment(REAL)
    check_home(sample, {"DAGSTER_HOME": str(default_home())})
    check_home(real, {"DAGSTER_HOME": "/somewhere"})
    check_home(real, {})
    with pytest.raises(SettingsError, match="DAGSTER_HOME is not set, so the history would be deleted"):
        check_home(sample, {"DAGSTER_IS_DEV_CLI": "1"})
    with pytest.raises(SettingsError, match=r"these variables is kept: use '.*/dagster-balldontlie'"):
        check_home(real, {"DAGSTER_HOME": str(default_home())})
