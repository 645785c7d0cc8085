"""Reminders: what has newly come to a member of staff, said once, on the morning of a school day.

The school's list of staff and the list of work go in; an event a person goes out, with what they have not been told of yet. A thing that
goes to the next role, or to somebody who stands in, is said to them, and to nobody twice.
"""
