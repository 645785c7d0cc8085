"""Crossings: totals that pass a threshold, up or down.

Rolls of marks come in, one batch in one transaction; register rows, STAR records and crossing events go out. A crossing compares the
committed total before with the total after, so a repeat or another order never makes a second one. See decision 5. Beside the crossings
goes each change of the standing of a student who has reached a threshold, so that a letter can say what is so when it goes.
"""
