"""Injury reports as plain functions of frames: the rows to store, the players named, and who is ruled out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pandas as pd

from nba_assets.league.player_names import loose_lookup, player_lookup
from nba_assets.partitions import week_of
from nba_assets.sources.interface import EVENING, Report
from nba_assets.sources.nba_injury_report import NOT_YET_SUBMITTED
from nba_assets.tables import NBAC_INJURY_REPORT

OUT = "Out"
UNREAD = "Unread"
NO_REASON = "No reason given"  # replaces an empty reason: a NULL one means that the player was not ruled out
_REPORT = ["report_date", "report_time"]


def report_rows(reports: Sequence[Report], fetched_at: pd.Timestamp) -> pd.DataFrame:
    """One row (NBAC_INJURY_REPORT without player_id) for each row and each unread line of the reports.

    If a player is listed twice for one game and team, the second listing is stored as an unread line, as keys are
    unique.
    """
    columns = [name for name in NBAC_INJURY_REPORT.column_names if name != "player_id"]
    rows = pd.concat([report.rows for report in reports]) if reports else pd.DataFrame(columns=columns)
    again = rows.duplicated([*_REPORT, "game_date", "team", "player_lookup"])
    lines = {(report.report_date, report.report_time): list(report.unread_lines) for report in reports}
    for row in rows[again].itertuples():
        lines[row.report_date, row.report_time].append(f"{row.player_name} {row.status} {row.reason}")
    unread = [_unread(*key, number, line) for key in lines for number, line in enumerate(lines[key], 1)]
    read = rows[~again]
    parsed = {
        (report.report_date, report.report_time): len(report.rows) + len(report.unread_lines) for report in reports
    }
    whole = pd.concat([read, pd.DataFrame(unread, columns=read.columns)] if unread else [read], ignore_index=True)
    keys = zip(whole["report_date"], whole["report_time"], strict=True)
    weeks = {day: week_of(day) for day, _ in parsed}
    return whole.assign(
        week=whole["report_date"].map(weeks).astype("object"),  # pandas makes an empty column numeric
        rows_in_report=[parsed[key] for key in keys],
        fetched_at=fetched_at,
    )[columns]


def _unread(report_date: dt.date, report_time: str, number: int, line: str) -> dict[str, object]:
    return {
        "report_date": report_date,
        "report_time": report_time,
        "game_date": report_date,
        "team": "",
        "player_name": "",
        "player_lookup": f"unread {number}",
        "status": UNREAD,
        "reason": line,
        "reason_category": "other",
    }


def reports_wanted(games: pd.DataFrame, today: dt.date) -> set[tuple[dt.date, dt.time]]:
    """Day and time of the reports to fetch: the evening report of each day with games up to `today`, and earlier ones.

    A game that tips off before or with the evening report also needs the newest hourly report before its tip-off.
    games: BDL_GAMES; a game played on another day than its game_date has only the evening report of that date.
    """
    played = games[games["game_date"] <= today]
    tipoff = pd.to_datetime(played["tipoff"], utc=True).dt.tz_convert("America/New_York")
    # Half past the hour: the newest such minute before the tip-off.
    newest = (tipoff - pd.Timedelta(minutes=31)).dt.floor("h") + pd.Timedelta(minutes=30)
    early = newest[(tipoff.dt.date == played["game_date"]) & (newest.dt.date == played["game_date"])]
    wanted = {(moment.date(), moment.time()) for moment in early if moment.time() < EVENING}
    return wanted | {(day, EVENING) for day in played["game_date"]}


def reports_stored(stored: pd.DataFrame) -> set[tuple[dt.date, dt.time]]:
    """Day and time of the reports that are stored completely."""
    if stored.empty:
        return set()
    reports = stored.groupby(_REPORT)["rows_in_report"].agg(["size", "min", "max"]).reset_index()
    whole = reports[(reports["size"] == reports["min"]) & (reports["size"] == reports["max"])]
    return {(row.report_date, dt.time.fromisoformat(row.report_time)) for row in whole.itertuples()}


def with_reports(stored: pd.DataFrame, fetched: pd.DataFrame) -> pd.DataFrame:
    """The stored rows and those of the fetched reports; a fetched report replaces its stored rows."""
    replaced = pd.MultiIndex.from_frame(stored[_REPORT]).isin(pd.MultiIndex.from_frame(fetched[_REPORT]))
    parts = [rows[list(fetched.columns)] for rows in (stored[~replaced], fetched) if len(rows)]
    frame = pd.concat(parts, ignore_index=True) if parts else fetched
    return frame.assign(fetched_at=pd.to_datetime(frame["fetched_at"], utc=True))


def match_players(rows: pd.DataFrame, players: pd.DataFrame) -> pd.Series[int]:
    """player_id (Int64) of each row: the week's player of that name on the team, else on any team.

    If no player has the name, the player of the team with another spelling of it. NULL if no player, or more than one,
    matches. players: week, team, player_name and player_id of the candidates.
    """
    known = players[["week", "team", "player_name", "player_id"]].drop_duplicates()
    known = known.assign(player_lookup=_mapped(known, player_lookup), loose_lookup=_mapped(known, loose_lookup))
    named = rows["player_name"] != ""
    on_team = _only_player(rows, known, ["week", "team", "player_lookup"])
    anywhere = _only_player(rows, known, ["week", "player_lookup"])
    spelled = rows.assign(loose_lookup=_mapped(rows, loose_lookup))
    names = ["week", "player_lookup"]
    nobody = ~pd.MultiIndex.from_frame(rows[names]).isin(pd.MultiIndex.from_frame(known[names]))
    otherwise = _only_player(spelled, known, ["week", "team", "loose_lookup"]).where(nobody)
    return on_team.fillna(anywhere).fillna(otherwise).where(named)


def _mapped(rows: pd.DataFrame, lookup: Callable[[str], str]) -> pd.Series[str]:
    lookups = {name: lookup(name) for name in rows["player_name"].unique()}
    return pd.Series([lookups[name] for name in rows["player_name"]], rows.index, object)


def _only_player(rows: pd.DataFrame, known: pd.DataFrame, by: list[str]) -> pd.Series[int]:
    ids = known.groupby(by)["player_id"].agg(["min", "max"])
    only = ids.loc[ids["min"] == ids["max"], "min"].astype("Int64").rename("matched").reset_index()
    matched = rows[by].merge(only, on=by, how="left")["matched"]
    return matched.astype("Int64").set_axis(rows.index)


def absences(reports: pd.DataFrame, games: pd.DataFrame) -> pd.DataFrame:
    """Who was ruled out of which game: game_id, game_date, player_id, team, reason, reason_category, before_tipoff.

    For each team the newest report before tip-off that lists it counts. Where there is none, as for a game at noon, the
    first one after counts and `before_tipoff` is false: knowledge of it came too late to predict with.
    reports: NBAC_INJURY_REPORT. games: BDL_GAMES, where a game that was moved may also be listed on its old date.
    """
    sides = [games[["game_id", "game_date", side]].set_axis(["game_id", "game_date", "team"], axis=1)
             for side in ("home_team", "visitor_team")]  # fmt: skip
    submitted = reports[~reports["status"].isin([NOT_YET_SUBMITTED, UNREAD])]
    listed = submitted.merge(pd.concat(sides), on=["game_date", "team"])
    published = _instants(listed["report_date"], listed["report_time"])
    # A game without a printed time may be at any hour of its day.
    tipoff = _instants(listed["game_date"], listed["game_time"].fillna("00:00"))
    listed = listed.assign(published=published, before_tipoff=published < tipoff, apart=(tipoff - published).abs())
    nearest_first = listed.sort_values(["before_tipoff", "apart"], ascending=[False, True], kind="stable")
    counting = nearest_first.groupby(["game_id", "game_date", "team"])["published"].transform("first")
    counts = (nearest_first["published"] == counting) & (nearest_first["status"] == OUT)
    out = nearest_first[counts & nearest_first["player_id"].notna()].drop_duplicates(
        ["game_id", "game_date", "player_id"]
    )
    columns = ["game_id", "game_date", "player_id", "team", "reason", "reason_category", "before_tipoff"]
    return out[columns].astype({"player_id": "int64"}).sort_values(columns[:3], ignore_index=True)


def with_absence_reasons(summary: pd.DataFrame, out: pd.DataFrame) -> pd.DataFrame:
    """`summary` (PLAYER_GAME_SUMMARY) with the report's reason for each player who was ruled out and did not play."""
    keys = ["game_id", "player_id"]
    reasons = summary[keys].merge(out[[*keys, "reason"]], on=keys, how="left")["reason"].set_axis(summary.index)
    has_reason = reasons.notna() & ~summary["played"]
    return summary.assign(absence_reason=reasons.replace("", NO_REASON).astype("object").where(has_reason, None))


def unmatched_weeks(rows: pd.DataFrame) -> list[dt.date]:
    """The weeks with a named player who has no player_id."""
    return sorted(set(rows.loc[rows["player_id"].isna() & (rows["player_name"] != ""), "week"]))


def _instants(dates: pd.Series[dt.date], times: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(dates.astype("str") + " " + times.astype("str"), format="%Y-%m-%d %H:%M")
