"""CSV import: marks or students from a file of a system that has no API.

In comes a file, read as it arrives; its columns are recognised by their names, its rows become the same events as the other doors', and a
report says what became of every row (docs/how-to/import-csv.md). A dry run publishes nothing.
"""
