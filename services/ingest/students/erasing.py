"""The students' part of an erasure: our own copy, what waits to be published, and the last word on the topic."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students.repository import identities, students
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased
from shared.events.envelope import tombstone
from shared.events.topics import STUDENTS
from shared.identifiers import SchoolNumber
from shared.outbox import repository as outbox


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The student as they were before the erasure goes, and so does what of them waits to be published."""
    await students.lock(connection, SchoolNumber(erased.school))
    removed, waiting = await students.erase(connection, erased), await outbox.drop_student(connection, erased)
    asked = await identities.erase(connection, erased.school, erased.student)
    return Tally({"students": removed, "outbox": waiting, "identity-questions": asked})


async def take_off(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """A tombstone follows the event of the erasure, so that compaction leaves nothing of the student on the topic.

    There is none for a student who was sent again since: then the newer event is the last word on the key.
    """
    school = SchoolNumber(erased.school)
    await students.lock(connection, school)
    if not await students.stored(connection, school, [erased.student]):
        await outbox.add(connection, [tombstone(STUDENTS.name, str(erased.student_id))])
    return Tally()
