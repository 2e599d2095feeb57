"""One small league week whose every number adds up: what tests take as right, and change to make it wrong."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd
from pydantic import PrivateAttr

from nba_assets.league.teams import TEAMS
from nba_assets.sources.interface import EVENING, BoxScoreSource, Fetched, InjuryReportSource, Report
from nba_assets.tables import (
    BDL_GAMES,
    BDL_PLAYER_BOXSCORES,
    COUNTING_STATS,
    PLAYER_GAME_SUMMARY,
    TEAM_GAME_SUMMARY,
    VALIDATION_METRICS,
)
from nba_assets.transforms import summaries

BOX_SCORE_TABLES = (BDL_GAMES, BDL_PLAYER_BOXSCORES, PLAYER_GAME_SUMMARY, TEAM_GAME_SUMMARY)
MEASURED_TABLES = (*BOX_SCORE_TABLES, VALIDATION_METRICS)
WEEK = dt.date(2021, 12, 17)
FETCHED_AT = pd.Timestamp("2021-12-24 12:00", tz="UTC")
DAYS_OF_GAMES = (0, 2, 6, 1, 3, 4, 5)  # the first three games are on Friday, Sunday and Thursday
GAME_OF_OVERTIME = 1

LINE_COLUMNS = [
    "minutes",
    "fgm",
    "fga",
    "fg3m",
    "fg3a",
    "ftm",
    "fta",
    "oreb",
    "dreb",
    "ast",
    "stl",
    "blk",
    "turnover",
    "pf",
]
HOME_LINES = (  # ten players share 240 minutes and score 107
    (36, 9, 18, 3, 7, 5, 6, 1, 6, 7, 1, 0, 3, 2),
    (35, 8, 15, 2, 5, 4, 4, 0, 4, 5, 2, 0, 2, 3),
    (33, 6, 13, 1, 4, 2, 2, 2, 6, 3, 1, 1, 1, 2),
    (31, 5, 10, 1, 3, 2, 3, 1, 5, 2, 0, 2, 2, 4),
    (28, 4, 8, 0, 1, 3, 4, 3, 7, 1, 1, 2, 1, 3),
    (24, 3, 7, 2, 5, 0, 0, 0, 3, 2, 0, 0, 1, 1),
    (20, 2, 5, 1, 3, 0, 0, 1, 2, 1, 1, 0, 1, 2),
    (16, 2, 4, 0, 0, 1, 2, 1, 3, 0, 0, 1, 0, 2),
    (13, 1, 2, 0, 1, 0, 0, 0, 1, 1, 0, 0, 1, 1),
    (4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
)
VISITOR_LINES = ((36, 8, 18, 3, 7, 5, 6, 1, 6, 7, 1, 0, 3, 2), *HOME_LINES[1:])  # one basket less: 105
NOT_PLAYED = (0,) * 14
ROSTER = 15
HOME_SCORE, VISITOR_SCORE = 107, 105


@dataclass
class LeagueWeek:
    """The four tables of a week: games of 15 rostered players a side, of whom ten played."""

    games: pd.DataFrame
    box_scores: pd.DataFrame

    @property
    def player_summary(self) -> pd.DataFrame:
        return summaries.player_game_summary(self.games, self.box_scores)

    @property
    def team_summary(self) -> pd.DataFrame:
        return summaries.team_game_summary(self.games, self.box_scores)


NO_GAMES = LeagueWeek(pd.DataFrame(), pd.DataFrame())


def league_week(week: dt.date = WEEK, games: int = 3) -> LeagueWeek:
    """A right week; its second game goes to one overtime."""
    listed = [_game(week, number) for number in range(games)]
    rows = [row for game in listed for side in ("home", "visitor") for row in _box_score(game, side)]
    columns = ["week", "game_id", "player_id", "game_date", "season", "player_name", "team", "position", "minutes"]
    columns += [*COUNTING_STATS, "plus_minus", "fetched_at"]
    return LeagueWeek(pd.DataFrame(listed), pd.DataFrame(rows)[columns])


def without_minutes(week: dt.date) -> LeagueWeek:
    """Wrong in one way: no player's minutes came."""
    wrong = league_week(week)
    wrong.box_scores["minutes"] = None
    return wrong


def _game(week: dt.date, number: int) -> dict[str, object]:
    teams = list(TEAMS)
    date = week + dt.timedelta(days=DAYS_OF_GAMES[number % 7])
    return {
        "week": week,
        "game_id": week.toordinal() * 100 + number,
        "game_date": date,
        "scheduled_date": None,
        "season": 2021,
        "postseason": False,
        "status": "Final",
        "tipoff": pd.Timestamp(date, tz="US/Eastern").tz_convert("UTC") + pd.Timedelta(hours=19),
        "period": 5 if number == GAME_OF_OVERTIME else 4,
        "home_team": teams[2 * number % 30],
        "visitor_team": teams[(2 * number + 1) % 30],
        "home_score": HOME_SCORE,
        "visitor_score": VISITOR_SCORE,
        "fetched_at": FETCHED_AT,
    }


def _box_score(game: dict[str, object], side: str) -> list[dict[str, object]]:
    lines = HOME_LINES if side == "home" else VISITOR_LINES
    facts = {name: game[name] for name in ("week", "game_id", "game_date", "season", "fetched_at")}
    team, week = str(game[f"{side}_team"]), cast("dt.date", game["week"])
    rows = []
    for number in range(ROSTER):
        line = dict(zip(LINE_COLUMNS, lines[number] if number < len(lines) else NOT_PLAYED, strict=True))
        # No week has the lines of the one before.
        line["turnover"] += abs((week - WEEK).days) // 7 % 5 if line["fga"] else 0
        in_overtime = 5 if game["period"] == 5 and number < 5 else 0
        of_player = {
            "player_id": list(TEAMS).index(team) * 100 + number,
            "player_name": f"Player {number} of {team}",
            "team": team,
            "position": "G",
            "minutes": f"{line['minutes'] + in_overtime:02d}",
            "pts": 2 * line["fgm"] + line["fg3m"] + line["ftm"],
            "reb": line["oreb"] + line["dreb"],
            "plus_minus": number - 3,
        }
        rows.append(facts | line | of_player)
    return rows


class SmallLeague(BoxScoreSource):
    """A source that answers with the weeks a test gives it, and nothing for all others; an Exception is raised.

    Several answers to one week are given one after the other, the last one for good; `asked` are the weeks asked for.
    """

    _weeks: dict[dt.date, list[LeagueWeek | Exception]] = PrivateAttr(default_factory=dict)
    _asked: list[dt.date] = PrivateAttr(default_factory=list)

    def answer(self, week: dt.date, *answers: LeagueWeek | Exception) -> None:
        self._weeks[week] = [*answers] or [league_week(week)]

    @property
    def asked(self) -> list[dt.date]:
        return self._asked

    def games(self, week: dt.date, *, refresh: bool) -> Fetched:
        return Fetched(self._answer(week).games.drop(columns="week", errors="ignore"))

    def box_scores(self, week: dt.date, *, moved: Sequence[int] = (), closed: bool, refresh: bool) -> Fetched:
        return Fetched(self._answer(week).box_scores.drop(columns="week", errors="ignore"))

    def _answer(self, week: dt.date) -> LeagueWeek:
        self._asked.append(week)
        answers = self._weeks.get(week, [LeagueWeek(pd.DataFrame(), pd.DataFrame())])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class NoReports(InjuryReportSource):
    """Nobody of the small league is ever injured."""

    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        return None
