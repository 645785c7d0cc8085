"""The proof of the totals: a slow, obvious oracle, and the register built anew from the topic.

`star verify` compares every stored total and record with the oracle, `star replay` every row with the marks on the topic. Both only
read.
"""
