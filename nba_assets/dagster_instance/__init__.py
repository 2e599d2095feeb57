"""The parts of Dagster's instance: home, event log, run launcher, executor, pools, terminal log."""
