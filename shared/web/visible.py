"""Rows that a path names by their own id: of the caller's schools, or not there.

Every endpoint whose path names a record, an upload, a delivery or the like asks here, before it does anything that takes longer for a row
that exists. So another school's row and none at all have one answer, and about one time.
"""

from typing import TypeVar

from shared.auth.principal import Principal
from shared.web.errors import OfASchool
from shared.web.problems import ProblemError

Row = TypeVar("Row", bound=OfASchool)


def visible(row: Row | None, caller: Principal, missing: ProblemError) -> Row:
    """The row. Raises `missing` without one, and for one that is not of the caller's schools."""
    if row is None:
        raise missing
    if not caller.may_see(row.school):
        raise hidden(row, missing)
    return row


def hidden(row: OfASchool, missing: ProblemError) -> ProblemError:
    """`missing`, for a row that is there and not the caller's: the refusal is on record in the school's audit log."""
    missing.row = row
    return missing
