"""The bus: batches of messages are published, and read by groups that commit explicit offsets.

`interface` is all that services see; `kafka` and `embedded` implement it, and one contract suite holds both to it. `processor` is the loop
that feeds a handler.
"""
