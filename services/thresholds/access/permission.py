"""Whom a caller may see: the students of the token's schools, and, for staff who look after a part of a school, of that part."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.star_records import repository as records
from services.thresholds.roster.repository import schools, students
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, is_student_key, student_id
from shared.web.problems import ProblemError


async def permitted_student(connection: AsyncConnection, caller: Principal, school: SchoolNumber, student: str) -> RowMapping | None:
    """The student as the school has sent them; None for one who was not sent, whom only callers for the whole school may look for.

    Raises ProblemError 404 for what can't be a student's key, 403 for a student outside the caller's part, whether or not there is one.
    """
    caller.require_school(school)
    if not is_student_key(student):
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "there is no such student")
    person = await students.get(connection, student_id(school, student))
    if caller.part is not None and (person is None or not caller.part.holds(person["year_level"], frozenset(person["groups"]))):
        raise not_in_part()
    return person


async def permitted_record(connection: AsyncConnection, caller: Principal, record_id: UUID, *, lock: bool = False) -> RowMapping:
    """The record; with `lock`, under the lock of its school, so that no batch of marks can open or withdraw it meanwhile.

    Raises ProblemError 404 for a record that is not there, 403 for another school's. A record's id follows from who it is about, so
    to those who look after a part of a school every record outside it is the same 403, whether or not it is there.
    """
    record = await records.get(connection, record_id)
    if caller.part is not None and (record is None or not caller.may_see(record["school"])):
        raise not_in_part()
    if record is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-record", "there is no such STAR record")
    school = SchoolNumber(record["school"])
    caller.require_school(school)
    if caller.part is not None:
        await permitted_student(connection, caller, school, record["student"])
    if lock:
        await schools.lock(connection, [school])
        record = await records.get(connection, record_id)
        assert record is not None
    return record


def not_in_part() -> ProblemError:
    """The refusal for staff who look after other students."""
    return ProblemError(
        HTTPStatus.FORBIDDEN, "part-of-a-school", "this token holds for some groups of the school only: there is no such student in them"
    )
