"""NBA box scores to validated player-game summaries, a points model and graded predictions, week by week."""

import os
import warnings

from dagster import BetaWarning, PreviewWarning

# Both features are used on purpose, and the lock file pins Dagster; `weekly/events.py` depends on the first one.
warnings.filterwarnings("ignore", "Specifying a partitions_def on an AssetCheckSpec", PreviewWarning)
warnings.filterwarnings("ignore", "Parameter `(backfill_policy|allow_nonexistent_upstream_partitions)`", BetaWarning)

# Here, because every process that works for the project comes by before it loads numpy; a person's own values stay.
# More threads only wait for each other on matrices as small as a week's.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Dagster tells what a run is to do in groups of so many events instead of one by one.
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "1000")
