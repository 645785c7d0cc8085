"""The STAR records of a school: open, overdue, closed and taken back, with what was done about each.

The filters live in the address; the list is also a file. Chosen records are answered together.
"""
