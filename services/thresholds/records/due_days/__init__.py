"""Due days: the day by which a school wants to respond to a crossing, in its own school days. The defaults are ours."""
