import datetime as dt
import json
import re
from pathlib import Path

import pytest
from upath import UPath

from nba_assets.errors import SourceError
from nba_assets.sources.balldontlie import Balldontlie
from nba_assets.sources.landing import Landing
from nba_assets_tests.conftest import ScriptedWeb
from nba_assets_tests.sources.test_balldontlie import BOX_ROW, CHRISTMAS, GAME, api, changed, page

PAGE = {"fetched_at": "2024-05-01T00:00:00+00:00", "body": {"data": [], "meta": {}}}


def three_pages(path: str) -> tuple[int, bytes]:
    """Stats in three pages of one row each."""
    cursor = re.search(r"cursor=(\d+)", path)
    number = int(cursor[1]) if cursor else 0
    return page(changed(BOX_ROW, id=number), cursor=number + 1 if number < 2 else None)


@pytest.fixture
def source(web: ScriptedWeb, place: UPath) -> Balldontlie:
    """The API with one final game and three pages of stats in every week."""
    web.answer = lambda path: page(GAME) if "/games" in path else three_pages(path)
    return api(web.url, place)


def ask(source: Balldontlie, *, closed: bool = True, refresh: bool = False) -> tuple[int, int]:
    """Games and box-score rows of a week."""
    games = source.games(CHRISTMAS, refresh=refresh).rows
    return len(games), len(source.box_scores(CHRISTMAS, closed=closed, refresh=refresh).rows)


def kept(folder: UPath) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.json"))


def test_a_closed_week_is_asked_once(source: Balldontlie, web: ScriptedWeb, place: UPath) -> None:
    assert ask(source) == (1, 3)
    assert len(web.paths) == 4
    assert kept(place) == ["games-0001.json", "stats-0001.json", "stats-0002.json", "stats-0003.json"]
    assert ask(source) == (1, 3)
    assert len(web.paths) == 4


def test_the_instant_of_a_kept_row_is_when_it_was_asked(source: Balldontlie) -> None:
    first = source.box_scores(CHRISTMAS, closed=True, refresh=False).rows
    again = source.box_scores(CHRISTMAS, closed=True, refresh=False).rows
    assert again["fetched_at"].tolist() == first["fetched_at"].tolist()


def test_refresh_asks_again_and_replaces_what_was_kept(source: Balldontlie, web: ScriptedWeb, place: UPath) -> None:
    ask(source)
    web.answer = lambda path: page(changed(GAME, home_team_score=99)) if "/games" in path else page(BOX_ROW)
    assert ask(source, refresh=True) == (1, 1)
    assert len(web.paths) == 6
    assert ask(source) == (1, 1)
    assert len(web.paths) == 6
    assert source.games(CHRISTMAS, refresh=False).rows["home_score"].tolist() == [99]
    assert [name for name in kept(place) if not name.startswith("replaced")] == [
        "games-0001.json",
        "stats-0001.json",
    ]


def test_an_unfinished_week_is_not_kept(source: Balldontlie, web: ScriptedWeb, place: UPath) -> None:
    web.answer = lambda path: page(changed(GAME, status="Postponed")) if "/games" in path else three_pages(path)
    assert ask(source, closed=False) == (1, 3)
    assert ask(source, closed=False) == (1, 3)
    assert len(web.paths) == 7  # a source lists a season once
    assert kept(place) == []


def test_a_page_cut_short_is_asked_again(source: Balldontlie, web: ScriptedWeb, place: UPath) -> None:
    ask(source)
    (cut,) = place.rglob("stats-0002.json")
    cut.write_bytes(cut.read_bytes()[:-20])
    web.paths.clear()
    assert ask(source) == (1, 3)
    assert [path.rpartition("&")[2] for path in web.paths] == ["cursor=1", "cursor=2"]


def test_a_run_that_died_asks_only_for_the_pages_it_misses(source: Balldontlie, web: ScriptedWeb) -> None:
    web.answer = lambda path: (401, b"") if "cursor=2" in path else three_pages(path)
    with pytest.raises(SourceError):
        source.box_scores(CHRISTMAS, closed=True, refresh=False)
    web.paths.clear()
    web.answer = three_pages
    assert len(source.box_scores(CHRISTMAS, closed=True, refresh=False).rows) == 3
    assert [path.rpartition("&")[2] for path in web.paths] == ["cursor=2"]


def test_a_week_set_aside_is_asked_again_and_stays_as_evidence(
    source: Balldontlie, web: ScriptedWeb, place: UPath
) -> None:
    ask(source)
    source.quarantine(CHRISTMAS)
    source.quarantine(CHRISTMAS + dt.timedelta(days=7))
    evidence = kept(place)
    assert [re.sub(r"-\d{8}T\d+-", "-…-", name) for name in evidence] == [
        "refused-…-stats-0001.json",
        "refused-…-stats-0002.json",
        "refused-…-stats-0003.json",
        "refused-…-games-0001.json",
    ]
    assert ask(source) == (1, 3)
    assert len(web.paths) == 8
    assert set(evidence) < set(kept(place))


def test_a_page_is_kept_with_its_instant(place: UPath) -> None:
    landing = Landing(place)
    landing.keep(CHRISTMAS, "stats", 1, PAGE)
    assert landing.page(CHRISTMAS, "stats", 1) == PAGE
    assert json.loads((place / "2021-12-24" / "stats-0001.json").read_text()) == PAGE


@pytest.mark.parametrize("content", ["", '{"fetched_at": "2024', "[]", "{}", "\x00\x00"], ids=repr)
def test_what_is_no_page_counts_as_missing(content: str, place: UPath) -> None:
    (place / "2021-12-24").mkdir()
    (place / "2021-12-24" / "stats-0001.json").write_text(content)
    assert Landing(place).page(CHRISTMAS, "stats", 1) is None


def test_a_folder_that_cannot_be_written_is_named_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "landing").write_text("a file where the folder should be")
    with pytest.raises(SourceError, match=r"week 2021-12-24: .*/landing/2021-12-24/stats-0001.json .*set NBA_LANDING"):
        Landing(UPath(tmp_path / "landing")).keep(CHRISTMAS, "stats", 1, PAGE)


def test_a_key_file_that_is_none_is_one_error_that_names_the_week(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    key.write_text("{}")
    landing = Landing(UPath("gs://nba/landing", token=str(key), endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(SourceError, match=f"week {CHRISTMAS}: the response cannot be written to gs://nba/landing/"):
        landing.keep(CHRISTMAS, "stats", 1, PAGE)
