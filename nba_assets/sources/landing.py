"""The landing folder: answers of closed weeks, kept page by page as they arrive, on disk or in a bucket."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from upath import UPath

from nba_assets.sources.errors import SourceError


class Landing:
    """Pages of one service under `root`/<week>/<kind>-<page>.json, each with the instant it was fetched.

    A page is one JSON object, so one that was cut short by a kill does not parse and counts as missing.
    """

    def __init__(self, root: UPath):
        self._root = root

    def page(self, week: dt.date, kind: str, number: int) -> dict[str, Any] | None:
        """The kept page, `{"fetched_at": …, "body": …}`; None where there is none or only a part of one."""
        try:
            kept = json.loads(self._path(week, kind, number).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return kept if isinstance(kept, dict) and "body" in kept else None

    def keep(self, week: dt.date, kind: str, number: int, page: dict[str, Any]) -> None:
        path = self._path(week, kind, number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(json.dumps(page, separators=(",", ":")).encode())
        except OSError as error:
            raise SourceError(
                f"week {week}: the answer cannot be kept at {path} ({error.strerror or error}). "
                "Free space, fix permissions or set NBA_LANDING; weeks stored so far stand."
            ) from error

    def set_aside(self, week: dt.date, kind: str) -> None:
        """Move the kept pages to names no reader looks for: they are the evidence of a refused week."""
        folder = self._root / week.isoformat()
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
        for path in list(folder.glob(f"{kind}-*.json")) if folder.exists() else []:
            path.rename(folder / f"refused-{stamp}-{path.name}")

    def _path(self, week: dt.date, kind: str, number: int) -> UPath:
        return self._root / week.isoformat() / f"{kind}-{number:04d}.json"
