"""A simulated league: schedule, box scores, absences and rosters, the same ones each time."""
