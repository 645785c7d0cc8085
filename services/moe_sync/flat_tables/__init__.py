"""The flat table of a school's uploads.

In: a school, perhaps a term, and the form. Out: a file of one row for each upload, which names no student. The columns are stable: see
docs/reference/tables.md.
"""
