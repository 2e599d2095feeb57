"""The NBA's archive of injury reports as a source of the graph: each report is fetched once and kept in landing."""

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr
from upath import UPath

from nba_assets.errors import UnreadableReport
from nba_assets.partitions import week_of
from nba_assets.sources.interface import InjuryReportSource, Report
from nba_assets.sources.landing import Landing
from nba_assets.sources.nba_injury_report import InjuryReports, parse_report


class InjuryReportArchive(InjuryReportSource):
    """The archive at `base_url`.

    landing: folder or bucket URL of kept reports, used below a folder named like the host. waits: seconds before each
    further try of a report that did not come.
    """

    base_url: str
    landing: str
    reports_in_flight: int = 8
    waits: list[float] = Field(default=[1, 2, 4])
    _archive: InjuryReports = PrivateAttr()
    _landing: Landing = PrivateAttr()

    def setup_for_execution(self, context: Any) -> None:
        self._archive = InjuryReports(base_url=self.base_url, waits=self.waits)
        self._landing = Landing(UPath(self.landing) / urlsplit(self.base_url).netloc.replace(":", "_"))

    def teardown_after_execution(self, context: Any) -> None:
        self._archive.reader.close()

    def report(self, day: dt.date, *, refresh: bool) -> Report | None:
        place = (f"{week_of(day)}", f"injury-report-{day}.pdf")
        kept = self._landing.document(*place)
        fetched = None if kept and not refresh else self._archive.fetch(day)
        # What was published once stays published here, also when the archive no longer holds it.
        document = fetched or kept
        if document is None:
            return None
        report = parse_report(document, source=self._archive.url(day) if fetched else "/".join(place))
        if report.report_date != day:
            raise UnreadableReport(
                f"{self._archive.url(day)}: the report of {day} says it was published on {report.report_date}. "
                "Nothing of it was stored; look at the document."
            )
        if fetched:
            self._landing.keep_document(fetched, *place)
        return report
