"""Flat tables of what thresholds keeps: students' terms, crossings, responses.

In: a school, perhaps a term, and the form. Out: a file of one row for each student's term, STAR record or response, without names by
default. The columns are stable: see docs/reference/tables.md.
"""
