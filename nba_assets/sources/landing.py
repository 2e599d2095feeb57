"""The landing folder: answers of closed weeks, kept page by page as they arrive, on disk or in a bucket."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from upath import UPath

from nba_assets.errors import SourceError


class Landing:
    """Pages of one service under `root`/<week>/<kind>-<page>.json, each with the instant it was fetched.

    A page is one JSON object, so one that was cut short by a kill does not parse and counts as missing.
    """

    def __init__(self, root: UPath):
        self._root = root

    def page(self, week: dt.date, kind: str, number: int) -> dict[str, Any] | None:
        """The kept page, `{"fetched_at": …, "body": …}`; None where there is none or only a part of one."""
        try:
            kept = orjson.loads(self._path(week, kind, number).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return kept if isinstance(kept, dict) and "body" in kept else None

    def keep(self, week: dt.date, kind: str, number: int, page: dict[str, Any]) -> None:
        path = self._path(week, kind, number)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(orjson.dumps(page))
        except Exception as error:  # a bucket's client has errors of many kinds
            raise SourceError(
                f"week {week}: the answer cannot be kept at {path} ({_told(error)}). "
                "Free space, fix permissions or set NBA_LANDING; weeks stored so far stand."
            ) from error

    def document(self, *path: str) -> bytes | None:
        """The document kept at `path` below the root; None where there is none."""
        place = self._root.joinpath(*path)
        try:
            document: bytes = place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(
                f"the kept answer {place} cannot be read ({error.strerror or error}). "
                "Fix permissions or set NBA_LANDING; what is stored so far stands."
            ) from error
        return document

    def keep_document(self, document: bytes, *path: str) -> None:
        """Keep a document that does not tell by itself whether it is whole: it gets its name once it is written."""
        place = self._root.joinpath(*path)
        part = place.with_name(f"{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(document)
            part.rename(place)
        except Exception as error:  # a bucket's client has errors of many kinds
            raise SourceError(
                f"the answer cannot be kept at {place} ({_told(error)}). "
                "Free space, fix permissions or set NBA_LANDING; what is stored so far stands."
            ) from error

    def quarantine(self, week: dt.date, kind: str, why: str) -> None:
        """Move the kept pages to names no reader looks for, `why`-<instant>-<name>: "refused" ones are evidence."""
        folder = self._root / week.isoformat()
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        try:
            for path in list(folder.glob(f"{kind}-*.json")) if folder.exists() else []:
                path.rename(folder / f"{why}-{stamp}-{path.name}")
        except Exception as error:  # a bucket's client has errors of many kinds
            raise SourceError(
                f"week {week}: the kept answers in {folder} cannot be set aside ({_told(error)}). "
                "Fix its permissions, then materialize the week with refresh: true."
            ) from error

    def _path(self, week: dt.date, kind: str, number: int) -> UPath:
        return self._root / week.isoformat() / f"{kind}-{number:04d}.json"


def _told(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
