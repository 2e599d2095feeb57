"""What dagster.yaml plugs into Dagster: event log, run launcher, executor, pools, terminal log."""
