"""The points model: training, artifacts, comparison with baselines, intervals, and the deployed model."""
