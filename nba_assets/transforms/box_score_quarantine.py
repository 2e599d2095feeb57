"""Which box-score rows can be used: each final game is held against what is known of it otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
import pandas as pd

from nba_assets.league.teams import TEAMS
from nba_assets.partitions import week_of
from nba_assets.tables import COUNTING_STATS, FINAL
from nba_assets.tables.frames import concatenated
from nba_assets.tables.quarantine import EXHIBITION, TWIN
from nba_assets.transforms.final_scores import expected_minutes, minutes_are_off, team_totals, ties_settled
from nba_assets.transforms.minutes import minutes_played, unreadable_minutes

# In the 7,562 games of the real seasons 2018-19 to 2023-24 every team's points are its score, and no team's minutes,
# rounded player by player, are more than 4 off; a correction that has reached only one of the two moves a basket.
POINTS_TOLERANCE = 3
CORRECTION = 4  # points or minutes that a corrected line may lose
MOST_MINUTES, MOST_MINUTES_OF_OVERTIME = 48, 5
SHOTS = (("fgm", "fga"), ("fg3m", "fg3a"), ("ftm", "fta"))


@dataclass(frozen=True)
class Screened:
    """rows: those that can be used. quarantined: the others, with the columns of the quarantine but `item`."""

    rows: pd.DataFrame
    quarantined: pd.DataFrame


def screen(games: pd.DataFrame, sent: pd.DataFrame, stored: pd.DataFrame, *, accept_changes: bool) -> Screened:
    """The sent rows without those that cannot be used.

    games: BDL_GAMES of the weeks. sent, stored: rows of BDL_PLAYER_BOXSCORES as sent now and as published before. All
    rows of a final game that contradicts its score, its length or its stored rows are set aside; its stored rows, if
    there are any, take their place. accept_changes: lines may have gone or shrunk, a person has said so.
    """
    final = games[games["status"] == FINAL]
    sent = _rows_of_the_week(games, sent)
    of_row = _rows_out_of_place(games, sent)
    usable = _with_numbers(sent.drop(index=of_row.index))
    of_game = _contradictions(final, usable, stored, accept_changes=accept_changes)
    aside = usable["game_id"].isin(of_game.index)
    kept = stored[stored["game_id"].isin(of_game.index)]
    without_rows = final[final["game_id"].isin(of_game.index.difference(usable["game_id"]))]
    quarantined = [
        _with_payload(sent.loc[of_row.index].join(of_row)).assign(whole_game=False),
        _with_payload(usable[aside].join(of_game, on="game_id")).assign(whole_game=True),
        _of_no_row(without_rows, of_game).assign(whole_game=True),
    ]
    return Screened(concatenated([usable[~aside], kept]), concatenated(quarantined))


def _rows_of_the_week(games: pd.DataFrame, sent: pd.DataFrame) -> pd.DataFrame:
    """The rows with the date of their listed game; without those of games that another week has."""
    if sent.empty:
        return sent
    listed = sent["game_id"].map(games.set_index("game_id")["game_date"])
    rows = sent.assign(game_date=listed.where(listed.notna(), sent["game_date"]))
    weeks = {day: week_of(day) for day in rows["game_date"].unique()}
    return rows[rows["game_date"].map(weeks) == rows["week"]]


def _of_no_row(games: pd.DataFrame, why: pd.DataFrame) -> pd.DataFrame:
    return (
        games[["week", "game_id", "game_date", "fetched_at"]]
        .join(why, on="game_id")
        .assign(player_id=None, payload="{}")
    )


def _with_payload(rows: pd.DataFrame) -> pd.DataFrame:
    content = rows.drop(columns=["rule", "reason"]).to_dict("records")
    return rows.assign(payload=[orjson.dumps(row, default=str).decode() for row in content])[
        ["week", "game_id", "player_id", "game_date", "fetched_at", "rule", "reason", "payload"]
    ]


def _rows_out_of_place(games: pd.DataFrame, sent: pd.DataFrame) -> pd.DataFrame:
    """rule and reason of each row, by its index, that belongs to no listed game or to neither of its teams."""
    listed = games.set_index("game_id")
    home, visitor = sent["game_id"].map(listed["home_team"]), sent["game_id"].map(listed["visitor_team"])
    minutes = sent["minutes"].astype("string")
    readable = ~minutes.isin(unreadable_minutes(minutes))
    no_number = _no_numbers(sent)
    unlisted, stranger = home.isna(), (sent["team"] != home) & (sent["team"] != visitor)
    played = set(zip(games["game_date"], games["home_team"], strict=True))
    played |= set(zip(games["game_date"], games["visitor_team"], strict=True))
    wrong = sent[unlisted | stranger | ~readable | no_number.any(axis=1)]
    found = []
    for index, row in wrong.iterrows():
        where = f"game {row['game_id']} of {row['game_date']}"
        if unlisted[index] and row["team"] not in TEAMS:
            found.append((EXHIBITION, f"{where}: {row['team']} is none of the 30 teams"))
        elif unlisted[index] and (row["game_date"], row["team"]) in played:
            found.append((TWIN, f"{where}: {row['team']} played another listed game on that day"))
        elif unlisted[index]:
            found.append(("no listed game", f"{where} of {row['team']} is not in the week's list of games"))
        elif stranger[index]:
            teams = f"{visitor[index]} at {home[index]}"
            found.append(("wrong team", f"{where}, {row['player_name']}: {row['team']} is not in {teams}"))
        else:
            names = [name for name in COUNTING_STATS if no_number[name][index]] or ["minutes"]
            values = ", ".join(f"{name} {row[name]!r}" for name in names)
            found.append(("unreadable number", f"{where}, {row['player_name']}: {values}"))
    return pd.DataFrame(found, columns=["rule", "reason"], index=wrong.index, dtype="object")


def _no_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Whether each counting stat is something else than a whole number or NULL."""
    stats = rows[list(COUNTING_STATS)]
    numbers = stats.apply(pd.to_numeric, errors="coerce")
    text = stats.select_dtypes(exclude="number").map(lambda value: isinstance(value, str))
    return text.reindex(columns=stats.columns, fill_value=False) | stats.notna() & (numbers.isna() | (numbers % 1 != 0))


def _with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{name: pd.to_numeric(rows[name]) for name in COUNTING_STATS})


def _contradictions(
    final: pd.DataFrame, rows: pd.DataFrame, stored: pd.DataFrame, *, accept_changes: bool
) -> pd.DataFrame:
    """rule and reason of each final game, by game_id, that cannot be used; the first rule that finds one names it."""
    games = ties_settled(final, rows)
    of_final = rows[rows["game_id"].isin(games["game_id"])]
    rules = [
        _missing_rows(games, of_final),
        _impossible_lines(games, of_final),
        _wrong_points(of_final),
        _wrong_totals(games, of_final),
        _played_twice(games, of_final, stored),
    ]
    if not accept_changes:
        rules.append(_shrunk_lines(of_final, stored))
    found = pd.concat([pd.DataFrame(rule, columns=["game_id", "rule", "reason"]) for rule in rules])
    found = found.drop_duplicates("game_id").set_index("game_id")
    names = "game " + final["game_id"].astype(str) + " of " + final["game_date"].astype(str) + ", "
    named = names + final["visitor_team"] + " at " + final["home_team"]
    prefix = named.set_axis(final["game_id"]).reindex(found.index)
    return found.assign(reason=prefix + ": " + found["reason"]).astype("object")


Found = list[tuple[int, str, str]]


def _missing_rows(games: pd.DataFrame, rows: pd.DataFrame) -> Found:
    sides = rows.groupby("game_id")["team"].nunique().reindex(games["game_id"]).fillna(0).astype(int)
    text = {0: ("no rows", "final without box-score rows"), 1: ("one team", "box-score rows of one team only")}
    return [(game, *text[number]) for game, number in sides.items() if number < 2]


def _impossible_lines(games: pd.DataFrame, rows: pd.DataFrame) -> Found:
    stats = rows[list(COUNTING_STATS)].fillna(0)
    overtimes = rows["game_id"].map(games.set_index("game_id")["overtimes"])
    limit = MOST_MINUTES + MOST_MINUTES_OF_OVERTIME * overtimes
    wrong = (stats < 0).any(axis=1) | (minutes_played(rows) > limit + 0.5)
    for made, attempted in SHOTS:
        wrong |= stats[made] > stats[attempted]
    told = ("minutes", *(stat for pair in SHOTS for stat in pair), "pts")
    return [
        (row["game_id"], "impossible line", f"{row['player_name']} has {', '.join(f'{row[s]} {s}' for s in told)}")
        for _, row in rows[wrong].iterrows()
    ]


def _wrong_points(rows: pd.DataFrame) -> Found:
    stats = rows[["pts", "fgm", "fg3m", "ftm"]].fillna(0)
    made = 2 * stats["fgm"] + stats["fg3m"] + stats["ftm"]
    wrong = rows.assign(made=made)[stats["pts"] != made]
    return [
        (row["game_id"], "wrong points", f"{row['player_name']} has {row['pts']} points, his shots give {row['made']}")
        for _, row in wrong.iterrows()
    ]


def _wrong_totals(games: pd.DataFrame, rows: pd.DataFrame) -> Found:
    """Games whose players' points or minutes do not add up; minutes only where every row of the team has some."""
    totals = team_totals(games, rows)
    points_off = (totals["points"] - totals["score"]).abs() > POINTS_TOLERANCE
    expected = expected_minutes(totals["overtimes"])
    minutes_off = minutes_are_off(totals)
    points = [
        (row["game_id"], "score", f"{row['team']}'s players have {row['points']:.0f} points of {row['score']:.0f}")
        for _, row in totals[points_off].iterrows()
    ]
    minutes = [
        (row["game_id"], "team minutes", f"{row['team']}'s players have {row['minutes']:.0f} minutes of {due:.0f}")
        for (_, row), due in zip(totals[minutes_off].iterrows(), expected[minutes_off], strict=True)
    ]
    tied = totals[totals["tied"]].drop_duplicates("game_id")
    no_winner = [
        (game, "tie", "final with equal scores, which its box score does not settle") for game in tied["game_id"]
    ]
    return [*no_winner, *points, *minutes]


def _played_twice(games: pd.DataFrame, rows: pd.DataFrame, stored: pd.DataFrame) -> Found:
    """Games of a team that has another one on that day; one stored before is believed, then one that was not moved."""
    days = games[games["game_id"].isin(rows["game_id"])]
    sides = pd.concat(
        [
            days[["game_id", "game_date", side]].set_axis(["game_id", "day", "team"], axis=1)
            for side in ("home_team", "visitor_team")
        ]
    )
    twice = sides[sides.duplicated(["day", "team"], keep=False)]
    moved = games.loc[games["scheduled_date"].notna(), "game_id"]
    rank = twice["game_id"].isin(moved).astype(int) - 2 * twice["game_id"].isin(stored["game_id"])
    best = rank.groupby([twice["day"], twice["team"]]).transform("min")
    alone = (rank == best).groupby([twice["day"], twice["team"]]).transform("sum") == 1
    doubtful = twice[(rank > best) | ~alone]
    return [
        (row["game_id"], "second game of a day", f"{row['team']} has another final game on {row['day']}")
        for _, row in doubtful.iterrows()
    ]


def _shrunk_lines(rows: pd.DataFrame, stored: pd.DataFrame) -> Found:
    """Games in which a player who was stored with minutes is gone, or has lost more than a correction takes."""
    before = stored.assign(before=minutes_played(stored))[["game_id", "player_id", "player_name", "before", "pts"]]
    before = before[(before["before"] > 0) & before["game_id"].isin(rows["game_id"])]
    now = rows.assign(now=minutes_played(rows))[["game_id", "player_id", "now", "pts"]]
    lines = before.merge(now, on=["game_id", "player_id"], how="left", suffixes=("_before", ""))
    lost_minutes = lines["before"] - lines["now"]  # NULL minutes are for the NULL rate to judge
    lost_points = lines["pts_before"].fillna(0) - lines["pts"].fillna(0)
    gone = ~pd.MultiIndex.from_frame(lines[["game_id", "player_id"]]).isin(
        pd.MultiIndex.from_frame(now[["game_id", "player_id"]])
    )
    shrunk = lines[gone | (lost_minutes > CORRECTION) | (lost_points > CORRECTION)]
    return [
        (
            row["game_id"],
            "lost line",
            f"{row['player_name']} was stored with {row['before']:.0f} minutes and {row['pts_before']:.0f} points, and "
            + ("is not sent any more" if pd.isna(row["now"]) else f"has {row['now']:.0f} and {row['pts']:.0f} now"),
        )
        for _, row in shrunk.iterrows()
    ]
