"""Leases: a row for each thing that one process leads, with an expiry on the database's clock and a fencing number.

A leader renews its lease as it goes round, and proves its fence in every transaction that it writes; a standby takes the lease when it has
run out. So a host that vanishes without a word is missed for a lease's length, whatever became of its connections, and a leader that was
frozen meanwhile can write nothing any more. Rule: Leases, in the design's parts.
"""
