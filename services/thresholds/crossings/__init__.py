"""Crossings: totals that pass a threshold, up or down.

Rolls of marks come in, one batch in one transaction; register rows, STAR records and crossing events go out. A crossing compares the
committed total before with the total after, so a repeat or another order never makes a second one. See decision 5.
"""
