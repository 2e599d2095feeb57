"""Which failures are incidents, when a message is due, and how it is delivered."""
