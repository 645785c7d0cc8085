"""Errors of a table that can't be read at all. A row that can't be read is no error of the file: it is refused by its line."""

from shared.web.problem_types import ProblemKind


class CsvError(Exception):
    """The file can't be read. The message is for the person who exported it, and quotes column names at most."""

    kind: ProblemKind = "unreadable-csv"


class EncodingError(CsvError):
    """The bytes are no text in any encoding that schools' systems export."""


class LayoutError(CsvError):
    """The text is no table: no header, or a line without an end."""
