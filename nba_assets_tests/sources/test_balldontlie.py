import datetime as dt
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from upath import UPath

from nba_assets.errors import SourceError, SourceUnavailable
from nba_assets.partitions import WEEK, league_today, week_of
from nba_assets.sources import balldontlie
from nba_assets.sources.balldontlie import MOST_BYTES, Balldontlie, RefusedRequest
from nba_assets.tables import COUNTING_STATS
from nba_assets_tests.conftest import ScriptedWeb, Server
from nba_assets_tests.support.command_line import StartReplay

CHRISTMAS = dt.date(2021, 12, 24)  # 39 games, 1,474 rows
SECRET = "a-secret-key"
GAME: dict[str, Any] = {
    "id": 7,
    "date": "2021-12-25",
    "season": 2021,
    "status": "Final",
    "period": 5,
    "postseason": False,
    "datetime": "2021-12-25T22:00:00.000Z",
    "home_team": {"abbreviation": "NYK"},
    "visitor_team": {"abbreviation": "ATL"},
    "home_team_score": 101,
    "visitor_team_score": 87,
}
BOX_ROW: dict[str, Any] = {
    "id": 70,
    "min": "34",
    "plus_minus": -12,
    **{stat: number for number, stat in enumerate(COUNTING_STATS)},
    "player": {"id": 9, "first_name": "Kemba", "last_name": "Walker", "position": "G"},
    "team": {"abbreviation": "NYK"},
    "game": {"id": 7, "date": "2021-12-25", "season": 2021},
}


def api(url: str, landing: Path | UPath, **settings: Any) -> Balldontlie:
    given = {"requests_per_minute": 60_000, "give_up_seconds": 20.0, **settings}
    source = Balldontlie(api_key=SECRET, base_url=url, landing=str(landing), **given)
    source.open()
    return source


def page(*rows: object, cursor: int | None = None) -> tuple[int, bytes]:
    return 200, json.dumps({"data": rows, "meta": {"next_cursor": cursor, "per_page": 100}}).encode()


def changed(row: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {**row, **values}


def without_instant(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop(columns="fetched_at")


def test_a_game_becomes_a_row(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page(GAME, changed(GAME, id=8, datetime=None, home_team={"abbreviation": "BOS"}, home_team_score=0))]
    rows = api(web.url, tmp_path).games(CHRISTMAS, refresh=False).rows
    assert without_instant(rows).to_dict("records")[0] == {
        "game_id": 7,
        "game_date": dt.date(2021, 12, 25),
        "scheduled_date": None,
        "season": 2021,
        "postseason": False,
        "status": "Final",
        "tipoff": pd.Timestamp("2021-12-25 22:00", tz="UTC"),
        "period": 5,
        "home_team": "NYK",
        "visitor_team": "ATL",
        "home_score": 101,
        "visitor_score": 87,
    }
    assert pd.isna(rows["tipoff"][1])
    assert rows["fetched_at"].dt.tz is not None


def test_a_box_score_becomes_a_row_with_minutes_as_sent(web: ScriptedWeb, tmp_path: Path) -> None:
    sent = ["34", "34:21", "7", "", "abc", None]
    web.answers = [page(*(changed(BOX_ROW, min=minutes) for minutes in sent))]
    rows = api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False).rows
    assert rows["minutes"].tolist() == sent
    assert without_instant(rows).to_dict("records")[0] == {
        "game_id": 7,
        "player_id": 9,
        "game_date": dt.date(2021, 12, 25),
        "season": 2021,
        "player_name": "Kemba Walker",
        "team": "NYK",
        "position": "G",
        "minutes": "34",
        **{stat: number for number, stat in enumerate(COUNTING_STATS)},
        "plus_minus": -12,
    }
    assert rows["plus_minus"].tolist()[1:3] == [-12, -12]


def test_an_answer_without_plus_minus_has_none(web: ScriptedWeb, tmp_path: Path) -> None:
    older = {name: value for name, value in BOX_ROW.items() if name != "plus_minus"}
    web.answers = [page(older, changed(BOX_ROW, plus_minus=None), BOX_ROW)]
    rows = api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False).rows
    assert rows["plus_minus"].isna().tolist() == [True, True, False]


def test_pages_are_followed_by_their_cursor_with_the_key(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page(BOX_ROW, cursor=70), page(changed(BOX_ROW, id=71), cursor=71), page(changed(BOX_ROW, id=72))]
    rows = api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False).rows
    assert len(rows) == 3
    queries = [parse_qs(urlsplit(path).query) for path in web.paths]
    assert [query.pop("cursor", None) for query in queries] == [None, ["70"], ["71"]]
    assert queries == [{"start_date": ["2021-12-24"], "end_date": ["2021-12-30"], "per_page": ["100"]}] * 3
    assert web.keys == [SECRET] * 3


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "check NBA_FIRST_WEEK"),
        (401, "set BALLDONTLIE_API_KEY"),
        (403, "ALL-STAR tier"),
        (404, "check BALLDONTLIE_BASE_URL"),
        (302, "check BALLDONTLIE_BASE_URL"),
    ],
)
def test_a_refusal_is_one_request_and_one_clear_error(
    status: int, advice: str, web: ScriptedWeb, tmp_path: Path
) -> None:
    web.answers = [status]
    with pytest.raises(RefusedRequest) as error:
        api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    told = str(error.value)
    assert f"week 2021-12-24: {web.url}/v1/games?seasons%5B%5D=2021&per_page=100" in told
    assert f"HTTP {status}" in told
    assert advice in told
    assert SECRET not in told
    assert len(web.paths) == 1


def test_box_scores_refused_after_games_came_mean_a_tier_too_low(replay: StartReplay, tmp_path: Path) -> None:
    free = replay("--since", "2022-04-05", "--today", "2022-04-20", "--tier", "free")
    source = api(free.url, tmp_path)
    with pytest.raises(RefusedRequest, match=r"the key was refused: .* If it is valid, the key's tier is too low"):
        source.box_scores(dt.date(2022, 4, 8), closed=True, refresh=False)
    assert len(source.games(dt.date(2022, 4, 8), refresh=False).rows) == 28
    with pytest.raises(RefusedRequest, match=r"HTTP 401: the key's tier is too low: box scores need the ALL-STAR tier"):
        source.box_scores(dt.date(2022, 4, 8), closed=True, refresh=False)


def test_weeks_are_fetched_within_the_limit_of_the_all_star_tier(replay: StartReplay, tmp_path: Path) -> None:
    """More than a minute's requests as fast as they may be sent: none is answered 429."""
    all_star = replay("--since", "2021-12-20", "--today", "2022-01-22", "--tier", "all-star")
    source = api(all_star.url, tmp_path, requests_per_minute=60)
    weeks = [CHRISTMAS + number * WEEK for number in range(4)]
    with ThreadPoolExecutor(source.weeks_in_flight) as pool:
        found = pool.map(lambda week: source.box_scores(week, closed=True, refresh=False).rows, weeks)
        assert sum(map(len, found)) > 1474 + 1994
    assert len(all_star.requests) > 60
    assert {status for _, status in all_star.requests} == {200}


@pytest.mark.parametrize("url", ["127.0.0.1:8099", "ftp://127.0.0.1"])
def test_an_address_that_cannot_be_asked_is_told_at_once(url: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedRequest, match=r"week 2021-12-24: .*check BALLDONTLIE_BASE_URL"):
        api(url, tmp_path).games(CHRISTMAS, refresh=False)


@pytest.mark.parametrize(
    "fault",
    [429, 500, 502, 503, "drop", "half", (200, b"<html>busy</html>"), (200, b"[]"), (200, b'{"meta":{}}')],
    ids=str,
)
def test_a_passing_fault_is_tried_again(fault: Any, web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [fault, fault, page(GAME)]
    assert len(api(web.url, tmp_path).games(CHRISTMAS, refresh=False).rows) == 1
    assert len(web.paths) == 3


def test_an_answer_that_does_not_come_is_tried_again(web: ScriptedWeb, tmp_path: Path) -> None:
    late = threading.Event()

    def answer(path: str) -> tuple[int, bytes]:
        if len(web.paths) == 1:
            late.wait(10)
        return page(GAME)

    web.answer = answer
    source = api(web.url, tmp_path)
    source._reader.client.timeout = 0.3
    assert len(source.games(CHRISTMAS, refresh=False).rows) == 1
    late.set()
    assert len(web.paths) == 2


def test_what_retry_after_asks_for_is_waited(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers, web.headers = [429, page(GAME)], {"Retry-After": "2"}
    started = time.monotonic()
    assert len(api(web.url, tmp_path).games(CHRISTMAS, refresh=False).rows) == 1
    assert 2.0 <= time.monotonic() - started < 10.0
    assert len(web.paths) == 2


def test_seconds_of_429_are_sat_out_without_a_storm(web: ScriptedWeb, tmp_path: Path) -> None:
    opens = time.monotonic() + 4.0
    web.answer = lambda path: page(GAME) if time.monotonic() > opens else (429, b'{"error":"Too many requests"}')
    assert len(api(web.url, tmp_path, give_up_seconds=60.0).games(CHRISTMAS, refresh=False).rows) == 1
    assert len(web.paths) < 40


def test_an_outage_is_waited_out_by_the_first_weeks_and_not_by_every_one(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [503]
    source = api(web.url, tmp_path, give_up_seconds=0.5)
    for number in range(3):
        with pytest.raises(SourceUnavailable, match="HTTP 503"):
            source.games(CHRISTMAS + number * WEEK, refresh=False)
    asked = len(web.paths)
    with pytest.raises(SourceUnavailable, match=r"not requested, because .* gave no answer 3 times in a row"):
        source.games(CHRISTMAS + 3 * WEEK, refresh=False)
    assert len(web.paths) == asked


def test_who_asks_to_wait_for_an_hour_is_not_waited_for(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers, web.headers = [429], {"Retry-After": "3600"}
    with pytest.raises(
        SourceUnavailable, match=r"week 2021-12-24: HTTP 429 .*asks to wait 3600 s. This run sends it no more requests"
    ):
        api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    assert len(web.paths) == 1


class Trickling(BaseHTTPRequestHandler):
    """A blank every tenth of a second, of a body that would take a day."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        with suppress(OSError):
            while True:
                self.wfile.write(b" ")
                time.sleep(0.1)


def test_an_answer_that_trickles_in_is_given_up(tmp_path: Path) -> None:
    with Server(("127.0.0.1", 0), Trickling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = api(f"http://127.0.0.1:{server.server_port}", tmp_path, give_up_seconds=0.5, answer_seconds=0.5)
        with pytest.raises(SourceUnavailable, match=r"week 2021-12-24: the response came too slowly"):
            source.games(CHRISTMAS, refresh=False)
        server.shutdown()


@pytest.mark.parametrize(("fault", "told"), [(503, "HTTP 503"), ("drop", "RemoteProtocolError")])
def test_a_lasting_fault_ends_with_the_week_named(fault: Any, told: str, web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [fault]
    with pytest.raises(SourceError, match=f"week 2021-12-24: {told}.* for 1 s at most. Run it again") as error:
        api(web.url, tmp_path, give_up_seconds=1.0).games(CHRISTMAS, refresh=False)
    assert not isinstance(error.value, RefusedRequest)
    assert SECRET not in str(error.value)
    assert len(web.paths) > 1


@pytest.mark.parametrize(
    "next_cursor",
    [
        pytest.param(lambda asked: 70, id="the same one for ever"),
        pytest.param(lambda asked: asked, id="always another"),
    ],
)
def test_a_cursor_without_end_is_an_error(next_cursor: Callable[[int], int], web: ScriptedWeb, tmp_path: Path) -> None:
    web.answer = lambda path: page(BOX_ROW, cursor=next_cursor(len(web.paths)))
    with pytest.raises(SourceError, match=r"week 2021-12-24: .*/v1/stats returns pages without end"):
        api(web.url, tmp_path).box_scores(CHRISTMAS, closed=False, refresh=False)
    assert len(web.paths) <= 400


def test_an_answer_without_end_is_cut(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [(200, b" " * (MOST_BYTES + 1))]
    with pytest.raises(SourceError, match=r"week 2021-12-24: more than 20,000,000 bytes"):
        api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    assert len(web.paths) == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param({"id": 70}, "row 70 of game 70 has no field 'player'", id="player missing"),
        pytest.param(changed(BOX_ROW, player=None), "row 70 of game 7 has player None, which", id="player null"),
        pytest.param(changed(BOX_ROW, pts=2**64), "row 70 of game 7 has pts 1.8", id="beyond 64 bits"),
        pytest.param(changed(BOX_ROW, team=None), "row 70 of game 7 has team None, and the player's", id="team null"),
        pytest.param(changed(BOX_ROW, game=changed(BOX_ROW["game"], date="Sunday")), "row 70 .*Sunday", id="no date"),
        pytest.param("text", "row 'text' of game None", id="text"),
        pytest.param(None, "row None of game None", id="null"),
    ],
)
def test_a_row_of_another_shape_is_set_aside_and_named(
    row: object, reason: str, web: ScriptedWeb, tmp_path: Path
) -> None:
    web.answers = [page(BOX_ROW, row, BOX_ROW)]
    fetched = api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False)
    assert len(fetched.rows) == 2
    (unreadable,) = fetched.unreadable.to_dict("records")
    assert re.match(reason, unreadable["reason"])
    assert json.loads(unreadable["payload"]) == row


def test_a_game_of_a_season_that_its_date_is_not_in_is_set_aside(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answer = lambda path: page(GAME, changed(GAME, id=8, season=2019))
    fetched = api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    assert fetched.rows["game_id"].tolist() == [7]
    assert fetched.unreadable["reason"].tolist() == ["row 8 of game 8 has season 2019, and is played on 2021-12-25"]


def test_kept_pages_that_cannot_be_used_are_requested_again_by_the_same_call(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page({"id": 70}), page(BOX_ROW)]
    source = api(web.url, tmp_path)
    with pytest.raises(SourceError, match="cannot be read"):
        source.box_scores(CHRISTMAS, closed=True, refresh=False)
    assert len(source.box_scores(CHRISTMAS, closed=True, refresh=False).rows) == 1


def test_rows_that_are_mostly_of_another_shape_are_an_error(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page(BOX_ROW, {"id": 70}, {"id": 71})]
    with pytest.raises(SourceError, match=r"week 2021-12-24: 2 of 3 rows .* row 70 .*the API has changed its format"):
        api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False)


def test_a_row_without_team_has_that_of_its_player(web: ScriptedWeb, tmp_path: Path) -> None:
    game = changed(BOX_ROW["game"], home_team_id=20, visitor_team_id=1)
    other = changed(BOX_ROW, team={"abbreviation": "NYK", "id": 20})
    player = changed(BOX_ROW["player"], team_id=20)
    web.answers = [page(other, changed(BOX_ROW, team=None, player=player, game=game))]
    rows = api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False).rows
    assert rows["team"].tolist() == ["NYK", "NYK"]


def test_all_weeks_in_flight_share_one_limit(web: ScriptedWeb, tmp_path: Path) -> None:
    arrivals: list[float] = []

    def answer(path: str) -> tuple[int, bytes]:
        arrivals.append(time.monotonic())
        time.sleep(0.05)
        return page(BOX_ROW)

    web.answer = answer
    asking = (
        "import sys, datetime as dt\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from nba_assets.sources.balldontlie import Balldontlie\n"
        "api = Balldontlie(api_key='', base_url=sys.argv[1], landing=sys.argv[2], requests_per_minute=12)\n"
        "api.open()\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    weeks = [dt.date(2021, 10, 1) + n * dt.timedelta(7) for n in range(30)]\n"
        "    list(pool.map(lambda week: api.box_scores(week, closed=True, refresh=True), weeks))\n"
    )
    with subprocess.Popen([sys.executable, "-c", asking, web.url, str(tmp_path)]) as process:
        deadline = time.monotonic() + 60
        while len(arrivals) < 12 and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(3)  # of the 18 weeks still to be asked none may come within the minute
        process.kill()
    assert len(arrivals) == 12
    busiest = max(sum(first <= other < first + 1.0 for other in arrivals) for first in arrivals)
    assert busiest <= 3  # 2 a second, and one that the network brought late


def test_broken_answers_cost_no_row(replay_url: str, replay: StartReplay, tmp_path: Path) -> None:
    since = ("--since", "2021-12-20", "--today", "2022-01-10")
    tenth, half = replay(*since, "--faults", "0.1"), replay(*since, "--faults", "0.5")

    def box_scores(url: str) -> pd.DataFrame:
        source = api(url, tmp_path, give_up_seconds=120.0)
        with ThreadPoolExecutor(2) as pool:
            weeks = [CHRISTMAS, CHRISTMAS + WEEK]
            found = pool.map(lambda week: source.box_scores(week, closed=True, refresh=False).rows, weeks)
            return without_instant(pd.concat(found))

    whole = box_scores(replay_url)
    assert len(whole) == 1474 + 1994
    pd.testing.assert_frame_equal(box_scores(tenth.url), whole)
    pd.testing.assert_frame_equal(box_scores(half.url), whole)
    assert len(half.requests) > 35  # pages of the two weeks


def test_a_base_url_keeps_its_path(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page(GAME)]
    api(f"{web.url}/bdl", tmp_path).games(CHRISTMAS, refresh=False)
    assert [path.partition("?")[0] for path in web.paths] == ["/bdl/v1/games"]


def test_the_key_is_not_shown_with_the_source(tmp_path: Path) -> None:
    shown = repr(Balldontlie(api_key=SECRET, base_url="https://proxy", landing=str(tmp_path)))
    assert "https://proxy" in shown
    assert SECRET not in shown


def test_the_key_is_in_no_kept_answer(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answers = [page(GAME), page(BOX_ROW)]
    source = api(web.url, tmp_path)
    source.games(CHRISTMAS, refresh=False)
    source.box_scores(CHRISTMAS, closed=True, refresh=False)
    kept = list(tmp_path.rglob("*.json"))
    assert len(kept) == 2
    assert not any(SECRET in file.read_text() for file in kept)


def test_an_empty_list_is_no_quiet_week_in_the_season(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answer = lambda path: page()
    with pytest.raises(SourceUnavailable, match="week 2021-12-24: no game of 2021-22 is listed"):
        api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    assert api(web.url, tmp_path).games(dt.date(2022, 7, 8), refresh=False).rows.empty
    assert list(tmp_path.rglob("*.json")) == []


def test_a_week_without_games_between_games_is_not_quiet(web: ScriptedWeb, tmp_path: Path) -> None:
    days = {7: "2021-12-20", 8: "2022-01-02"}
    web.answer = lambda path: page(*(changed(GAME, id=game, date=day, datetime=None) for game, day in days.items()))
    with pytest.raises(SourceUnavailable, match="no game is listed between 2021-12-20 and 2022-01-02"):
        api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    days[8] = "2022-01-12"
    assert api(web.url, tmp_path).games(CHRISTMAS, refresh=False).rows.empty


def test_a_moved_game_is_of_the_week_it_is_played_in_whichever_week_comes_first(
    web: ScriptedWeb, tmp_path: Path
) -> None:
    february, march = dt.date(2022, 1, 28), dt.date(2022, 3, 4)
    moved = changed(GAME, date="2022-02-01", datetime="2022-03-08T00:00:00.000Z")
    unknown = changed(GAME, id=8, date="2022-02-02", datetime="2022-02-02T00:00:00.000Z")
    web.answer = lambda path: page(moved, unknown)
    for weeks in ((february, march), (march, february)):
        source = api(web.url, tmp_path)
        found = {week: source.games(week, refresh=False) for week in weeks}
        assert found[march].rows[["game_id", "game_date", "scheduled_date"]].to_numpy().tolist() == [
            [7, dt.date(2022, 3, 7), dt.date(2022, 2, 1)]
        ]
        assert found[february].rows["game_id"].tolist() == [8]
        assert found[february].unreadable["reason"].tolist() == ["game 7, ATL at NYK, is played on 2022-03-07"]


def test_a_game_that_is_listed_twice_is_there_once(web: ScriptedWeb, tmp_path: Path) -> None:
    web.answer = lambda path: page(changed(GAME, id=6, status="2021-12-25T22:00:00Z"), GAME, changed(GAME, id=9))
    found = api(web.url, tmp_path).games(CHRISTMAS, refresh=False)
    assert found.rows["game_id"].tolist() == [7]
    assert found.unreadable[["game_id", "rule"]].to_numpy().tolist() == [[9, "twin game"], [6, "twin game"]]


def test_kept_pages_from_before_the_corrections_are_requested_once_more(
    web: ScriptedWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answer = lambda path: page(BOX_ROW)
    monkeypatch.setattr(balldontlie, "league_today", lambda: dt.date(2022, 1, 3))
    api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False)
    (kept,) = tmp_path.rglob("stats-0001.json")
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "fetched_at": "2022-01-03T12:00:00+00:00"}))
    api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False)
    assert len(web.paths) == 1
    monkeypatch.setattr(balldontlie, "league_today", lambda: dt.date(2022, 1, 7))
    for _ in range(2):
        api(web.url, tmp_path).box_scores(CHRISTMAS, closed=True, refresh=False)
    assert len(web.paths) == 2


def test_this_week_is_never_kept(web: ScriptedWeb, tmp_path: Path) -> None:
    week = week_of(league_today())
    web.answer = lambda path: page(GAME) if "games" in path else page(BOX_ROW)
    source = api(web.url, tmp_path)
    for _ in range(2):
        source.games(week, refresh=False)
        source.box_scores(week, closed=True, refresh=False)
    assert len(web.paths) == 3  # a source lists a season once
    assert list(tmp_path.rglob("*.json")) == []
