"""The roster: our copy of schools with their terms and choices, and the national student numbers of schools that send them.

In come schools' and students' events (schools' by `windows/handler.py`, since a calendar moves windows); out go school weeks and their
closes on the school's own clock (`week.py`). Nothing of a student but the number is kept (docs/reference/ministry-upload.md).
"""
