"""Seasons of the NBA that did not go as all others."""

UNEVEN_SEASONS = (2012, 2019)
"""Seasons in which not all teams had the same number of games: one was called off, and the pandemic."""
