import pytest

from nba_assets.checks.catalogue import CHECKS, checks_of
from nba_assets.checks.check import Range, Threshold
from nba_assets.tables import WEEKLY_TABLES
from nba_assets_tests.support.small_week import MEASURED_TABLES


@pytest.mark.parametrize(
    ("bounds", "value", "inside"),
    [
        (Range(24, 42), 24, True),
        (Range(24, 42), 42, True),
        (Range(24, 42), 23.999, False),
        (Range(24, 42), 42.001, False),
        (Range(below=0.01), 0.00999, True),
        (Range(below=0.01), 0.01, False),
        (Range(below=0.01), -5, True),
        (Range(at_least=6), 1e9, True),
        (Range(0, 0), 0, True),
        (Range(0, 0), 1, False),
        (Range(), 3, True),
        (Range(24, 42), float("nan"), False),
    ],
)
def test_a_range_includes_its_bounds_but_not_below(bounds: Range, value: float, inside: bool) -> None:
    assert (value in bounds) is inside


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (Range(0, 0), "= 0"),
        (Range(24, 42), ">= 24 and <= 42"),
        (Range(below=0.01), "< 0.01"),
        (Range(at_least=0.9), ">= 0.9"),
    ],
)
def test_a_range_reads_as_a_person_would_write_it(bounds: Range, text: str) -> None:
    assert str(bounds) == text


def threshold(table: str, check: str, metric: str) -> Threshold:
    (found,) = [
        threshold
        for each in CHECKS
        if (each.table.name, each.name) == (table, check)
        for threshold in each.thresholds
        if threshold.metric == metric
    ]
    return found


NULL_RATE, ROWS, PLAYERS = "minutes_null_rate", "rows_per_final_game", "players_per_team_game"
RAW, SUMMARY = "bdl_player_boxscores", "player_game_summary"
MINUTES, FULL = "team_minutes", "team_games_of_full_minutes"
AT_THE_BOUNDS = [
    # table, check, metric, value, outcome
    (RAW, NULL_RATE, NULL_RATE, 0.0, "pass"),
    (RAW, NULL_RATE, NULL_RATE, 0.00999, "pass"),
    (RAW, NULL_RATE, NULL_RATE, 0.01, "warn"),
    (RAW, NULL_RATE, NULL_RATE, 0.05, "warn"),
    (RAW, NULL_RATE, NULL_RATE, 0.05001, "error"),
    (RAW, ROWS, ROWS, 19.99, "error"),
    (RAW, ROWS, ROWS, 20, "warn"),
    (RAW, ROWS, ROWS, 23.99, "warn"),
    (RAW, ROWS, ROWS, 24, "pass"),
    (RAW, ROWS, ROWS, 42, "pass"),
    (RAW, ROWS, ROWS, 42.01, "warn"),
    (RAW, ROWS, ROWS, 60, "warn"),
    (RAW, ROWS, ROWS, 60.01, "error"),
    (RAW, ROWS, "final_games_without_rows", 0, "pass"),
    (RAW, ROWS, "final_games_without_rows", 1, "error"),
    (RAW, "row_integrity", "duplicate_keys", 1, "error"),
    (RAW, "row_integrity", "rows_outside_week", 1, "error"),
    (RAW, "points_add_up", "rows_of_wrong_points", 1, "error"),
    (RAW, "team_points_match_score", "team_scores_not_matched", 1, "warn"),
    (SUMMARY, NULL_RATE, NULL_RATE, 0.50, "pass"),
    (SUMMARY, NULL_RATE, NULL_RATE, 0.501, "warn"),
    (SUMMARY, NULL_RATE, NULL_RATE, 0.70, "warn"),
    (SUMMARY, NULL_RATE, NULL_RATE, 0.701, "error"),
    (SUMMARY, "minutes_exactly_when_played", "minutes_missing_where_played", 1, "error"),
    (SUMMARY, "minutes_exactly_when_played", "minutes_set_where_not_played", 1, "error"),
    (SUMMARY, "coverage_of_raw_rows", "coverage", 1.0, "pass"),
    (SUMMARY, "coverage_of_raw_rows", "coverage", 0.90, "pass"),
    (SUMMARY, "coverage_of_raw_rows", "coverage", 0.899, "warn"),
    (SUMMARY, "coverage_of_raw_rows", "coverage", 0.70, "warn"),
    (SUMMARY, "coverage_of_raw_rows", "coverage", 0.699, "error"),
    (SUMMARY, PLAYERS, "fewest_players", 4, "error"),
    (SUMMARY, PLAYERS, "fewest_players", 5, "warn"),
    (SUMMARY, PLAYERS, "fewest_players", 6, "pass"),
    (SUMMARY, PLAYERS, "most_players", 15, "pass"),
    (SUMMARY, PLAYERS, "most_players", 16, "warn"),
    (SUMMARY, PLAYERS, "most_players", 17, "warn"),
    (SUMMARY, PLAYERS, "most_players", 18, "error"),
    (SUMMARY, MINUTES, FULL, 0.99, "pass"),
    (SUMMARY, MINUTES, FULL, 0.989, "warn"),
    (SUMMARY, MINUTES, FULL, 0.95, "warn"),
    (SUMMARY, MINUTES, FULL, 0.949, "error"),
    (SUMMARY, "usage_rate_null_rate", "usage_rate_null_rate", 0.00999, "pass"),
    (SUMMARY, "usage_rate_null_rate", "usage_rate_null_rate", 0.01, "warn"),
    (SUMMARY, "usage_rate_null_rate", "usage_rate_null_rate", 0.05, "warn"),
    (SUMMARY, "usage_rate_null_rate", "usage_rate_null_rate", 0.0501, "error"),
]


@pytest.mark.parametrize(("table", "check", "metric", "value", "outcome"), AT_THE_BOUNDS)
def test_outcomes_change_exactly_at_the_designed_bounds(
    table: str, check: str, metric: str, value: float, outcome: str
) -> None:
    assert threshold(table, check, metric).outcome(value) == outcome


NOT_BLOCKING = {
    "equal_schedules",
    "no_gap_in_season",
    "quarantined_games",
    "quarantined_listings",
    "quarantined_rows",
    "team_minutes",
    "team_points_match_score",
    "usage_rate_null_rate",
}


def test_all_checks_block_but_those_that_the_design_excepts() -> None:
    of_design = [check for table in MEASURED_TABLES for check in checks_of(table)]
    assert {check.name for check in of_design if not check.blocking} == NOT_BLOCKING


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.table.name}-{check.name}")
def test_a_check_says_what_it_measures_its_bounds_and_what_to_do(check: object) -> None:
    (known,) = [each for each in CHECKS if each is check]
    assert f"{known.why} Passes when" in known.description
    assert known.description.endswith(f"If it fails: {known.remedy}")
    for each in known.thresholds:
        assert f"{each.metric} {each.pass_range} ({each.origin})" in known.description
        assert not known.sql or f"AS {each.metric}" in known.sql


@pytest.mark.parametrize("table", WEEKLY_TABLES, ids=lambda table: table.name)
def test_every_table_is_checked_and_no_name_is_used_twice(table: object) -> None:
    (known,) = [each for each in WEEKLY_TABLES if each is table]
    names = [check.name for check in checks_of(known)]
    assert "row_integrity" in names
    assert len(set(names)) == len(names)
