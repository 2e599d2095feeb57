"""The sample league's players and their teams: traits, ageing, rookies, trades."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nba_assets.sources.sample.names import COLLEGES
from nba_assets.sources.sample.schedule import TEAMS, Calendar

STANDARD_SLOTS = 15
SLOT_POSITIONS = ("PG", "SG", "SF", "PF", "C") * 3 + ("PG", "SF", "C")
SLOTS = len(SLOT_POSITIONS)  # fifteen standard contracts, then two-way contracts
POSITIONS = {"PG": "G", "SG": "G", "SF": "F", "PF": "F", "C": "C"}
_NUMBERS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 20, 21, 22, 23, 24, 25, 30, 31, 32, 33, 41, 44, 55)
_EMPTY = -1

# Means by position. Shares are of field-goal attempts or of plays; counts weigh his share of the team's.
_TRAITS = pd.DataFrame(
    {
        "PG": (0.42, 0.520, 0.366, 0.83, 0.095, 0.145, 1.90, 0.40, 0.75, 1.20, 0.40, 0.9, 74.5, 195),
        "SG": (0.47, 0.530, 0.370, 0.81, 0.080, 0.110, 1.05, 0.50, 0.80, 1.10, 0.55, 0.9, 77.0, 205),
        "SF": (0.45, 0.544, 0.363, 0.78, 0.085, 0.105, 0.85, 0.80, 1.00, 1.00, 0.70, 1.0, 79.5, 217),
        "PF": (0.38, 0.554, 0.350, 0.76, 0.095, 0.110, 0.75, 1.30, 1.25, 0.85, 1.20, 1.1, 81.0, 230),
        "C": (0.15, 0.594, 0.330, 0.70, 0.120, 0.130, 0.70, 2.30, 1.70, 0.75, 2.40, 1.3, 83.5, 250),
    },
    index=[
        *("three_share", "two_pct", "three_pct", "free_throw_pct", "trip_share", "turnover_share", "assists"),
        *("offensive_rebounds", "defensive_rebounds", "steals", "blocks", "fouls", "inches", "pounds"),
    ],
).T
# Relative spread between players of one position.
_SPREAD = np.array([0.25, 0.06, 0.06, 0.07, 0.40, 0.20, 0.45, 0.35, 0.20, 0.25, 0.45, 0.15, 0.025, 0.06])


@dataclass(frozen=True)
class Rosters:
    """The league on an opening night.

    players: everyone who ever had a contract, one row each, with traits; `ability` is on the scale of the logit of
        playing time, 0 for a sixth man. slots: (teams, SLOTS) row of the player who holds the contract, -1 if nobody.
    """

    season: int
    players: pd.DataFrame
    slots: np.ndarray


def founding_rosters(season: int, names: list[tuple[str, str]], rng: np.random.Generator) -> Rosters:
    """Rosters of the league's first season: players of all ages."""
    slots = np.full((len(TEAMS), SLOTS), _EMPTY)
    nobody = pd.DataFrame()
    return _with_newcomers(Rosters(season, nobody, slots), names, rng)


def next_rosters(rosters: Rosters, names: list[tuple[str, str]], rng: np.random.Generator) -> Rosters:
    """The league a season later: everyone a year older, some retired, released or moved, rookies in their place."""
    season, slots = rosters.season + 1, rosters.slots.copy()
    players = rosters.players.assign(ability=_a_year_older(rosters, rng))
    age = season - players["birth_year"].to_numpy()
    leaving = np.clip(0.04 - 0.06 * players["ability"].to_numpy() + 0.12 * np.maximum(age - 33, 0), 0.01, 0.95)
    chance = np.where(np.arange(SLOTS) < STANDARD_SLOTS, leaving[slots], 0.7)
    slots[rng.random(slots.shape) < chance] = _EMPTY
    for slot in range(STANDARD_SLOTS):
        moving = rng.choice(len(TEAMS), 6, replace=False)
        slots[moving, slot] = slots[np.roll(moving, 1), slot]
    return _with_newcomers(Rosters(season, players, slots), names, rng)


def _a_year_older(rosters: Rosters, rng: np.random.Generator) -> np.ndarray:
    age = rosters.season + 1 - rosters.players["birth_year"].to_numpy()
    growth = np.interp(age, [19, 23, 27, 31, 35, 40], [0.45, 0.25, 0.05, -0.10, -0.35, -0.60])
    return rosters.players["ability"].to_numpy() + growth + rng.normal(0, 0.30, len(age))


def _with_newcomers(rosters: Rosters, names: list[tuple[str, str]], rng: np.random.Generator) -> Rosters:
    """Fill the empty slots that the season's roster limits allow."""
    slots = rosters.slots.copy()
    wanted = np.ones_like(slots, dtype=bool)
    # A third of the teams leave the fifteenth contract open; the third two-way contract came in 2023-24.
    wanted[:, STANDARD_SLOTS - 1] = np.arange(len(TEAMS)) % 3 != rosters.season % 3
    wanted[:, SLOTS - 1] = (np.arange(len(TEAMS)) % 2 == 0) & (rosters.season >= 2023)
    slots[~wanted] = _EMPTY
    team, slot = np.nonzero(wanted & (slots == _EMPTY))
    known = len(rosters.players)
    slots[team, slot] = known + np.arange(len(slot))
    newcomers = _newcomers(rosters.season, slot, names[known : known + len(slot)], rng, founding=known == 0)
    return Rosters(rosters.season, pd.concat([rosters.players, newcomers], ignore_index=True), slots)


def _newcomers(
    season: int, slot: np.ndarray, names: list[tuple[str, str]], rng: np.random.Generator, *, founding: bool
) -> pd.DataFrame:
    count = len(slot)
    two_way = slot >= STANDARD_SLOTS
    position = np.array(SLOT_POSITIONS)[slot]
    oldest = np.where(founding & ~two_way, 36, 24)
    age = 19 + np.floor((oldest - 19) * rng.beta(1.6, 2.2, count)).astype(int)
    debut_age = np.minimum(age, rng.integers(19, 24, count)) if founding else age
    traits = _TRAITS.loc[position].reset_index(drop=True)
    traits *= np.exp(rng.normal(0, 1, traits.shape) * _SPREAD)
    prime = np.interp(age, [19, 23, 27, 31, 36], [-0.6, -0.1, 0.3, 0.3, -0.2])
    ability = rng.normal(0, 1.3 if founding else 1.1, count) + prime - 0.3 - 2.2 * two_way
    country = [country for _, country in names]
    college = rng.choice(COLLEGES, count)
    birthday = rng.integers(0, 365, count)
    return traits.assign(
        player_name=[name for name, _ in names],
        position=position,
        ability=ability,
        appetite=np.exp(rng.normal(0, 0.18, count)),
        frailty=rng.gamma(4, 0.25, count),
        birth_date=[
            dt.date(season - years, 1, 1) + dt.timedelta(days=int(day))
            for years, day in zip(age, birthday, strict=True)
        ],
        birth_year=season - age,
        birth_country=country,
        college=[name if home == "us" else None for name, home in zip(college, country, strict=True)],
        debut=season - age + debut_age,
    )


def occupants(rosters: Rosters, calendar: Calendar, rng: np.random.Generator) -> np.ndarray:
    """(days, teams, SLOTS) player row on each day: the opening rosters and the trades before the February deadline.

    A trade swaps two players of one slot, so positions and roster sizes stay balanced.
    """
    held = np.repeat(rosters.slots[None], len(calendar.dates), axis=0)
    first, deadline = calendar.day(dt.date(rosters.season, 12, 15)), calendar.all_star_friday
    for day in np.sort(rng.integers(first, calendar.day(deadline) - 7, 20)):
        slot = rng.integers(0, STANDARD_SLOTS - 1)
        one, other = rng.choice(len(TEAMS), 2, replace=False)
        held[day:, [one, other], slot] = held[day:, [other, one], slot]
    return held


def roster_frame(rosters: Rosters, held: np.ndarray) -> pd.DataFrame:
    """One row a player under contract; `held` is (teams, SLOTS) on the day asked for."""
    team, slot = np.nonzero(held != _EMPTY)
    players = rosters.players.iloc[held[team, slot]].reset_index(drop=True)
    inches = players["inches"].round().astype(int)
    return pd.DataFrame(
        {
            "season": rosters.season,
            "team": np.array(TEAMS, dtype=object)[team],
            "player_name": players["player_name"],
            "number": [str(_NUMBERS[(7 * one + other) % len(_NUMBERS)]) for one, other in zip(team, slot, strict=True)],
            "position": players["position"],
            "height": (inches // 12).astype(str) + "-" + (inches % 12).astype(str),
            "weight": players["pounds"].round().astype("int64"),
            "birth_date": players["birth_date"],
            "birth_country": players["birth_country"],
            "years_experience": (rosters.season - players["debut"]).astype("int64"),
            "college": players["college"],
            "two_way": slot >= STANDARD_SLOTS,
        }
    )
