"""E-mails to a school's staff: copies of letters, the daily digest, a plan's review, letters that wait for a release.

Letters, crossings and the plans' topic put notices and movements in; e-mails go out by the transports of all letters. A school's choices
for its staff are a part of its letter policy (`choices.py`; decision 14).
"""
