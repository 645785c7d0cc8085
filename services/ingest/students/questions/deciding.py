"""The effect of a school's answer: the roster as it is published then. All in the caller's transaction, with the students' lock held."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students import publishing
from services.ingest.students.identities import Identities
from services.ingest.students.repository import identities as stored_identities
from services.ingest.students.repository import students
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import tombstone
from shared.identifiers import NAMESPACE, SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.web.errors import ProblemError


def duplicate_id(school: str, pair: Sequence[str]) -> uuid.UUID:
    """The id of the question whether two keys are one child's: the same whenever it is asked."""
    return uuid.uuid5(NAMESPACE, f"identity/{school}/" + "/".join(sorted(pair)))


def nobody(school: SchoolNumber, student: str, now: datetime) -> StudentUpdated:
    """An entry that says nothing of a child but the keys."""
    return StudentUpdated(
        school=school, student=student, student_id=student_id(school, student), given_name="", family_name="", updated_at=now
    )


async def same_after_all(connection: AsyncConnection, school: SchoolNumber, earlier: str, newer: str, by: str, now: datetime) -> None:
    """The key has never gone to another child: what was taken for two is one again, under the earlier key, with the newer entry."""
    known = await Identities.of(connection, school)
    into = known.merged.get(earlier, earlier)
    present = (await students.stored(connection, school, [newer])).get(newer)
    await stored_identities.merge(connection, school, newer, into, by, now)
    holding = next((holding for holding in known.holdings.values() if holding.student == newer), None)
    if holding is not None:
        await stored_identities.hold(connection, school, holding.key, earlier, holding.since, holding.number)
    known = await Identities.of(connection, school)
    await outbox.add(connection, [tombstone(STUDENT_UPDATED.topic.name, str(student_id(school, newer)))])
    if present is not None:
        await publishing.publish(connection, known, [await publishing.store_as(connection, known, present, earlier, now)])


async def merge(connection: AsyncConnection, school: SchoolNumber, student: str, into: str, by: str, now: datetime) -> None:
    """Counts one key of a child as the other. Raises ProblemError 409 where one of them is merged already, and 404 for an unknown key."""
    known = await Identities.of(connection, school)
    found = await students.stored(connection, school, [student, into])
    if student == into or len(found) < 2:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "both must be students of the school, and not the same")
    if student in known.merged or into in known.merged or known.others(student):
        raise ProblemError(HTTPStatus.CONFLICT, "merged-already", "one of the two is merged already: take them apart first")
    await stored_identities.merge(connection, school, student, into, by, now)
    known = await Identities.of(connection, school)
    await outbox.add(connection, [tombstone(STUDENT_UPDATED.topic.name, str(student_id(school, student)))])
    await publishing.publish(connection, known, [replace(found[into], updated_at=now)])


async def part(connection: AsyncConnection, school: SchoolNumber, student: str, now: datetime) -> None:
    """Counts each key alone again. Raises ProblemError 404 for a key that is not merged."""
    before = await Identities.of(connection, school)
    into = before.merged.get(student)
    if into is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "not-merged", "this key is counted as no other")
    await stored_identities.part(connection, school, student)
    found = await students.stored(connection, school, [student, into])
    holding = next((holding for holding in before.holdings.values() if holding.student == into), None)
    known = await Identities.of(connection, school)
    updates = [replace(entry, updated_at=now) for entry in found.values()]
    if into not in found:
        # Nobody is there under that key any more: thresholds still has to hear that it counts alone, and then that the child has left.
        updates.append(nobody(school, into, now))
    await publishing.publish(connection, known, updates)
    if into not in found and not known.others(into):
        await outbox.add(connection, [tombstone(STUDENT_UPDATED.topic.name, str(student_id(school, into)))])
    if student not in found and into in found and holding is not None:
        # What was one child's entry is the newer child's, who has the key.
        await stored_identities.hold(connection, school, holding.key, student, holding.since, holding.number)
        known = await Identities.of(connection, school)
        await publishing.publish(connection, known, [await publishing.store_as(connection, known, found[into], student, now)])
        await outbox.add(connection, [tombstone(STUDENT_UPDATED.topic.name, str(student_id(school, into)))])
