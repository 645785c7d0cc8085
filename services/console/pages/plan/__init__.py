"""The Attendance Management Plan: the checklist beside the sections, a draft against what is published, and publishing.

Each text has a field of its own, and one more is empty. A draft may lack anything; publishing shows first what would change.
"""
