"""Students: the roster that a school sends, item by item, merged into what the school sent before, and stored as it is published.

In come students with their caregivers, from every door; out go `nz.star.student.updated.v1` events, and tombstones for students who have
left. A door leaves as it is what it is not sent: a file without caregivers keeps them.
"""
