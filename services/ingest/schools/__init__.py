"""Schools: the calendar, timetable and contact that a school sends, and the calendars that marks are checked against.

In comes `PUT /v1/schools/{school}`; the school is stored and an event goes out in the same transaction. `calendars.py` keeps calendars in
memory for the path of a mark.
"""
