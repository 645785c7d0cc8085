"""What is named by its own id: of the caller's schools, or not there.

Every endpoint whose path names a record, an upload, a delivery or the like asks here, before it does anything that takes longer for a row
that exists. So another school's row and none at all have one answer, and about one time.
"""

from typing import Protocol, TypeVar

from shared.auth.principal import Principal
from shared.web.problems import ProblemError


class OfASchool(Protocol):
    """A row that belongs to a school; to none (None), if that could not be read."""

    @property
    def school(self) -> str | None:
        """The school's number."""


Row = TypeVar("Row", bound=OfASchool)


def visible(row: Row | None, caller: Principal, missing: ProblemError) -> Row:
    """The row. Raises `missing` without one, and for one that is not of the caller's schools."""
    if row is None or not caller.may_see(row.school):
        raise missing
    return row
