"""Who is this? The questions that only a school can answer: whether a key has gone to another child, and whether two keys are one child's.

In come answers and merges by hand; the roster is published again as it is then. Until a school has decided, both children are kept apart:
nothing that is written to a family is about the other.
"""
