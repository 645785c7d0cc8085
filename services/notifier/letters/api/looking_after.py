"""The students of whose caregivers a caller may hear."""

from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Contact
from services.notifier.contacts.repository import contacts
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, is_student_key, student_id
from shared.web.problems import ProblemError


async def looked_after(connection: AsyncConnection, caller: Principal, school: SchoolNumber, student: str) -> Contact:
    """The student's contact. Raises ProblemError 403 for another school, and for a student outside the caller's part, whether or not there
    is one; 404 for a student who was never sent."""
    caller.require_school(school)
    contact = await contacts.contact(connection, student_id(school, student)) if is_student_key(student) else None
    if not looks_after(caller, contact):
        detail = "this token holds for some groups of the school only: there is no such student in them"
        raise ProblemError(HTTPStatus.FORBIDDEN, "part-of-a-school", detail)
    if contact is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent")
    return contact


def looks_after(caller: Principal, contact: Contact | None) -> bool:
    """Whether the caller looks after a student: everybody does who looks after the whole school."""
    return caller.part is None or (contact is not None and caller.part.holds(contact.year_level, frozenset(contact.groups)))
