"""What Dagster's instance is made of: its home, event log, run launcher, executor, pools, terminal log."""
