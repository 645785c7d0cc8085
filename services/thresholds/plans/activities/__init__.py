"""Response activities: the school's own list, and which of them are offered at a threshold.

A school's list comes in; plans name its keys, and responses are recorded with them. Each activity maps to a standard code of ours,
because the Ministry's list is not public.
"""
