import datetime as dt

import numpy as np
import pandas as pd
import pytest

from nba_assets.model.comparison import (
    Split,
    comparable_rows,
    compare,
    comparison_table,
    gain_shares,
    paired_interval,
    split_by_date,
)
from nba_assets.model.training import Parameters, TooFewRows
from nba_assets.tables.features import NAMES

FIRST = dt.date(2021, 10, 19)


def feature_rows(days: int = 60, per_day: int = 40, seed: int = 0) -> pd.DataFrame:
    """Played rows whose points follow form and expected minutes; every other feature is noise."""
    rng = np.random.default_rng(seed)
    count = days * per_day
    rows = pd.DataFrame({name: rng.normal(size=count) for name in NAMES})
    form, minutes = rng.uniform(0, 25, count), rng.uniform(5, 38, count)
    for name in ("points_avg_last_5", "points_avg_last_10", "points_avg_season"):
        rows[name] = form + rng.normal(0, 1, count)
    return rows.assign(
        is_home=1.0,
        back_to_back=0.0,
        usage_spike=0.0,
        fatigue_score=80.0,
        expected_minutes=minutes,
        points=(0.6 * form + 0.3 * minutes + rng.normal(0, 2, count)).round().clip(0),
        played=True,
        season=2021,
        game_date=np.repeat([FIRST + dt.timedelta(days=day) for day in range(days)], per_day),
        week=np.repeat([FIRST + dt.timedelta(days=7 * (day // 7)) for day in range(days)], per_day),
        game_id=np.arange(count) // 20,
        player_id=np.arange(count) % 20,
    )


def test_no_date_is_in_two_parts() -> None:
    split = split_by_date(feature_rows())

    assert split.train["game_date"].max() < split.validation["game_date"].min()
    assert split.validation["game_date"].max() < split.test["game_date"].min()
    assert len(split.train) / 2400 == pytest.approx(0.70, abs=0.02)
    assert len(split.test) / 2400 == pytest.approx(0.15, abs=0.02)


def test_a_split_that_shares_a_date_is_refused() -> None:
    rows = feature_rows()
    with pytest.raises(AssertionError, match="the split leaks"):
        Split(rows.iloc[:1010], rows.iloc[1010:2000], rows.iloc[2000:])


def test_too_few_rows_are_not_compared() -> None:
    with pytest.raises(TooFewRows, match="10 comparable rows"):
        split_by_date(feature_rows(days=1, per_day=10))


def test_only_played_rows_with_a_game_before_are_compared() -> None:
    rows = feature_rows(days=3, per_day=10)
    rows.loc[0, "points_avg_season"] = np.nan
    rows.loc[1, "played"] = False

    compared = comparable_rows(rows, FIRST, FIRST + dt.timedelta(days=1))

    assert len(compared) == 18


def test_every_contender_is_scored_on_the_same_rows_and_the_best_is_first() -> None:
    comparison = compare(feature_rows(), Parameters())

    assert {score.contender for score in comparison.scores} == {
        "v1", "v3", "v4", "v5", "v6", "weekly regression", "mock", "last 10", "season average",
    }  # fmt: skip
    assert {score.rows for score in comparison.scores} == {len(comparison.split.test)}
    best = comparison.scores[0]
    assert best.contender == "v5"
    assert best.interval_low < best.mae_minus_mock < best.interval_high < 0
    assert comparison.score("mock").mae_minus_mock == 0
    regression = comparison.score("weekly regression")
    assert regression.mae_minus_regression == 0
    assert best.mae_minus_regression == pytest.approx(best.mae - regression.mae)
    assert best.regression_interval_low < best.mae_minus_regression < best.regression_interval_high
    assert "| v1 | " in comparison_table(comparison)
    assert comparison_table(comparison).count("4.79") == 1


def test_the_interval_of_a_true_difference_excludes_zero_and_that_of_noise_does_not() -> None:
    noise = np.random.default_rng(0).normal(0, 1, 2000)

    assert paired_interval(noise - 0.2, seed=1)[1] < 0
    low, high = paired_interval(noise - noise.mean(), seed=1)
    assert low < 0 < high


def test_features_that_say_the_same_are_one_subject_of_the_gain() -> None:
    gains = {"points_form": 0.2, "points_form_slow": 0.2, "is_home": 0.1, "days_rest": 0.2, "season_day": 0.3}
    subjects = {name: "points" if name.startswith("points") else name for name in gains}

    alone, together = (gain_shares(gains, by, ["is_home"]) for by in ({name: name for name in gains}, subjects))

    assert alone["top_three_gain_share"] == pytest.approx(0.7)
    assert together["top_three_gain_share"] == pytest.approx(0.9)
    assert together["context_gain_share"] == pytest.approx(0.1)
