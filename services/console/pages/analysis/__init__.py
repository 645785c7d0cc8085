"""The analysis of a term: every plot is a table whose rows have bars, and a bar leads to its students.

Small groups are hidden by the service that counts, so that what is shared or printed gives nobody away.
"""
