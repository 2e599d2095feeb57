"""What tests share: small leagues and weeks, servers to talk to, ways to run the project as a user does."""
