"""The declared features: what the design fixes about them."""

from nba_assets.tables.features import FEATURES, SETS, feature_hash


def test_the_sets_of_the_design() -> None:
    assert {name: len(SETS[name]) for name in ("v1", "v3", "v4")} == {"v1": 6, "v3": 14, "v4": 21}
    assert set(SETS["v1"]) <= set(SETS["v4"]) and set(SETS["v3"]) <= set(SETS["v4"]) <= set(SETS["v5"])


def test_every_feature_is_declared_once_and_described() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    assert all(feature.description and feature.unit for feature in FEATURES)


def test_the_hash_knows_order() -> None:
    assert feature_hash(["a", "b"]) != feature_hash(["b", "a"]) != feature_hash(["ba"])
