"""Facts of the NBA: teams and names. Imports nothing of this project."""
