"""Players of the sample league who are ruled out before tip-off: injuries, rest, trades, the G League."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nba_assets.sources.sample.rosters import STANDARD_SLOTS, Rosters
from nba_assets.sources.sample.schedule import Calendar, Schedule

AVAILABLE = -1
_MOST_OUT = 7  # of the fifteen standard contracts, so that a team can always put eight on the court


@dataclass(frozen=True)
class Reason:
    """A reason as the injury report prints it. frequency: relative, of spells; days: mean length of a spell."""

    printed: str
    category: str
    frequency: float = 0.0
    days: float = 0.0


def _on_either_side(injury: str, frequency: float, days: float) -> tuple[Reason, ...]:
    return tuple(
        Reason(f"Injury/Illness - {side} {injury}", "injury", frequency / 2, days) for side in ("Left", "Right")
    )


REASONS = (
    Reason("G League - Two-Way", "g_league"),
    Reason("Rest", "rest"),
    Reason("Trade Pending", "trade"),
    Reason("Injury/Illness - N/A; Illness", "illness", 20, 2),
    Reason("Injury/Illness - Low Back; Spasms", "injury", 10, 3),
    Reason("Personal Reasons", "personal", 6, 2),
    Reason("League Suspension", "suspension", 2, 3),
    Reason("Not With Team", "other", 1, 12),
    *_on_either_side("Knee; Soreness", 24, 2.5),
    *_on_either_side("Ankle; Soreness", 16, 2.5),
    *_on_either_side("Foot; Soreness", 9, 4),
    *_on_either_side("Hip; Contusion", 9, 3),
    *_on_either_side("Ankle; Sprain", 13, 11),
    *_on_either_side("Hamstring; Strain", 7, 15),
    *_on_either_side("Calf; Strain", 6, 15),
    *_on_either_side("Knee; Sprain", 5, 20),
    *_on_either_side("Groin; Strain", 4, 14),
    *_on_either_side("Wrist; Sprain", 3, 14),
    *_on_either_side("Hand; Fracture", 1, 45),
    *_on_either_side("Shoulder; Surgery", 1, 110),
    *_on_either_side("Foot; Stress Fracture", 1, 90),
    *_on_either_side("Knee; ACL Repair", 0.6, 300),
)
_TWO_WAY, _REST, _TRADE_PENDING = range(3)
_SPELLS_PER_SEASON = 5.7
_DAYS_BEFORE_OPENING = 60  # a spell may have begun in summer


def absence_spells(rosters: Rosters, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    """(days, players) number of the reason in `REASONS`, or AVAILABLE."""
    days, players = len(calendar.dates), len(rosters.players)
    spells = rng.poisson(_SPELLS_PER_SEASON * rosters.players["frailty"])
    player = np.repeat(np.arange(players), spells)
    frequency = np.array([reason.frequency for reason in REASONS])
    reason = rng.choice(len(REASONS), len(player), p=frequency / frequency.sum())
    begins = rng.integers(-_DAYS_BEFORE_OPENING, days, len(player))
    mean_length = np.array([reason.days for reason in REASONS])[reason]
    ends = begins + 1 + rng.gamma(2.0, mean_length / 2.0).astype(int)
    absent = np.full((days, players), AVAILABLE, dtype=np.int8)
    for who, why, first, end in zip(player, reason, np.maximum(begins, 0), np.maximum(ends, 0), strict=True):
        absent[first:end, who] = why
    return absent


def ruled_out(
    schedule: Schedule, held: np.ndarray, spells: np.ndarray, ability: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(games, 2, SLOTS) why each player under contract is out of each game, or AVAILABLE.

    `held`: (days, teams, SLOTS) as from `occupants`. `ability`: of each player; the best sit out second nights.
    """
    day, teams = schedule.day[:, None], schedule.teams
    who = held[day, teams]
    absent = spells[day[..., None], who]
    rests = schedule.back_to_back[..., None] & (ability[who] > 1.2) & (rng.random(who.shape) < 0.10)
    absent = np.where((absent == AVAILABLE) & rests, _REST, absent)
    absent[who != held[np.maximum(day - 2, 0), teams]] = _TRADE_PENDING
    standard, two_way = absent[..., :STANDARD_SLOTS], absent[..., STANDARD_SLOTS:]
    standard[np.cumsum(standard != AVAILABLE, axis=-1) > _MOST_OUT] = AVAILABLE
    healthy = ((standard == AVAILABLE) & (who[..., :STANDARD_SLOTS] >= 0)).sum(axis=-1, keepdims=True)
    stays_down = rng.random(two_way.shape) < np.where(healthy < 11, 0.3, 0.75)
    two_way[(two_way == AVAILABLE) & stays_down] = _TWO_WAY
    return absent
