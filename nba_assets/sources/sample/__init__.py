"""A simulated league: the same schedule, box scores, absences and rosters each time."""
