"""The NBA's archive of injury reports as a source of the graph: each report is fetched once and kept in landing.

The archive answers 403 for what it does not hold and also, for a while, to who asks it too fast, so a report is absent
only if another one, known to exist, still comes.
"""

import datetime as dt
import time
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr
from upath import UPath

from nba_assets.errors import SourceUnavailable, UnreadableReport
from nba_assets.partitions import week_of
from nba_assets.sources.http import every
from nba_assets.sources.interface import EVENING, InjuryReportSource, Report
from nba_assets.sources.landing import Landing
from nba_assets.sources.nba_injury_report import InjuryReports, parse_report

DAYS_BEFORE = 14


class InjuryReportArchive(InjuryReportSource):
    """The archive at `base_url`.

    landing: folder or bucket URL of kept reports, used below a folder named like the host. requests_per_minute: evenly
    spaced; the archive was never seen to refuse fewer than 3 a second. waits: seconds before each further try of a
    report that did not come. probe: ISO date of a report known to exist. shut_seconds: how long to wait for an archive
    that refuses it, which has opened again after 20 to 120, and how long to leave it alone if it still does.
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
        self._landing = Landing(UPath(self.landing) / urlsplit(self.base_url).netloc.replace(":", "_"))

    def teardown_after_execution(self, context: Any) -> None:
        self._archive.reader.close()

    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        place = _place(day, at)
        kept = self._landing.document(*place)
        fetched = None if kept and not refresh else self._fetch(day, at, proof=kept is None)
        # What was published once stays published here, also when the archive no longer holds it.
        document = fetched or kept
        if document is None:
            return None
        report = parse_report(document, source=self._archive.url(day, at) if fetched else "/".join(place))
        if report.report_date != day:
            raise UnreadableReport(
                f"{self._archive.url(day, at)}: the report of {day} says it was published on {report.report_date}. "
                "Nothing of it was stored; look at the document."
            )
        if fetched:
            self._landing.keep_document(fetched, *place)
        return report

    def _fetch(self, day: dt.date, at: dt.time, *, proof: bool) -> bytes | None:
        """The report from the archive; None where there is none, with proof of it if that is asked for."""
        document = self._archive.fetch(day, at)
        if document is None and proof and not self._is_open(day):
            time.sleep(self.shut_seconds)
            document = self._archive.fetch(day, at)
            if document is None and not self._is_open(day):
                known = self._known[0] if self._known else self.probe
                why = f"refuses also the report of {known}, which it has, and did so {self.shut_seconds:g} s ago"
                raise SourceUnavailable(f"injury report of {day}: {self._archive.reader.shut(self.shut_seconds, why)}")
        if document is not None:
            # The newest that came in this run: names and places have changed, so an old one proves less.
            self._known = (day, at)
        return document

    def _is_open(self, day: dt.date) -> bool:
        """Whether a report known to exist comes: that of `_known_near`, which is the newest of this run if any came."""
        self._known = self._known or (self._known_near(day), EVENING)
        return self._archive.fetch(*self._known) is not None

    def _known_near(self, day: dt.date) -> dt.date:
        """The last day before `day` whose report was kept lately, else the declared one."""
        before = (day - dt.timedelta(days=number) for number in range(1, DAYS_BEFORE + 1))
        kept = (other for other in before if self._landing.document(*_place(other, EVENING)) is not None)
        return next(kept, dt.date.fromisoformat(self.probe))


def _place(day: dt.date, at: dt.time) -> tuple[str, str]:
    return f"{week_of(day)}", f"injury-report-{day}{'' if at == EVENING else f'_{at:%H%M}'}.pdf"
