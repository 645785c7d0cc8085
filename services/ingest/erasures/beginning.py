"""Begins an erasure, in the caller's transaction."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.erasing import erase as erase_kamar
from services.ingest.students.erasing import erase as erase_students
from services.ingest.students.identities import Identities
from services.ingest.students.repository import students
from shared.erasures import repository as erasures
from shared.erasures.erasure import Erase, together
from shared.events.catalogue import STUDENT_ERASED
from shared.events.data import StudentErased, StudentUpdated
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox

ROOMS: Final[tuple[Erase, ...]] = (erase_students, erase_kamar)
"""The rooms of this service that hold personal data."""

_WORD: Final = re.compile(r"[\w'@.+-]{3,}")


class NamesSomebodyError(ValueError):
    """The reason of an erasure names whom it is about: it stays on record, so it must not."""


async def begin(connection: AsyncConnection, school: SchoolNumber, student: str, why: str, now: datetime) -> list[StudentErased]:
    """Erases the student, by the engine's key, here, and has all services do the same. Raises NamesSomebodyError.

    A child of several keys is erased under each; the first of the answer is the one that the others are published as.
    """
    await students.lock(connection, school)
    keys = await _keys(connection, school, student)
    stored = await students.stored(connection, school, keys)
    if any(names(why, known) for known in stored.values()):
        raise NamesSomebodyError("the reason names the student or a caregiver: it stays on record, so give one without names")
    # After what it erases and before what is sent of the student later, whatever the clocks say.
    erased_at = await moments.next_of(connection, school, now)
    erased = [StudentErased(school=school, student=key, student_id=student_id(school, key), erased_at=erased_at) for key in keys]
    for of_key in erased:
        await announce(connection, of_key, now, why)
    return erased


async def _keys(connection: AsyncConnection, school: SchoolNumber, student: str) -> list[str]:
    known = await Identities.of(connection, school)
    first = known.merged.get(student, student)
    return [first, *known.others(first)]


async def announce(connection: AsyncConnection, erased: StudentErased, now: datetime, why: str | None = None) -> None:
    """Erases here, and publishes the event."""
    await erasures.note(connection, erased, together(*[await erase(connection, erased) for erase in ROOMS]), None, why)
    event = Event(STUDENT_ERASED, new_event_id(), "/ingest", now, str(erased.student_id), erased)
    await outbox.add(connection, [event.encode()])


def names(why: str, student: StudentUpdated) -> bool:
    """Whether a text has a name, an address or a number of the student or of a caregiver in it. Pure."""
    said = {word.casefold() for word in _WORD.findall(why)}
    return not said.isdisjoint(word.casefold() for text in _personal(student) for word in _WORD.findall(text))


def _personal(student: StudentUpdated) -> Iterator[str]:
    yield from (student.given_name, student.family_name, student.nsn or "")
    for caregiver in student.caregivers:
        yield from (caregiver.name, caregiver.email or "", caregiver.phone or "")
