"""The watch of a school: runs of days that it wants to hear of, each off until it names a number of days."""
