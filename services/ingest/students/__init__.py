"""Students: the roster that a school sends, item by item, straight to the bus; nothing of it is stored here.

In come students with their caregivers; out go `nz.star.student.updated.v1` events, and tombstones for students who have left.
"""
