"""Reports from the archive are kept once fetched; a host that does not answer is soon not asked any more."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest

from nba_assets.errors import SourceError, SourceUnavailable, UnreadableReport
from nba_assets.sources.injury_report_archive import InjuryReportArchive
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.support.command_line import StartReplay
from nba_assets_tests.support.printed_report import printed_report

DAY = dt.date(2024, 1, 4)
ROW = ("01/04/2024", "07:30 (ET)", "MIL@SAS", "Milwaukee Bucks", "Crowder, Jae", "Out", "Rest")
PDF = printed_report([ROW])
MAY = dt.date(2024, 5, 3)
PDF_OF_MAY = printed_report([ROW], title="Injury Report: 05/03/24 05:30 PM")
NEWER = printed_report([(*ROW[:6], "Injury/Illness - Left Knee; Sprain")])
OpenArchive = Callable[..., InjuryReportArchive]


@pytest.fixture
def archive_at(tmp_path: Path) -> Iterator[OpenArchive]:
    """Opens the archive at an address as a run does, with landing in the test's folder."""
    with ExitStack() as runs:

        def open_archive(url: str, *, shut_seconds: float = 0.1) -> InjuryReportArchive:
            archive = InjuryReportArchive(
                base_url=url,
                landing=f"{tmp_path}/landing",
                waits=[0, 0],
                requests_per_minute=60_000,
                shut_seconds=shut_seconds,
            )
            resources = runs.enter_context(dg.build_resources({"archive": archive}))
            opened: InjuryReportArchive = resources.archive
            return opened

        yield open_archive


def reasons(archive: InjuryReportArchive, *, refresh: bool = False) -> list[str]:
    report = archive.report(DAY, refresh=refresh)
    return list(report.rows["reason"]) if report else []


def test_a_report_is_asked_for_once_and_then_kept(web: ScriptedWeb, archive_at: OpenArchive, tmp_path: Path) -> None:
    web.answers = [(200, PDF)]
    assert reasons(archive_at(web.url)) == reasons(archive_at(web.url)) == ["Rest"]
    assert len(web.paths) == 1
    (kept,) = (tmp_path / "landing").rglob("*.pdf")
    assert kept.parts[-2:] == ("2023-12-29", "injury-report-2024-01-04.pdf")
    assert kept.read_bytes() == PDF


def test_an_earlier_report_of_a_day_is_kept_beside_the_evenings(
    web: ScriptedWeb, archive_at: OpenArchive, tmp_path: Path
) -> None:
    noon = printed_report([ROW], title="Injury Report: 01/04/24 11:30 AM")
    web.answer = lambda path: (200, noon if path.endswith("11AM.pdf") else PDF)
    archive = archive_at(web.url)
    for _ in range(2):
        early, evening = (archive.report(DAY, at, refresh=False) for at in (dt.time(11, 30), dt.time(17, 30)))
        assert early is not None
        assert evening is not None
        assert (early.report_time, evening.report_time) == ("11:30", "17:30")
    assert [path[-8:] for path in web.paths] == ["11AM.pdf", "05PM.pdf"]
    names = {path.name for path in (tmp_path / "landing").rglob("*.pdf")}
    assert names == {"injury-report-2024-01-04.pdf", "injury-report-2024-01-04_1130.pdf"}


def test_refresh_asks_again_and_keeps_what_it_got(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    web.answers = [(200, PDF), (200, NEWER)]
    archive = archive_at(web.url)
    assert reasons(archive) == ["Rest"]
    assert reasons(archive, refresh=True) == reasons(archive) == ["Injury/Illness - Left Knee; Sprain"]
    assert len(web.paths) == 2


def test_what_was_published_once_stays_although_the_archive_no_longer_holds_it(
    web: ScriptedWeb, archive_at: OpenArchive
) -> None:
    web.answers = [(200, PDF), 403]
    archive = archive_at(web.url)
    assert reasons(archive) == reasons(archive, refresh=True) == reasons(archive) == ["Rest"]


def test_a_day_without_a_report_is_asked_again_the_next_time(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    web.answers = [403, (200, PDF)]
    archive = archive_at(web.url)
    assert (reasons(archive), reasons(archive)) == ([], ["Rest"])


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param(PDF[:-200], "cut off", id="cut off"),
        pytest.param(b"<html>Access denied</html>", "not a PDF", id="no PDF"),
        pytest.param(
            printed_report([ROW], title="Injury Report: 01/03/24 05:30 PM"),
            "the report of 2024-01-04 says it was published on 2024-01-03",
            id="of another day",
        ),
    ],
)
def test_what_is_not_the_days_report_is_refused_and_not_kept(
    web: ScriptedWeb, archive_at: OpenArchive, tmp_path: Path, document: bytes, complaint: str
) -> None:
    web.answers = [(200, document), (200, PDF)]
    archive = archive_at(web.url)
    with pytest.raises(UnreadableReport, match=rf"05PM\.pdf: .*{complaint}"):
        archive.report(DAY, refresh=False)
    assert not list((tmp_path / "landing").rglob("*.pdf"))
    assert reasons(archive) == ["Rest"]


def test_after_three_days_without_an_answer_no_more_are_asked(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    web.answers = [503]
    archive = archive_at(web.url)
    told = []
    for number in range(5):
        with pytest.raises(SourceUnavailable) as error:
            archive.report(DAY + dt.timedelta(days=number), refresh=False)
        told.append(str(error.value).split(",")[0])
    assert told[2] == "injury report of 2024-01-06: HTTP 503"
    assert told[3:] == ["not requested"] * 2
    assert len(web.paths) == 9


def test_a_day_that_is_answered_in_between_starts_the_count_again(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    web.answers = [*[503] * 6, 403, (200, PDF), *[503] * 6, 403, (200, PDF)]
    archive = archive_at(web.url)
    for number, answered in enumerate((False, False, True, False, False, True)):
        day = DAY + dt.timedelta(days=number)
        if answered:
            assert archive.report(day, refresh=False) is None
        else:
            with pytest.raises(SourceError, match="HTTP 503, 3 times"):
                archive.report(day, refresh=False)


def asked(web: ScriptedWeb) -> list[str]:
    return [path.partition("Report_")[2][:10] for path in web.paths]


def test_a_report_is_absent_if_one_known_to_exist_still_comes(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    held = {"2024-01-04"}
    web.answer = lambda path: (200, PDF) if path.partition("Report_")[2][:10] in held else (403, b"")
    archive = archive_at(web.url)
    assert archive.report(dt.date(2023, 7, 1), refresh=False) is None
    assert asked(web) == ["2023-07-01", "2024-01-04"], "without an answer in the run, the declared report is the proof"
    archive.report(DAY, refresh=False)
    assert archive.report(dt.date(2023, 7, 2), refresh=False) is None
    assert asked(web)[2:] == ["2024-01-04", "2023-07-02", "2024-01-04"]


def test_a_report_kept_shortly_before_is_proof_too(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    def answer(path: str) -> tuple[int, bytes]:
        return (200, PDF_OF_MAY) if "2024-05-03" in path else (403, b"")

    web.answer = answer
    assert archive_at(web.url).report(MAY, refresh=False) is not None
    later = archive_at(web.url)
    assert later.report(MAY + dt.timedelta(days=10), refresh=False) is None
    assert asked(web) == ["2024-05-03", "2024-05-13", "2024-05-03"]


def test_an_archive_that_refuses_everything_is_shut_and_no_day_is_absent(
    web: ScriptedWeb, archive_at: OpenArchive
) -> None:
    web.answers = [403]
    archive = archive_at(web.url, shut_seconds=1.0)
    other = DAY + dt.timedelta(days=1)
    started = time.monotonic()
    with pytest.raises(
        SourceUnavailable, match=r"^injury report of 2024-01-05: .* also refuses the report of 2024-01-04"
    ):
        archive.report(other, refresh=False)
    assert time.monotonic() - started >= 1.0
    assert asked(web) == ["2024-01-05", "2024-01-04"] * 2
    with pytest.raises(SourceUnavailable, match=r"not requested, because .* also refuses"):
        archive.report(other, refresh=False)
    assert len(web.paths) == 4


def test_an_archive_that_opens_again_is_waited_for(replay: StartReplay, archive_at: OpenArchive) -> None:
    """The replay refuses everything for 20 seconds after the fifth request in a second."""
    strict = replay("--since", "2024-01-01", "--today", "2024-02-01", "--archive-per-second", "4")
    archive = archive_at(strict.url, shut_seconds=21.0)
    found = [archive.report(DAY + dt.timedelta(days=number), refresh=False) for number in range(7)]
    assert None not in found
    assert {status for _, status in strict.requests} == {200, 403}


def test_kept_reports_are_read_from_a_host_that_is_gone(web: ScriptedWeb, archive_at: OpenArchive) -> None:
    web.answers = [(200, PDF), 503]
    archive = archive_at(web.url)
    assert reasons(archive) == ["Rest"]
    for number in range(1, 5):
        with pytest.raises(SourceUnavailable):
            archive.report(DAY + dt.timedelta(days=number), refresh=False)
    assert reasons(archive) == ["Rest"]


def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(
    web: ScriptedWeb, archive_at: OpenArchive, tmp_path: Path
) -> None:
    web.answers = [(200, PDF)]
    (tmp_path / "landing").write_text("in the way")
    with pytest.raises(SourceError, match="NBA_LANDING"):
        archive_at(web.url).report(DAY, refresh=False)
