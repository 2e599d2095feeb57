"""Which box scores can be used: each rule on a week that is right, and on one that is wrong in just that way."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from nba_assets.tables import BDL_PLAYER_BOXSCORES
from nba_assets.transforms.box_score_quarantine import Screened, screen
from nba_assets.transforms.summaries import player_game_summary, team_game_summary
from nba_assets_tests.support.small_week import WEEK, LeagueWeek, league_week

Change = Callable[[LeagueWeek], None]
FIRST, SECOND, THIRD = sorted(league_week().games["game_id"])
STAR = "game_id == @FIRST and minutes == '36' and team == 'ATL'"


def screened(week: LeagueWeek, stored: pd.DataFrame | None = None, *, accept_changes: bool = False) -> Screened:
    nothing = pd.DataFrame(columns=BDL_PLAYER_BOXSCORES.column_names)
    return screen(week.games, week.box_scores, nothing if stored is None else stored, accept_changes=accept_changes)


def changed(rows: str, **values: object) -> Change:
    def change(week: LeagueWeek) -> None:
        index = week.box_scores.query(rows, local_dict={"FIRST": FIRST}).index
        for name, value in values.items():
            week.box_scores[name] = week.box_scores[name].astype(object)
            week.box_scores.loc[index, name] = value

    return change


def without(rows: str) -> Change:
    def change(week: LeagueWeek) -> None:
        week.box_scores = week.box_scores.drop(week.box_scores.query(rows, local_dict={"FIRST": FIRST}).index)

    return change


def test_a_right_week_is_used_as_it_is() -> None:
    week = league_week()
    result = screened(week)
    assert len(result.quarantined) == 0
    pd.testing.assert_frame_equal(result.rows, week.box_scores, check_dtype=False)


def test_corrections_of_a_basket_and_minutes_rounded_player_by_player_are_right() -> None:
    week = league_week()
    changed(STAR, fgm=10, pts=28, minutes="40")(week)
    assert len(screened(week).quarantined) == 0


WRONG_GAMES = {
    "no rows": ("no rows", "final without box-score rows", without("game_id == @FIRST")),
    "a team missing": ("one team", "box-score rows of one team only", without("team == 'ATL'")),
    "the best scorer missing": ("score", "ATL's players have 81 points of 107", without(STAR)),
    "who did not score missing": ("team minutes", "ATL's players have 224 minutes of 240", without(
        "game_id == @FIRST and minutes == '16' and team == 'ATL'")),
    "half of the minutes": ("team minutes", "ATL's players have 222 minutes of 240", changed(STAR, minutes="18")),
    "more made than attempted": ("impossible line", "Player 0 of ATL has 36 minutes, 9 fgm, 8 fga", changed(
        STAR, fga=8)),
    "a negative stat": ("impossible line", "Player 0 of ATL has", changed(STAR, stl=-1)),
    "more minutes than the game": ("impossible line", "Player 0 of ATL has 60 minutes", changed(STAR, minutes="60")),
    "points that are not those of the shots": ("wrong points", "Player 0 of ATL has 27 points, his shots give 26",
                                               changed(STAR, pts=27)),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "reason", "change"), WRONG_GAMES.values(), ids=WRONG_GAMES)
def test_a_wrong_game_is_set_aside_with_all_its_rows(rule: str, reason: str, change: Change) -> None:
    week = league_week()
    if "224" in reason:  # without points, so that only the minutes are missing
        changed("minutes == '16' and team == 'ATL'", fgm=0, ftm=0, pts=0)(week)
        week.games.loc[0, "home_score"] -= 5
    change(week)
    result = screened(week)
    assert set(result.quarantined["game_id"]) == {FIRST}
    assert set(result.quarantined["rule"]) == {rule}
    assert result.quarantined["whole_game"].all()
    assert result.quarantined["reason"].iloc[0].startswith(f"game {FIRST} of {WEEK}, BOS at ATL: {reason}")
    assert set(result.rows["game_id"]) == {SECOND, THIRD}
    sent = week.box_scores["game_id"] == FIRST
    assert len(result.quarantined) == max(1, sent.sum())


WRONG_ROWS = {
    "of no listed game": ("no listed game", changed("index == 14", game_id=1, team="UTA")),
    "of a team that is not in the game": ("wrong team", changed("index == 14", team="MIA")),
    "minutes that are no time": ("unreadable number", changed("index == 14", minutes="DNP")),
    "text in a number": ("unreadable number", changed("index == 14", pts="none")),
    "half a rebound": ("unreadable number", changed("index == 14", reb=0.5)),
}


@pytest.mark.parametrize(("rule", "change"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_a_row_of_nobody_who_played_is_set_aside_alone(rule: str, change: Change) -> None:
    week = league_week()
    change(week)
    result = screened(week)
    (aside,) = result.quarantined.to_dict("records")
    assert (aside["rule"], aside["whole_game"]) == (rule, False)
    assert len(result.rows) == 89


def test_games_that_are_not_final_are_not_judged() -> None:
    week = league_week()
    week.games["status"] = "3rd Qtr"
    week.box_scores = week.box_scores.query("team == 'ATL'")
    assert len(screened(week).quarantined) == 0


def test_minutes_that_are_null_are_left_to_the_null_rate() -> None:
    week = league_week()
    changed("game_id == @FIRST", minutes=None)(week)
    assert len(screened(week).quarantined) == 0


def test_what_was_stored_of_a_wrong_game_stays() -> None:
    stored, week = league_week().box_scores, league_week()
    without("team == 'ATL'")(week)
    result = screened(week, stored)
    assert len(result.rows) == 90
    assert set(result.quarantined["game_id"]) == {FIRST}


def test_a_line_that_went_or_shrank_holds_its_game_back_until_a_person_accepts_it() -> None:
    stored, week = league_week().box_scores, league_week()
    gone, instead = STAR, "game_id == @FIRST and minutes == '00' and team == 'ATL'"
    line = week.box_scores.query(gone, local_dict={"FIRST": FIRST}).iloc[0]
    other = week.box_scores.query(instead, local_dict={"FIRST": FIRST}).index[0]
    names = [name for name in week.box_scores.columns if name not in ("player_id", "player_name")]
    week.box_scores.loc[other, names] = line[names]
    without("game_id == @FIRST and player_id == 0")(week)
    result = screened(week, stored)
    assert set(result.quarantined["rule"]) == {"lost line"}
    assert "Player 0 of ATL was stored with 36 minutes and 26 points, and is not sent any more" in set(
        result.quarantined["reason"].str.partition(": ")[2]
    )
    assert (
        result.rows.query("game_id == @FIRST")["player_id"].tolist()
        == stored.query("game_id == @FIRST")["player_id"].tolist()
    )
    assert len(screened(week, stored, accept_changes=True).quarantined) == 0


def test_a_second_game_of_a_day_is_set_aside_and_the_one_that_was_not_moved_stays() -> None:
    week = league_week()
    second = week.games["game_id"] == SECOND
    day, teams = week.games["game_date"].iloc[0], week.games.loc[0, ["home_team", "visitor_team"]]
    before = week.games.loc[second, ["home_team", "visitor_team"]].iloc[0]
    week.games.loc[second, ["home_team", "visitor_team"]] = teams.tolist()
    week.games.loc[second, "game_date"] = day
    week.box_scores["team"] = week.box_scores["team"].replace(dict(zip(before, teams, strict=True)))
    assert set(screened(week).quarantined["game_id"]) == {FIRST, SECOND}
    week.games.loc[second, "scheduled_date"] = day + pd.Timedelta(days=-30)
    result = screened(week)
    assert set(result.quarantined["game_id"]) == {SECOND}
    assert set(result.quarantined["rule"]) == {"second game of a day"}


def test_a_tie_takes_its_score_from_a_box_score_that_adds_up() -> None:
    week = league_week()
    week.games.loc[0, ["home_score", "visitor_score", "period"]] = 105, 105, 8
    result = screened(week)
    assert len(result.quarantined) == 0
    (home, visitor) = team_game_summary(week.games, result.rows).query("game_id == @FIRST").to_dict("records")
    assert (home["points"], visitor["points"], home["won"], home["overtimes"]) == (107, 105, True, 0)
    assert player_game_summary(week.games, result.rows).query("game_id == @FIRST and team == 'ATL'")["won"].all()


def test_a_tie_that_its_box_score_does_not_settle_is_set_aside() -> None:
    week = league_week()
    week.games.loc[0, ["home_score", "visitor_score"]] = 105, 105
    without("game_id == @FIRST and minutes == '31' and team == 'ATL'")(week)
    result = screened(week)
    assert set(result.quarantined["rule"]) == {"tie"}
    assert set(result.quarantined["game_id"]) == {FIRST}
