"""The days on which a school asks how its students stand, so that statements and good news can be written: a schedule for each school."""
