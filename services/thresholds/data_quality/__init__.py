"""The data-quality report of a term: what is missing or doubtful in a school's data, for the school to mend.

Register rows, the roster and dead letters of all services come in; a list of issues goes out, without names.
"""
