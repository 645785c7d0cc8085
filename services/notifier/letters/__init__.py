"""Letters to caregivers: whether one is due, when it may go, about which threshold, to whom, and how it ends.

Crossings and staff's holds come in; a letter waits, gets its threshold and words when it is due, and its deliveries are put on the
worklist. `case.py` has the rules of one student's term (decision 4), `policy.py` those of the school (decision 14).
"""
