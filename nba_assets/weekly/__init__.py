"""How weeks are published, and what Dagster is told of each."""
