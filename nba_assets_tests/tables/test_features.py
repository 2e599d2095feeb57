"""The declared features: what the design fixes about them."""

import pytest

from nba_assets.tables.features import FEATURES, NAMES, SETS, SUBJECTS, feature_hash


def test_the_sets_of_the_design() -> None:
    assert {name: len(SETS[name]) for name in ("v1", "v3", "v4")} == {"v1": 6, "v3": 14, "v4": 21}
    assert set(SETS["v1"]) <= set(SETS["v4"]) and set(SETS["v3"]) <= set(SETS["v4"]) <= set(SETS["v5"])


@pytest.mark.parametrize(
    ("name", "hash_of_set"),
    [
        ("v1", "39fa2ceb6c1d941f"),
        ("v3", "05e0901d2256187c"),
        ("v4", "6362b938f5d62e12"),
        ("v5", "494ac0ea96e7426b"),
        ("v6", "643d5afb627d3d37"),
    ],
)
def test_a_set_that_models_were_trained_on_stays_as_it_is(name: str, hash_of_set: str) -> None:
    assert feature_hash(SETS[name]) == hash_of_set


def test_every_feature_names_the_sets_it_is_in() -> None:
    assert set(SETS) == {name for feature in FEATURES for name in feature.sets}
    assert all(feature.sets for feature in FEATURES)


def test_every_feature_is_declared_once_and_described() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    assert all(feature.description and feature.unit for feature in FEATURES)


def test_the_hash_knows_order() -> None:
    assert feature_hash(["a", "b"]) != feature_hash(["b", "a"]) != feature_hash(["ba"])


def test_every_feature_has_a_subject_and_only_declared_features_have_one() -> None:
    assert set(SUBJECTS) == set(NAMES)
