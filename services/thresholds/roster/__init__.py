"""Our copy of the schools, their calendars and their students.

Events of schools and students come in; other rooms look up a school, its calendar and a student here, and lock a school before they
change what is about it (decision 1). A new calendar is passed on to the rooms that depend on it.
"""
