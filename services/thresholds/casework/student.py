"""The child that a request about casework means, under every key that they have, and the pieces that a caller may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.permission import is_of_part, permitted_student, unknown_student
from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Kind, Piece
from services.thresholds.register.repository import rows
from services.thresholds.roster.repository import identities, schools
from services.thresholds.roster.repository.students import RosterStudent
from shared.attendance.calendar import SchoolCalendar
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, student_id
from shared.web.problem_types import ProblemKind
from shared.web.problems import ProblemError
from shared.web.visible import hidden, visible

_UNKNOWN: Final[Mapping[Kind, ProblemKind]] = {
    "contact": "unknown-contact",
    "meeting": "unknown-meeting",
    "support-plan": "unknown-support-plan",
    "reply": "unknown-reply",
    "letter": "unknown-letter",
}


@dataclass(frozen=True, slots=True)
class Child:
    """A student. `ids` are those of all keys that are counted as this student, the student's own first."""

    school: SchoolNumber
    student: str
    person: RosterStudent | None
    ids: tuple[UUID, ...]

    @property
    def identity(self) -> UUID:
        """The id that new pieces are kept under."""
        return self.ids[0]


async def child_of(connection: AsyncConnection, caller: Principal, school: SchoolNumber, student: str) -> Child:
    """The student whom a path names. Raises ProblemError 404 for one of whom nothing is known, 403 outside the caller's part."""
    person = await permitted_student(connection, caller, school, student)
    if person is None and not await rows.of_students(connection, school, [student]):
        raise unknown_student()
    return Child(school, student, person, await ids_of(connection, school, student))


async def ids_of(connection: AsyncConnection, school: SchoolNumber, student: str) -> tuple[UUID, ...]:
    """The ids of a student: of the key that they are counted under, then of the others."""
    others = (await identities.merged_into(connection, [(school, student)])).get((school, student), set())
    return student_id(school, student), *(student_id(school, other) for other in sorted(others))


async def permitted_piece(connection: AsyncConnection, caller: Principal, kind: Kind, piece_id: UUID, *, lock: bool = False) -> Piece:
    """The piece of this kind; with `lock`, under the lock of its school.

    Raises ProblemError 404 for one that is not there, or not the caller's: of another school, or about a student outside their part.
    """
    missing = ProblemError(HTTPStatus.NOT_FOUND, _UNKNOWN[kind], f"there is no such {kind.replace('-', ' ')}")
    piece = visible(await casework.get(connection, kind, piece_id), caller, missing)
    counted = await counted_as(connection, piece.school, piece.student)
    if not await is_of_part(connection, caller, student_id(piece.school, counted)):
        raise hidden(piece, missing)
    if lock:
        await schools.lock(connection, [piece.school])
        locked = await casework.get(connection, kind, piece_id)
        if locked is None:
            raise missing
        return locked
    return piece


async def counted_as(connection: AsyncConnection, school: SchoolNumber, student: str) -> str:
    """The key that a student is counted under now: another one, if two keys were found to be one child's since."""
    return (await identities.of_schools(connection, [school])).counted_as(school, student)


def term_on(calendar: SchoolCalendar, day: date) -> str:
    """The name of the term that a day lies in, or that ended before it; of the first one, for a day before all of them.

    Raises ProblemError 404 for a school without terms.
    """
    term = calendar.current_or_last_term(day) or calendar.current_or_next_term(day)
    if term is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-term", "the school has no such term")
    return term.name


def day_at(calendar: SchoolCalendar, at: datetime) -> date:
    """The day that it is at the school at a moment."""
    return calendar.today(at)
