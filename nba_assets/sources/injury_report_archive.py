"""The NBA's archive of injury reports: each report is fetched once and kept in landing.

The archive answers 403 for a report that it does not have and, for a while, to a client that sends requests too fast.
So a report counts as absent only if the archive still sends another one that is known to exist.
"""

import datetime as dt
import time
from typing import Any

from pydantic import Field, PrivateAttr

from nba_assets.errors import SourceUnavailable, UnreadableReport
from nba_assets.partitions import week_of
from nba_assets.sources.http import every
from nba_assets.sources.interface import EVENING, InjuryReportSource, Report
from nba_assets.sources.landing import Landing
from nba_assets.sources.nba_injury_report import InjuryReports, parse_report

DAYS_BEFORE = 14


class InjuryReportArchive(InjuryReportSource):
    """The archive at `base_url`.

    landing: folder or bucket URL of kept reports, in a subfolder named like the host. requests_per_minute: evenly
    spaced; the archive has not been seen to refuse fewer than 3 a second. waits: seconds before each retry. probe: ISO
    date of a report known to exist. shut_seconds: how long to wait if the archive refuses the probe (it recovered after
    20 to 120 s), and how long to send no requests if it then still does.
    """

    base_url: str
    landing: str
    reports_in_flight: int = 1
    requests_per_minute: int = 150
    waits: list[float] = Field(default=[1, 2, 4])
    probe: str = "2024-01-04"
    shut_seconds: float = 120.0
    _archive: InjuryReports = PrivateAttr()
    _landing: Landing = PrivateAttr()
    _known: tuple[dt.date, dt.time] | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: Any) -> None:
        self._archive = InjuryReports(
            base_url=self.base_url, waits=self.waits, limiter=every(60 / self.requests_per_minute)
        )
        self._landing = Landing.for_host(self.landing, self.base_url)

    def teardown_after_execution(self, context: Any) -> None:
        self._archive.reader.close()

    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        place = _place(day, at)
        kept = self._landing.document(*place)
        fetched = None if kept and not refresh else self._fetch(day, at, proof=kept is None)
        # A kept report stays available even if the archive has removed it.
        document = fetched or kept
        if document is None:
            return None
        report = parse_report(document, source=self._archive.url(day, at) if fetched else "/".join(place))
        if report.report_date != day:
            raise UnreadableReport(
                f"{self._archive.url(day, at)}: the report of {day} says it was published on {report.report_date}. "
                "It was not stored; look at the document."
            )
        if fetched:
            self._landing.keep_document(fetched, *place)
        return report

    def _fetch(self, day: dt.date, at: dt.time, *, proof: bool) -> bytes | None:
        """The report from the archive; None if it has none, checked with another report if `proof` is true."""
        document = self._archive.fetch(day, at)
        if document is None and proof and not self._is_open(day):
            time.sleep(self.shut_seconds)
            document = self._archive.fetch(day, at)
            if document is None and not self._is_open(day):
                known = self._known[0] if self._known else self.probe
                why = f"also refuses the report of {known}, which it has, twice within {self.shut_seconds:g} s"
                raise SourceUnavailable(f"injury report of {day}: {self._archive.reader.block(self.shut_seconds, why)}")
        if document is not None:
            # Prefer the newest report of this run as proof: the archive has changed names and addresses.
            self._known = (day, at)
        return document

    def _is_open(self, day: dt.date) -> bool:
        """Whether the archive sends a report known to exist: this run's newest one, else that of `_known_near`."""
        self._known = self._known or (self._known_near(day), EVENING)
        return self._archive.fetch(*self._known) is not None

    def _known_near(self, day: dt.date) -> dt.date:
        """The last of the 14 days before `day` whose report is kept, else `probe`."""
        before = (day - dt.timedelta(days=number) for number in range(1, DAYS_BEFORE + 1))
        kept = (other for other in before if self._landing.document(*_place(other, EVENING)) is not None)
        return next(kept, dt.date.fromisoformat(self.probe))


def _place(day: dt.date, at: dt.time) -> tuple[str, str]:
    return f"{week_of(day)}", f"injury-report-{day}{'' if at == EVENING else f'_{at:%H%M}'}.pdf"
