"""Team pages are kept for the day they were read on; a site that does not answer is soon not asked any more."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.league.teams import TEAMS
from nba_assets.sources.http import HostBlocked
from nba_assets.sources.roster_pages import RosterPages
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.sources.test_basketball_reference import DONCIC, LIVELY, page

TODAY, TOMORROW = dt.date(2024, 3, 1), dt.date(2024, 3, 2)


@pytest.fixture
def pages(web: ScriptedWeb, tmp_path: Path) -> Iterator[RosterPages]:
    source = RosterPages(base_url=web.url, landing=f"{tmp_path}/landing", requests_per_minute=6000, waits=[0, 0])
    with dg.build_resources({"pages": source}) as resources:
        yield resources.pages


def names(pages: RosterPages, day: dt.date, *, refresh: bool = False) -> list[str]:
    return list(pages.roster("DAL", 2023, day, refresh=refresh)["player_name"])


def test_a_page_is_asked_for_once_a_day_unless_refreshed(web: ScriptedWeb, pages: RosterPages, tmp_path: Path) -> None:
    web.answers = [(200, page(DONCIC).encode()), (200, page(DONCIC, LIVELY).encode()), (200, page(LIVELY).encode())]
    assert names(pages, TODAY) == names(pages, TODAY) == ["Luka Dončić"]
    assert names(pages, TODAY, refresh=True) == names(pages, TODAY) == ["Luka Dončić", "Dereck Lively II"]
    assert names(pages, TOMORROW) == ["Dereck Lively II"]
    assert web.paths == ["/teams/DAL/2024.html"] * 3
    kept = sorted(path.relative_to(tmp_path).parts[2:] for path in (tmp_path / "landing").rglob("*.html"))
    assert kept == [("rosters", "2023-24", f"{day}", "DAL.html") for day in (TODAY, TOMORROW)]


def test_a_page_that_cannot_be_read_is_not_kept(web: ScriptedWeb, pages: RosterPages) -> None:
    web.answers = [(200, b"<html>Just a moment</html>"), (200, page(DONCIC).encode())]
    with pytest.raises(SourceError, match="no table 'roster'"):
        names(pages, TODAY)
    assert names(pages, TODAY) == ["Luka Dončić"]


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [(403, {}, "answered HTTP 403"), (429, {"Retry-After": "3600"}, "HTTP 429 and asks to wait 3600 s")],
)
def test_a_site_that_shuts_us_out_is_asked_once_in_a_run(
    status: int, headers: dict[str, str], why: str, web: ScriptedWeb, pages: RosterPages
) -> None:
    web.answers, web.headers = [status], headers
    for team in TEAMS:
        with pytest.raises(HostBlocked, match=f"{why}.*This run sends it no more requests"):
            pages.roster(team, 2023, TODAY, refresh=False)
    assert len(web.paths) == 1


def test_after_three_teams_without_an_answer_no_more_are_asked(web: ScriptedWeb, pages: RosterPages) -> None:
    web.answers = [503]
    for team in ("ATL", "BOS", "BKN", "CHA", "CHI"):
        with pytest.raises(SourceUnavailable):
            pages.roster(team, 2023, TODAY, refresh=False)
    assert len(web.paths) == 9
