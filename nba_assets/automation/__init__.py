"""Jobs, schedules and sensors: when runs start, and over which assets and weeks."""
