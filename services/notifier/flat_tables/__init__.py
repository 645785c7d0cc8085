"""The flat table of a school's letters.

In: a school, perhaps a term, and the form. Out: a file of one row for each delivery, and for each letter that has none; without names by
default, and never with addresses or words. The columns are stable: see docs/reference/tables.md.
"""
