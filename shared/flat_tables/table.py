"""A flat table: its columns, what each means, and who may have it. Pure."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

Kind = Literal["text", "integer", "number", "boolean", "date", "time"]
Value = str | int | float | bool | date | datetime | None
Row = Mapping[str, Value]

Pages = Callable[[AsyncConnection], AsyncIterator[Sequence[Row]]]
"""The rows of a table, some thousand at a time, within one transaction."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `optional`: it can be empty. `is_name`: it is only there for callers who ask for names and may have them."""

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class FlatTable:
    """A table. No two rows have the same values in the columns of the `key`."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def shown(self, *, names: bool) -> "FlatTable":
        """The table with, or without, the columns that name somebody."""
        return self if names else replace(self, columns=tuple(column for column in self.columns if not column.is_name))

    def cells(self, row: Row) -> list[Value]:
        """A row's values in the order of the columns. Raises KeyError for a row that lacks one."""
        return [row[column.name] for column in self.columns]


SCHOOL = Column("school", "text", "School number, four digits")
STUDENT = Column("student", "text", "The school's own key of the student")
STUDENT_ID = Column("student_id", "text", "Id of the student, the same in every table: join by it")
TERM = Column("term", "text", "Term, as in `2026-T4`")
THRESHOLD = Column("threshold", "integer", "Threshold in days: 5, 10 or 15")
GIVEN_NAME = Column("given_name", "text", "Given name, as the school sends it now", optional=True, is_name=True)
FAMILY_NAME = Column("family_name", "text", "Family name, as the school sends it now", optional=True, is_name=True)
NAMES = (GIVEN_NAME, FAMILY_NAME)
