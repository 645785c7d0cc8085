"""One door for files.

In comes a CSV file of marks or students, or a zip of OneRoster tables; the room of its format reads it, and the answer is a report.
"""
