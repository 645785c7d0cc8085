"""Attendance and rolls as CSV, from systems that can export but have no API. Pure: bytes in, rows and a report out."""
