"""What a person reads, as text and pictures: the state of the weeks, a backfill, the accuracy of predictions."""
