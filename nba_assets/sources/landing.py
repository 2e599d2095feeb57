"""The landing folder: responses of sources, kept on disk or in a bucket."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
from upath import UPath

from nba_assets.errors import SourceError


class Landing:
    """Pages of one service, at `root`/<week>/<kind>-<page>.json, and other documents.

    A page is one JSON object: if a killed process wrote only a part of it, it does not parse and counts as missing.
    """

    def __init__(self, root: UPath):
        self._root = root

    def page(self, week: dt.date, kind: str, number: int) -> dict[str, Any] | None:
        """The kept page, `{"fetched_at": …, "body": …}`; None if there is none or only a part of it."""
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
                f"week {week}: the response cannot be written to {path} ({_message(error)}). "
                "Free space, fix permissions or set NBA_LANDING; nothing stored was lost."
            ) from error

    def document(self, *path: str) -> bytes | None:
        """The document kept at `path` under the root; None if there is none."""
        place = self._root.joinpath(*path)
        try:
            document: bytes = place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SourceError(
                f"the kept response {place} cannot be read ({error.strerror or error}). "
                "Fix permissions or set NBA_LANDING; nothing stored was lost."
            ) from error
        return document

    def keep_document(self, document: bytes, *path: str) -> None:
        """Write a document of any format; it is renamed to its name once it is complete."""
        place = self._root.joinpath(*path)
        part = place.with_name(f"{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(document)
            part.rename(place)
        except Exception as error:  # a bucket's client has errors of many kinds
            raise SourceError(
                f"the response cannot be written to {place} ({_message(error)}). "
                "Free space, fix permissions or set NBA_LANDING; nothing stored was lost."
            ) from error

    def quarantine(self, week: dt.date, kind: str, why: str) -> None:
        """Rename the kept pages to `why`-<instant>-<name>, which is not read again but can be examined."""
        folder = self._root / week.isoformat()
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        try:
            for path in list(folder.glob(f"{kind}-*.json")) if folder.exists() else []:
                path.rename(folder / f"{why}-{stamp}-{path.name}")
        except Exception as error:  # a bucket's client has errors of many kinds
            raise SourceError(
                f"week {week}: the kept responses in {folder} cannot be renamed ({_message(error)}). "
                "Fix its permissions, then materialize the week with refresh: true."
            ) from error

    def _path(self, week: dt.date, kind: str, number: int) -> UPath:
        return self._root / week.isoformat() / f"{kind}-{number:04d}.json"


def _message(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
