"""Frames to frames, without Dagster: raw rows to summaries, injury reports to absences, rosters to changes."""
