"""Where raw rows come from: the real services, and a sample league that needs no network."""
