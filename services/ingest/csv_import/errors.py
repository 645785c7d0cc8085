"""Errors of a file that can't be read at all. A row that can't be read is no error of the file: it is refused by its line."""


class CsvError(Exception):
    """The file can't be read. The message is for the person who exported it, and quotes column names at most."""

    kind = "unreadable-csv"


class EncodingError(CsvError):
    """The bytes are no text in any encoding that schools' systems export."""


class LayoutError(CsvError):
    """The text is no table: no header, or a line without an end."""


class MonthFirstError(CsvError):
    """The dates can only have the month first: read day first, the others would be marks of wrong days."""

    kind = "month-first"


class ColumnsError(CsvError):
    """The columns don't say what is needed."""

    kind = "unknown-columns"
