"""Schools, students and crossings, put into a service's tables by its own handlers, and events on the bus."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.notifier.worker import roster_handler
from shared.bus.interface import Message, Outgoing
from shared.clock import utc_now
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import SCHOOL_UPDATED, STUDENT_UPDATED
from shared.events.data import Caregiver, SchoolUpdated, StudentUpdated, TermDates
from shared.events.envelope import Event, new_event_id
from shared.identifiers import StudentId, crossing_event_id, student_id
from tests.support.applied import Applied
from tests.support.crossings import TERM, down, up

AT_ONCE: Final = 500
_offsets = count(1)


def school_of(number: int, schools: int) -> str:
    """The school of the `number`-th student: neighbours go to different ones."""
    return f"{1000 + number % schools:04}"


def student_of(number: int, schools: int) -> StudentId:
    """The student's id."""
    return student_id(school_of(number, schools), str(number))


def joined(number: int, schools: int) -> StudentUpdated:
    """The `number`-th student, with one caregiver."""
    return StudentUpdated(
        school=school_of(number, schools),
        student=str(number),
        student_id=student_of(number, schools),
        given_name="Tāne",
        family_name="Example",
        year_level=9,
        groups=["9A"],
        caregivers=[Caregiver(name="Mere Example", email=f"family-{number}@example.test")],
        updated_at=utc_now(),
    )


def crossing(number: int, schools: int, *, upwards: bool = True) -> Event:
    """The student passes five days, or is back under them."""
    now = utc_now()
    event = (
        up(5, 10, to="yellow", student=str(number), said_at=now) if upwards else down(5, 9, to="green", student=str(number), said_at=now)
    )
    student = student_of(number, schools)
    data = msgspec.structs.replace(event.data, school=school_of(number, schools), student_id=student)
    identity = crossing_event_id(student, TERM, 5, 1, "up" if upwards else "down")
    return replace(event, id=str(identity), key=str(student), data=data)


def message(outgoing: Outgoing) -> Message:
    """An event as a handler reads it."""
    return Message(outgoing.topic, 0, next(_offsets), outgoing.key, outgoing.value, outgoing.headers)


def _message(kind: Any, key: str, data: Any) -> Message:
    return message(Event(kind, new_event_id(), "/ingest", utc_now(), key, data).encode())


async def settle_in(engine: AsyncEngine, students: Sequence[int], schools: int) -> None:
    """The notifier knows the schools and students."""
    roster = Applied(engine, roster_handler(DeadLetterBox("notifier"), utc_now))
    today = utc_now().date()
    term = TermDates(TERM, today - timedelta(days=30), today + timedelta(days=30))
    numbers = sorted({school_of(number, schools) for number in students})
    sent = (SchoolUpdated(school=school, name=f"Example College {school}", terms=[term], updated_at=utc_now()) for school in numbers)
    await roster([_message(SCHOOL_UPDATED, school.school, school) for school in sent])
    for some in _portions(students):
        await roster([_message(STUDENT_UPDATED, str(student_of(number, schools)), joined(number, schools)) for number in some])


async def cross(engine: AsyncEngine, students: Iterable[int], schools: int) -> None:
    """Each of the students passes five days, and a letter waits for them that is due now."""
    handler = Applied(engine, CrossingsHandler(DeadLetterBox("notifier"), utc_now, hold=timedelta(0)))
    for some in _portions(students):
        await handler([message(crossing(number, schools).encode()) for number in some])


def _portions(students: Iterable[int]) -> Iterator[list[int]]:
    left = iter(students)
    while some := list(islice(left, AT_ONCE)):
        yield some
