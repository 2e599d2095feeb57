"""The sample league's games: who plays how long, and the box-score line he leaves, for many games at once.

Arrays of a set of games are (games, 2, SLOTS): home team first, one slot a contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nba_assets.sources.sample.absences import AVAILABLE, absence_spells, ruled_out
from nba_assets.sources.sample.rosters import POSITIONS, SLOT_POSITIONS, Rosters, occupants
from nba_assets.sources.sample.schedule import TEAMS, Calendar, Schedule

LINE = ("fgm", "fga", "fg3m", "fg3a", "ftm", "fta", "oreb", "dreb", "ast", "stl", "blk", "turnover", "pf")
FGM, FGA, FG3M, FG3A, FTM, FTA, OREB, DREB, AST, STL, BLK, TURNOVER, PF = range(len(LINE))

_PLAYS = 109.3  # field-goal attempts, trips to the line and turnovers of a team in 48 minutes
_LEAST_MINUTES, _MOST_MINUTES = 1.0, 40.4  # of regulation time
_QUARTER, _OVERTIME = 12 / 48, 5 / 48
_FOUL_LIMIT = 6
_EASE = 0.004  # by which each point of lead lowers the leader's shooting
_POSITION_GROUP = np.array([POSITIONS[position] for position in SLOT_POSITIONS])


@dataclass(frozen=True)
class Season:
    """The state of the league before its games are played. Daily arrays are (days, players)."""

    calendar: Calendar
    rosters: Rosters
    held: np.ndarray  # (days, teams, SLOTS) player row
    spells: np.ndarray  # reason out, or AVAILABLE
    role: np.ndarray  # the player's role in the team for some days, on the scale of ability
    appetite: np.ndarray  # drifting factor on his share of the plays
    touch: np.ndarray  # drifting factor on his shooting
    pace: np.ndarray  # (teams) plays above the league's
    offence: np.ndarray  # (teams) factor on shooting
    defence: np.ndarray  # (teams) factor on the opponent's shooting
    rotation: np.ndarray  # (teams) players the coach likes to use


@dataclass(frozen=True)
class Plan:
    """A set of games at tip-off. minutes: of regulation time."""

    who: np.ndarray  # player row, -1 for an open contract
    minutes: np.ndarray
    plays: np.ndarray  # (games, 2) plays of the team in 48 minutes
    appetite: np.ndarray
    shooting: np.ndarray
    traits: dict[str, np.ndarray]


@dataclass(frozen=True)
class BoxScores:
    """The box scores of a set of games.

    who: player row, -1 for an open contract. absent: number of the reason a player was ruled out for, or AVAILABLE.
    minutes: whole; 0 with a line for who came in for seconds. lines: (len(LINE), games, 2, SLOTS) counts.
    """

    schedule: Schedule
    who: np.ndarray
    absent: np.ndarray
    minutes: np.ndarray
    lines: np.ndarray
    overtimes: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        return scores(self.lines)

    def only(self, games: np.ndarray) -> BoxScores:
        """The games of these numbers, in their order."""
        return BoxScores(
            Schedule(self.schedule.day[games], self.schedule.teams[games]),
            self.who[games],
            self.absent[games],
            self.minutes[games],
            self.lines[:, games],
            self.overtimes[games],
        )

    @classmethod
    def joined(cls, parts: Sequence[BoxScores]) -> BoxScores:
        """The games of all parts, one part after the other."""
        return cls(
            schedule=Schedule(
                np.concatenate([part.schedule.day for part in parts]),
                np.concatenate([part.schedule.teams for part in parts]),
            ),
            who=np.concatenate([part.who for part in parts]),
            absent=np.concatenate([part.absent for part in parts]),
            minutes=np.concatenate([part.minutes for part in parts]),
            lines=np.concatenate([part.lines for part in parts], axis=1),
            overtimes=np.concatenate([part.overtimes for part in parts]),
        )


def points(lines: np.ndarray) -> np.ndarray:
    return 2 * lines[FGM] + lines[FG3M] + lines[FTM]


def scores(lines: np.ndarray) -> np.ndarray:
    """(games, 2) score of each team."""
    return points(lines).sum(axis=-1)


def new_season(calendar: Calendar, rosters: Rosters, rng: np.random.Generator) -> Season:
    days, players, teams = len(calendar.dates), len(rosters.players), len(TEAMS)
    ability = rosters.players["ability"].to_numpy()
    above_average = ability - ability[rosters.slots[rosters.slots >= 0]].mean()
    appetite = rosters.players["appetite"].to_numpy() * np.exp(0.19 * above_average)
    return Season(
        calendar=calendar,
        rosters=rosters,
        held=occupants(rosters, calendar, rng),
        spells=absence_spells(rosters, calendar, rng),
        role=ability + _stretches(rng, days, players, mean_days=30, spread=0.62),
        appetite=appetite * np.exp(_drift(rng, days, players, 0.014)),
        touch=np.exp(0.010 * above_average + _drift(rng, days, players, 0.002)),
        pace=rng.normal(0, 1.6, teams),
        offence=np.exp(rng.normal(0, 0.015, teams)),
        defence=np.exp(rng.normal(0, 0.020, teams)),
        rotation=rng.normal(10.7, 0.5, teams),
    )


def _stretches(rng: np.random.Generator, days: int, players: int, *, mean_days: float, spread: float) -> np.ndarray:
    """A level per player that stays constant for some days and then jumps."""
    jumps = rng.random((days, players)) < 1 / mean_days
    since = np.maximum.accumulate(np.where(jumps, np.arange(days)[:, None], 0), axis=0)
    return np.take_along_axis(rng.normal(0, spread, (days, players)), since, axis=0)


def _drift(rng: np.random.Generator, days: int, players: int, step: float) -> np.ndarray:
    """A random walk per player, day by day."""
    return rng.normal(0, step, (days, players)).cumsum(axis=0)


def play(season: Season, schedule: Schedule, rng: np.random.Generator) -> BoxScores:
    """Play the games of a schedule quarter by quarter, then overtimes until no game is tied."""
    who = season.held[schedule.day[:, None], schedule.teams]
    absent = ruled_out(schedule, season.held, season.spells, season.rosters.players["ability"].to_numpy(), rng)
    plan = _plan(season, schedule, who, absent, rng)
    lines = np.zeros((len(LINE), *who.shape), dtype=np.int64)
    for _ in range(4):
        lines += _stretch_of_play(plan, _QUARTER, scores(lines), rng)
    _level_at_the_buzzer(lines, rng)
    overtimes = np.zeros(len(schedule), dtype=int)
    while (tied := np.ptp(scores(lines), axis=-1) == 0).any():
        lines += _stretch_of_play(plan, _OVERTIME, scores(lines), rng) * tied[:, None, None]
        overtimes += tied
    np.minimum(lines[PF], _FOUL_LIMIT, out=lines[PF])
    minutes = np.rint(plan.minutes * (1 + overtimes * _OVERTIME)[:, None, None]).astype(int)
    sent_in_to_foul = _one_off_the_bench((who >= 0) & (absent == AVAILABLE) & (minutes == 0), rng)
    lines[PF][sent_in_to_foul] = 1
    return BoxScores(schedule, who, absent, minutes, lines, overtimes)


def _plan(season: Season, schedule: Schedule, who: np.ndarray, absent: np.ndarray, rng: np.random.Generator) -> Plan:
    """Minutes, pace and form in each game, from rosters, absences, opponents and the calendar."""
    day, teams = schedule.day[:, None, None], schedule.teams
    tempo = season.pace[teams].sum(axis=-1, keepdims=True) + rng.normal(0, 3.5, (len(teams), 1))
    home = np.array([1.013, 0.987])
    tired = np.where(schedule.back_to_back, 0.985, 1.0)
    sides = season.offence[teams] * season.defence[teams[:, ::-1]]
    conditions = home * tired * sides * np.exp(rng.normal(0, 0.02, teams.shape))
    traits = season.rosters.players.select_dtypes("float")
    return Plan(
        who=who,
        minutes=_minutes(season, schedule, who, absent, rng),
        plays=_PLAYS + tempo + rng.normal(0, 2.0, teams.shape),
        appetite=season.appetite[day, who] * np.exp(rng.normal(0, 0.16, who.shape)),
        shooting=season.touch[day, who] * conditions[..., None],
        traits={name: traits[name].to_numpy()[who] for name in traits},
    )


def _minutes(
    season: Season, schedule: Schedule, who: np.ndarray, absent: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """By rank among the available players; an absence helps players of the same position most."""
    standing = season.role[schedule.day[:, None, None], who]
    can_play = (who >= 0) & (absent == AVAILABLE)
    share = (who >= 0) / (1 + np.exp(-standing))
    for group in np.unique(_POSITION_GROUP):
        of_group = group == _POSITION_GROUP
        missing = (share * ~can_play)[..., of_group].sum(axis=-1) / share[..., of_group].sum(axis=-1)
        standing[..., of_group] += 3.6 * missing[..., None]
    tonight = standing + rng.normal(0, 0.36, standing.shape)
    used = np.clip(np.rint(season.rotation[schedule.teams] + rng.normal(0, 1.3, schedule.teams.shape)), 8, 14)
    order = np.where(can_play, -tonight, np.inf).argsort(axis=-1).argsort(axis=-1)
    return _shared_time(tonight, can_play & (order < used[..., None]))


def _shared_time(standing: np.ndarray, plays: np.ndarray) -> np.ndarray:
    """240 minutes a team: logistic in rank, with all ranks of a team shifted alike until the sum is right."""
    low, high = np.full(plays.shape[:2], -8.0), np.full(plays.shape[:2], 8.0)
    for _ in range(24):
        shift = (low + high) / 2
        span = (_MOST_MINUTES - _LEAST_MINUTES) / (1 + np.exp(-standing - shift[..., None]))
        minutes = (_LEAST_MINUTES + span) * plays
        over = minutes.sum(axis=-1) > 240
        low, high = np.where(over, low, shift), np.where(over, shift, high)
    return minutes


def _stretch_of_play(plan: Plan, length: float, score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Counts in the order of `LINE` for a stretch of `length` regulation games that begins at `score`."""
    traits, lines = plan.traits, np.zeros((len(LINE), *plan.who.shape), dtype=np.int64)
    shooting = plan.shooting * np.exp(-_EASE * (score - score[:, ::-1]))[..., None]
    taken = _shared_count(np.rint(length * plan.plays).astype(int), plan.minutes * plan.appetite, rng)
    lines[TURNOVER] = rng.binomial(taken, np.minimum(traits["turnover_share"], 0.5))
    trips = rng.binomial(taken - lines[TURNOVER], np.minimum(traits["trip_share"], 0.5))
    lines[FGA] = taken - lines[TURNOVER] - trips
    lines[FG3A] = rng.binomial(lines[FGA], np.minimum(traits["three_share"], 0.95))
    lines[FG3M] = rng.binomial(lines[FG3A], np.minimum(traits["three_pct"] * shooting, 0.9))
    twos = rng.binomial(lines[FGA] - lines[FG3A], np.minimum(traits["two_pct"] * shooting, 0.9))
    lines[FGM] = lines[FG3M] + twos
    lines[FTA] = 2 * trips + rng.binomial(twos, 0.10)
    lines[FTM] = rng.binomial(lines[FTA], np.minimum(traits["free_throw_pct"], 0.95))
    lines[PF] = rng.binomial(3, np.minimum(length * plan.minutes * traits["fouls"] / 38, 1.0))
    _count_the_rest(lines, plan, rng)
    return lines


def _count_the_rest(lines: np.ndarray, plan: Plan, rng: np.random.Generator) -> None:
    """Rebounds of the misses, assists on the baskets, steals of the turnovers, blocks of the misses."""
    missed = (lines[FGA] - lines[FGM]).sum(axis=-1)
    offensive = rng.binomial(missed, 0.225)
    team_totals = {
        OREB: ("offensive_rebounds", offensive),
        DREB: ("defensive_rebounds", rng.binomial(missed - offensive, 0.92)[:, ::-1]),
        AST: ("assists", rng.binomial(lines[FGM].sum(axis=-1), 0.60)),
        STL: ("steals", rng.binomial(lines[TURNOVER].sum(axis=-1), 0.545)[:, ::-1]),
        BLK: ("blocks", rng.binomial(missed, 0.10)[:, ::-1]),
    }
    for stat, (trait, total) in team_totals.items():
        lines[stat] = _shared_count(total, plan.minutes * plan.traits[trait], rng)


def _shared_count(total: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Split whole totals (games, 2) among the slots, each unit at random by weight."""
    return rng.multinomial(total, weight / weight.sum(axis=-1, keepdims=True))


def _level_at_the_buzzer(lines: np.ndarray, rng: np.random.Generator) -> None:
    """Half of the games that are a point apart are tied by a free throw of the trailing team."""
    score = scores(lines)
    game = np.flatnonzero((np.ptp(score, axis=-1) == 1) & (rng.random(len(score)) < 0.5))
    side = np.argmin(score[game], axis=-1)
    shooter = lines[FTA][game, side].argmax(axis=-1)
    for stat in (FTM, FTA):
        lines[stat, game, side, shooter] += 1


def _one_off_the_bench(benched: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """In a few team-games a player who had not played comes in for seconds, to foul."""
    first = benched & (benched.cumsum(axis=-1) == 1)
    return first & (rng.random(benched.shape[:2]) < 0.04)[..., None]
