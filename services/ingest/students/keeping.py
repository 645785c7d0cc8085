"""Stores students as they are published, each merged into what it was before: what every door does with those it took in."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students import publishing
from services.ingest.students.identities import Identities
from services.ingest.students.merging import Repeats, merged
from services.ingest.students.persons import is_another_child, why_another
from services.ingest.students.repository import students
from services.ingest.students.schemas import StudentIn
from shared.clock import Clock
from shared.events.data import StudentUpdated
from shared.identifiers import SchoolNumber
from shared.moments import repository as moments
from shared.turns import in_turns


async def keep(
    connection: AsyncConnection, school: SchoolNumber, sent: Sequence[StudentIn], clock: Clock, repeats: Repeats | None = None
) -> None:
    """Stores and publishes students, each there once, in the caller's transaction. A key of another child's is given to that one.

    A student of whom nothing has changed costs a comparison: no row is written, and no event. `repeats`: who was found to be such a one.
    """
    if not sent:
        return
    await students.lock(connection, school)
    now = await moments.next_of(connection, school, clock())
    known = await Identities.of(connection, school)
    before = await students.stored(connection, school, [known.child(student.student) for student in sent])
    kept, repeats = [], repeats or Repeats(school)
    async for student in in_turns(sent):
        child = as_child(known, student)
        earlier = before.get(child.student)
        if repeats.has(child, earlier):
            continue
        if earlier is not None and is_another_child(earlier, fresh := alone(known, student, now)):
            known = await publishing.give_key_away(connection, known, student.student, earlier, now, why_another(earlier, fresh))
            earlier = None
        entry = merged(school, as_child(known, student), earlier, now)
        if earlier is None or entry != replace(earlier, updated_at=now):
            kept.append(entry)
    if kept:
        await students.put(connection, kept)
        await publishing.publish(connection, known, kept)


async def forget(connection: AsyncConnection, school: SchoolNumber, gone: Collection[str]) -> None:
    """Forgets students who have left, here and everywhere, in the caller's transaction."""
    await students.lock(connection, school)
    await publishing.forget(connection, await Identities.of(connection, school), gone)


def as_child(known: Identities, student: StudentIn) -> StudentIn:
    """The student under the key that the engine knows them by."""
    child = known.child(student.student)
    return student if child == student.student else student.model_copy(update={"student": child})


def alone(known: Identities, student: StudentIn, now: datetime) -> StudentUpdated:
    """The student as they were sent, with nothing of what is stored under their key."""
    return merged(known.school, as_child(known, student), None, now)
