"""The interface of every warehouse."""

from __future__ import annotations

import datetime as dt
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from nba_assets.partitions import last_day
from nba_assets.tables import Table

Query = Callable[[str, Mapping[str, Any]], pd.DataFrame]


@dataclass(frozen=True)
class Publication:
    """One write of some weeks of a table, as PUBLICATIONS records it.

    run_id, code_version: of the asset that computed the rows. read_up_to: when the newest rows it read were published.
    """

    run_id: str | None = None
    code_version: str | None = None
    read_up_to: dt.datetime | None = None
    publication_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Reader:
    """Reads published tables like `Warehouse.query` and `Warehouse.read_weeks`.

    consistent: no other process writes between its reads.
    """

    query: Query
    read_weeks: Callable[[Table, Sequence[dt.date]], pd.DataFrame]
    consistent: bool = False


def window_parameters(sql: str, weeks: Sequence[dt.date]) -> dict[str, Any]:
    """Those of @weeks, @first_day and @last_day that the SQL names; date bounds let BigQuery skip partitions."""
    window = {"weeks": list(weeks), "first_day": min(weeks), "last_day": last_day(max(weeks))}
    return {name: value for name, value in window.items() if f"@{name}" in sql}


class Staged(ABC):
    """Rows in a staging table, to be audited and then published or dropped."""

    name: str
    """The staging table's name in SQL."""

    @abstractmethod
    def query(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        """The result of a SELECT that may read the staged rows under `name`, and every table."""

    @abstractmethod
    def publish(self, weeks: Sequence[dt.date], publication: Publication | None = None) -> dict[dt.date, int]:
        """Replace exactly these weeks of the table by the staged rows, atomically; returns rows read back by week.

        A week without staged rows becomes empty. Each week's publication is recorded in PUBLICATIONS; a failure changes
        neither table, or leaves the record incomplete. It is an error if the rows read back differ from those staged.
        """


class Warehouse(dg.ConfigurableResource[Any], ABC):
    """Tables of `nba_assets.tables`, read and written whole weeks at a time.

    SQL given to `query` names parameters as @name, tables as dataset.table, and runs on every warehouse.
    """

    def is_there(self) -> bool:
        """Whether it has ever been written to."""
        return True

    @abstractmethod
    def stage(self, table: Table, rows: pa.Table) -> AbstractContextManager[Staged]:
        """Write rows of the table's declared schema to a staging table; leaving the block drops it."""

    @abstractmethod
    def merge(self, table: Table, rows: pa.Table) -> int:
        """Insert rows with new keys and update rows with known keys, in one statement; returns the rows read back.

        Nothing is deleted. Two rows with one key are an error, and nothing is changed.
        """

    @abstractmethod
    def read_weeks(self, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
        """The rows of these weeks, all declared columns, ordered by date and key."""

    @abstractmethod
    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The result of a SELECT over published tables."""

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """A reader for several reads over one connection."""
        yield Reader(self.query, self.read_weeks)
