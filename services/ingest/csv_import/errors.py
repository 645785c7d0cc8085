"""Errors of a file whose table says something that no import can take."""

from services.ingest.tables.errors import CsvError


class MonthFirstError(CsvError):
    """The dates can only have the month first: read day first, the others would be marks of wrong days."""

    kind = "month-first"


class ColumnsError(CsvError):
    """The columns don't say what is needed."""

    kind = "unknown-columns"
