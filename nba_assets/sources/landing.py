"""The landing folder: responses of sources, kept on disk or in a bucket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson
from upath import UPath

from nba_assets.errors import SourceError

WRITE_AGAIN = "Free space, fix permissions or set NBA_LANDING; nothing stored was lost."


class Landing:
    """Pages of one service, at `root`/<week or season>/<kind>-<page>.json, and other documents.

    A page is one JSON object: if a killed process wrote only a part of it, it does not parse and counts as missing.
    """

    def __init__(self, root: UPath):
        self._root = root

    @classmethod
    def for_host(cls, landing: str, base_url: str) -> Landing:
        """The subfolder of `landing`, a folder or bucket URL, that is named like the host of `base_url`."""
        return cls(UPath(landing) / urlsplit(base_url).netloc.replace(":", "_"))

    def page(self, folder: dt.date | str, kind: str, number: int) -> dict[str, Any] | None:
        """The kept page, `{"fetched_at": …, "body": …}`; None if there is none or only a part of it."""
        try:
            kept = orjson.loads(self._path(folder, kind, number).read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return kept if isinstance(kept, dict) and "body" in kept else None

    def keep(self, folder: dt.date | str, kind: str, number: int, page: dict[str, Any]) -> None:
        path = self._path(folder, kind, number)
        with _explained(
            f"{f'week {folder}' if isinstance(folder, dt.date) else folder}: the response cannot be written to {path}",
            WRITE_AGAIN,
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(orjson.dumps(page))

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
        with _explained(f"the response cannot be written to {place}", WRITE_AGAIN):
            place.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(document)
            part.rename(place)

    def quarantine(self, folder: dt.date | str, kind: str, why: str) -> None:
        """Rename the kept pages to `why`-<instant>-<name>, which is not read again but can be examined."""
        place = self._root / f"{folder}"
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%f")
        next_step = "Fix its permissions, then materialize the week with refresh: true."
        with _explained(f"{_named(folder)}: the kept responses in {place} cannot be renamed", next_step):
            for path in list(place.glob(f"{kind}-*.json")) if place.exists() else []:
                path.rename(place / f"{why}-{stamp}-{path.name}")

    def _path(self, folder: dt.date | str, kind: str, number: int) -> UPath:
        return self._root / f"{folder}" / f"{kind}-{number:04d}.json"


def _named(folder: dt.date | str) -> str:
    return f"week {folder}" if isinstance(folder, dt.date) else folder


@contextmanager
def _explained(failure: str, next_step: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # a bucket's client has errors of many kinds
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise SourceError(f"{failure} ({reason}). {next_step}") from error
