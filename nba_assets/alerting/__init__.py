"""What is an incident, what was told of it, and how a message reaches a person."""
