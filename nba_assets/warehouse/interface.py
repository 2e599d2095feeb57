"""What every warehouse can do, in the few verbs the graph needs."""

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

from nba_assets.tables import Table

Query = Callable[[str, Mapping[str, Any]], pd.DataFrame]


@dataclass(frozen=True)
class Publication:
    """One write of some weeks of a table, as PUBLICATIONS records it.

    run_id, code_version: of the asset that made the rows. read_up_to: when the newest rows it read were published.
    """

    run_id: str | None = None
    code_version: str | None = None
    read_up_to: dt.datetime | None = None
    publication_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Reader:
    """Reads published tables, as `Warehouse.query` and `Warehouse.read_weeks` do.

    consistent: nobody writes between two of its reads.
    """

    query: Query
    read_weeks: Callable[[Table, Sequence[dt.date]], pd.DataFrame]
    consistent: bool = False


class Staged(ABC):
    """Rows that wait beside their table to be measured and then published or dropped."""

    name: str
    """How SQL calls the staged rows."""

    @abstractmethod
    def query(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        """The result of a SELECT that may read the staged rows under `name`, and every table."""

    @abstractmethod
    def publish(self, weeks: Sequence[dt.date], publication: Publication | None = None) -> dict[dt.date, int]:
        """Replace exactly these weeks of the table by the staged ones, atomically; rows read back for each week.

        The publication of each week is recorded in PUBLICATIONS; a failure leaves both as they were, or leaves the
        record incomplete.

        A week without staged rows ends empty. A count read back that differs from the staged one is an error, and
        then nothing has changed.
        """


class Warehouse(dg.ConfigurableResource[Any], ABC):
    """Tables of `nba_assets.tables`, read and written whole weeks at a time.

    SQL given to `query` names parameters as @name, tables as dataset.table, and runs on every warehouse.
    """

    def is_there(self) -> bool:
        """Whether anything was ever written to it."""
        return True

    @abstractmethod
    def stage(self, table: Table, rows: pa.Table) -> AbstractContextManager[Staged]:
        """Put rows (of the table's declared schema) beside their table; leaving the block drops them."""

    @abstractmethod
    def merge(self, table: Table, rows: pa.Table) -> int:
        """Insert rows of new keys and update those of known ones, in one statement; rows of these keys read back.

        Nothing is deleted. Two rows of one key are an error, and then nothing has changed.
        """

    @abstractmethod
    def read_weeks(self, table: Table, weeks: Sequence[dt.date]) -> pd.DataFrame:
        """The rows of these weeks, all declared columns, ordered by date and key."""

    @abstractmethod
    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The result of a SELECT over published tables."""

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """For many reads in a row; a warehouse that has to open something opens it once."""
        yield Reader(self.query, self.read_weeks)
