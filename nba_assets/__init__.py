"""NBA box scores to validated player-game summaries, a points model and graded predictions, week by week."""

import warnings

from dagster import BetaWarning, PreviewWarning

# Both features are used on purpose, and the lock file pins Dagster; `weekly/events.py` depends on the first one.
warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec", PreviewWarning)
warnings.filterwarnings("ignore", "Parameter `(backfill_policy|allow_nonexistent_upstream_partitions)`", BetaWarning)
