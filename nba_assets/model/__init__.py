"""The points model: training, artifacts, comparison with its rivals, and what is deployed."""
