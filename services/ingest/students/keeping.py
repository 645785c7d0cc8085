"""Stores students as they are published, each merged into what it was before: what every door does with those it took in."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students import repository as students
from services.ingest.students.merging import merged
from services.ingest.students.schemas import StudentIn
from shared.clock import Clock
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.envelope import Event, new_event_id, tombstone
from shared.identifiers import SchoolNumber, student_id
from shared.outbox import repository as outbox


async def keep(connection: AsyncConnection, school: SchoolNumber, sent: Sequence[StudentIn], clock: Clock) -> None:
    """Stores and publishes students, each there once, in the caller's transaction."""
    if not sent:
        return
    await students.lock(connection, school)
    now = clock()
    before = await students.stored(connection, school, [student.student for student in sent])
    kept = [merged(school, student, before.get(student.student), now) for student in sent]
    await students.put(connection, kept)
    await outbox.add(
        connection,
        [Event(STUDENT_UPDATED, new_event_id(), "/ingest", now, str(student.student_id), student).encode() for student in kept],
    )


async def forget(connection: AsyncConnection, school: SchoolNumber, student: str) -> None:
    """Forgets a student who has left, here and everywhere, in the caller's transaction."""
    await students.lock(connection, school)
    await students.remove(connection, school, [student])
    await outbox.add(connection, [tombstone(STUDENT_UPDATED.topic.name, str(student_id(school, student)))])
