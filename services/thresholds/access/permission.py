"""The students whom a caller may see: those of the token's schools; for staff who look after a part of a school, those of that part."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository import students
from services.thresholds.roster.repository.students import RosterStudent
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, is_student_key, student_id
from shared.web.problems import ProblemError


async def permitted_student(connection: AsyncConnection, caller: Principal, school: SchoolNumber, student: str) -> RosterStudent | None:
    """The student as the school has sent them; None for one who was not sent, whom only callers for the whole school may look for.

    Raises ProblemError 404 for what can't be a student's key, 403 for a student outside the caller's part, whether or not there is one.
    """
    caller.require_school(school)
    if not is_student_key(student):
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "there is no such student")
    person = await students.get(connection, student_id(school, student))
    if not _holds(caller, person):
        raise _not_in_part()
    return person


async def is_of_part(connection: AsyncConnection, caller: Principal, student: UUID) -> bool:
    """Whether the caller looks after this student: everybody does who looks after the whole school."""
    return caller.part is None or _holds(caller, await students.get(connection, student))


def _holds(caller: Principal, person: RosterStudent | None) -> bool:
    return caller.part is None or (person is not None and caller.part.holds(person.year_level, frozenset(person.groups)))


def unknown_student() -> ProblemError:
    """The refusal for a key of which nothing is known here."""
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")


def _not_in_part() -> ProblemError:
    """The refusal for staff who look after other students."""
    return ProblemError(
        HTTPStatus.FORBIDDEN, "part-of-a-school", "this token holds for some groups of the school only: there is no such student in them"
    )
