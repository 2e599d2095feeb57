"""Features of the points model: plain functions from summaries to one row per rostered player and game."""
