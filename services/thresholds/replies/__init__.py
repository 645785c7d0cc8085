"""Families' replies to letters: on the student's record, and on the list of work until a person has seen to them.

The family's own words stay with the notifier. A reply is a piece of casework: it counts as the family taking part.
"""
