"""When runs start, and over which assets and weeks: jobs, schedules, sensors."""
