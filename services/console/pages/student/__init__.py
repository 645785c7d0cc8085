"""One student: the number with its sum in words, the term as a calendar, a day with its explanation, and what was done about it.

The tabs ask for their own data only. On paper it is one page for a meeting with the family, without staff notes.
"""
