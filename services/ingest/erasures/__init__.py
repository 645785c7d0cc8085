"""Erasure of one student, asked for here and applied by every service.

An endpoint, or `star erase`, begins it: the door's own copy goes at once, and the event goes to all. On a single machine the list of
erasures is also kept in a file beside the database, so that a backup that is restored does not bring a student back.
"""
