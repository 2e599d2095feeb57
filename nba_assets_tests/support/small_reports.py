"""Injury reports of the small league week, written out row by row, and a source that answers with them."""

import datetime as dt

import pandas as pd
from pydantic import PrivateAttr

from nba_assets.errors import SourceError
from nba_assets.league.player_names import player_lookup
from nba_assets.sources.interface import EVENING, InjuryReportSource, Report
from nba_assets.sources.nba_injury_report import COLUMNS, NOT_YET_SUBMITTED, reason_category
from nba_assets_tests.support.small_week import WEEK

FRIDAY, SUNDAY, THURSDAY = WEEK, WEEK + dt.timedelta(days=2), WEEK + dt.timedelta(days=6)  # the days of its three games


def report(day: dt.date, *lines: str, unread: tuple[str, ...] = (), time: str = "17:30") -> Report:
    """The report of `day`; a line is "team | player | status | reason" of a game that day at 19:30.

    "12-19 12:00 | team | …" is of the game on that day of the same year at that time. A team that has not submitted
    names no player.
    """
    rows = []
    for line in lines:
        *game, team, player, status, reason = [cell.strip() for cell in line.split("|")]
        game_day, game_time = game[0].split() if game else (f"{day:%m-%d}", "19:30")
        rows.append(
            {
                "report_date": day,
                "report_time": time,
                "game_date": dt.date.fromisoformat(f"{day.year}-{game_day}"),
                "game_time": game_time,
                "matchup": "ATL@BOS",
                "team": team,
                "player_name": player,
                "status": status,
                "reason": reason,
                "reason_category": reason_category(reason),
                "player_lookup": player_lookup(player),
            }
        )
    return Report(day, time, pd.DataFrame(rows, columns=COLUMNS), list(unread))


def waiting(team: str) -> str:
    return f"{team} | | {NOT_YET_SUBMITTED} | NOT YET SUBMITTED"


FRIDAY_REPORT = report(
    FRIDAY,
    "ATL | Player 10 of ATL | Out | Injury/Illness - Left Knee; Sprain",
    "ATL | Player 0 of ATL | Questionable | Rest",
    "BOS | Player 11 of BOS | Out | G League - Two-Way",
    waiting("BKN"),
)
SUNDAY_REPORT = report(SUNDAY, "BKN | Player 12 of BKN | Out | League Suspension")
THURSDAY_REPORT = report(THURSDAY, "CHI | Player 13 of CHI | Out | Rest")


class SmallReports(InjuryReportSource):
    """Answers with the reports a test gives it; `asked` are the days whose evening's report it was asked for."""

    _answers: dict[tuple[dt.date, dt.time], Report | SourceError] = PrivateAttr(default_factory=dict)
    _asked: list[tuple[dt.date, dt.time]] = PrivateAttr(default_factory=list)

    @property
    def asked(self) -> list[dt.date]:
        return [day for day, at in self._asked if at == EVENING]

    @property
    def asked_earlier(self) -> list[tuple[dt.date, dt.time]]:
        return [(day, at) for day, at in self._asked if at != EVENING]

    def answer(self, *reports: Report) -> None:
        self._answers |= {(each.report_date, dt.time.fromisoformat(each.report_time)): each for each in reports}

    def fail(self, day: dt.date, why: SourceError) -> None:
        self._answers[day, EVENING] = why

    def forget(self, day: dt.date) -> None:
        """The archive answers 403 from now on."""
        del self._answers[day, EVENING]

    def report(self, day: dt.date, at: dt.time = EVENING, *, refresh: bool) -> Report | None:
        self._asked.append((day, at))
        answer = self._answers.get((day, at))
        if isinstance(answer, SourceError):
            raise answer
        return answer
