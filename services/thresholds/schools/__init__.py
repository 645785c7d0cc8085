"""The schools of a caller: their names, their clocks and their terms, for screens and for callers of several schools.

The calendar in full belongs to ingest, which asks for another scope.
"""
