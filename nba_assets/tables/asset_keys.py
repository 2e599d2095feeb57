"""Keys of the assets that are not tables, and the groups of all assets in Dagit."""

import dagster as dg

CHAMPION = dg.AssetKey(["nba_ml", "champion"])
ACCURACY_REPORT = dg.AssetKey(["nba_predictions", "accuracy_report"])
BACKFILL_REPORT = dg.AssetKey(["nba_validation", "backfill_report"])
DATA_HEALTH = dg.AssetKey(["nba_validation", "data_health"])

DATASETS = ("nba_raw", "nba_analytics", "nba_features", "nba_ml", "nba_predictions", "nba_validation")


def group_of(key: dg.AssetKey) -> str:
    """The group of an asset in Dagit, "1_raw" and so on, numbered because Dagit sorts groups by name."""
    dataset = key.path[0]
    return f"{DATASETS.index(dataset) + 1}_{dataset.removeprefix('nba_')}"
