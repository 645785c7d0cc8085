"""The notifier's own copy of the roster: schools, students and the caregivers who can be reached.

The topics of schools and students come in; rooms above ask for a school, a contact, the recipients of a letter, and bad addresses. The
handler keeps the copy, and then has the rooms that act on a change (`letters/roster.py`, `staff_mail/roster.py`) do so in the same
transaction. Only names and addresses that letters need are kept, and they go when a student leaves.
"""
