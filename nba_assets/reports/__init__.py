"""Reports as text and charts: the state of the weeks, a backfill, the accuracy of predictions."""
