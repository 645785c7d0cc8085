"""Everything that is due, may fail and must be tried again: letters, webhooks, uploads, day ends.

An item is put on the list in the transaction that makes it due; a runner claims it with a lease, performs it outside any transaction, and
settles it. Giving up is a state that people see.
"""
