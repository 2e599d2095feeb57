"""Dagster's home: the folder of its history and configuration, one for each source and warehouse."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from nba_assets.errors import SettingsError
from nba_assets.settings import REPOSITORY, Settings

HOME = "DAGSTER_HOME"
CONFIGURATION = REPOSITORY / "deploy" / "local" / "dagster.yaml"
# Dagster reads `.env` in the folder it is started from, before it reads DAGSTER_HOME.
ENV_FILE = REPOSITORY / ".env"


def own_home(settings: Settings) -> Path:
    """The home below `NBA_DATA`, one for each source and warehouse, so that their histories do not mix."""
    others = [name for name in (settings.source, settings.warehouse) if name not in ("sample", "duckdb")]
    return settings.data.absolute() / "-".join(["dagster", *others])


def default_home() -> Path:
    """The home that `.env` names: the one when no variable is set."""
    return own_home(Settings.from_environment({}))


def prepare_home(environment: MutableMapping[str, str] = os.environ) -> Path:
    """Create the home (`DAGSTER_HOME`, by default our own), configure it and set `DAGSTER_HOME` to it.

    Our own home gets deploy/local/dagster.yaml whenever that is newer; another one only if it has no dagster.yaml.
    SettingsError names a home that cannot be used.
    """
    settings = Settings.from_environment(environment)
    own = own_home(settings)
    home = _given_home(environment, own)
    check_home(settings, environment)
    try:
        home.mkdir(parents=True, exist_ok=True)
        _configure(home, renew=home == own)
        with tempfile.TemporaryFile(dir=home):
            pass
        if home == default_home() and not ENV_FILE.exists():
            ENV_FILE.write_text(env_file(home))
    except OSError as error:
        name = f"{HOME}={str(home)!r}" if HOME in environment else f"{own}, Dagster's home below NBA_DATA,"
        raise SettingsError(f"{name} cannot be used ({error.strerror}): use a folder that can be written") from None
    environment[HOME] = str(home)
    return home


def check_home(settings: Settings, environment: Mapping[str, str] = os.environ) -> None:
    """SettingsError if Dagster would keep this history in a temporary folder or in that of another source."""
    given = environment.get(HOME)
    if not given and environment.get("DAGSTER_IS_DEV_CLI"):
        raise SettingsError(
            f"{HOME} is not set, so the history would be deleted at the end: start `python -m nba_assets dev`, "
            'or export DAGSTER_HOME="$(python -m nba_assets home)" first'
        )
    own, default = own_home(settings), default_home()
    if given and Path(given) == default != own:
        raise SettingsError(f"{HOME}={given!r} is not where the history of these variables is kept: use {str(own)!r}")


def env_file(home: Path) -> str:
    """The text of `.env` with which plain `dagster` finds this home; an exported DAGSTER_HOME overrides it."""
    quoted = str(home).replace("\\", "\\\\").replace('"', '\\"')
    return f'{HOME}="${{{HOME}:-{quoted}}}"\n'


def _given_home(environment: Mapping[str, str], own: Path) -> Path:
    """`DAGSTER_HOME` if it is set, else our own home."""
    if HOME not in environment:
        return own
    home = Path(environment[HOME]).expanduser()
    if not home.is_absolute():
        raise SettingsError(f"{HOME}={environment[HOME]!r}: use an absolute path, or unset it for {own}")
    return home


def _configure(home: Path, *, renew: bool) -> None:
    """Copy dagster.yaml atomically, because another program may be reading it."""
    target = home / CONFIGURATION.name
    if target.exists() and not (renew and target.stat().st_mtime < CONFIGURATION.stat().st_mtime):
        return
    copy = home / f".{target.name}.{os.getpid()}"
    copy.write_bytes(CONFIGURATION.read_bytes())
    copy.replace(target)
