"""Today: what reached a step, what is due, and what waits for a person. A list that empties.

Each list is a part of its own: one that can't be reached leaves the others where they are.
"""
