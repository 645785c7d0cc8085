"""Schools and students into our copies. The work that depends on a school's calendar follows in the same transaction."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.roster.calendars import OUTSIDE_TERM, UNKNOWN_SCHOOL, with_past_terms
from services.thresholds.roster.repository import schools, students
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import WRONG_TYPE, read_events
from shared.events.data import SchoolUpdated, StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.events.topics import STUDENTS

log = structlog.get_logger()

CalendarChanged = Callable[[AsyncConnection, SchoolUpdated | None, SchoolUpdated, datetime], Awaitable[None]]
"""Called in the transaction that keeps a school: with the school before (None for a new one), the school now, and the time."""


@dataclass
class RosterHandler:
    """Keeps what thresholds needs to know of schools and students."""

    engine: AsyncEngine
    dead_letters: DeadLetterBox
    calendar_changed: CalendarChanged
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits."""
        read, letters = read_events(messages)
        latest: dict[uuid.UUID, StudentUpdated | None] = {}
        updated: dict[str, SchoolUpdated] = {}
        for message, event in read:
            match event:
                case Event(data=StudentUpdated() as student):
                    latest[student.student_id] = student
                case Event(data=SchoolUpdated() as school):
                    updated[school.school] = school
                case Tombstone(key=key) if message.topic == STUDENTS.name and _is_uuid(key):
                    latest[uuid.UUID(key)] = None
                case _:
                    letters.append(DeadLetter(message, WRONG_TYPE, "only schools and students belong on these topics"))
        async with self.engine.begin() as connection:
            if present := [student for student in latest.values() if student is not None]:
                await students.put(connection, present)
            if gone := [student_id for student_id, student in latest.items() if student is None]:
                await students.remove(connection, gone)
            for number in sorted(updated):
                await self._update(connection, updated[number])
            await self.dead_letters.keep(connection, letters, self.clock())
        return {}

    async def _update(self, connection: AsyncConnection, school: SchoolUpdated) -> None:
        locked = await schools.lock(connection, [school.school])
        before = (await schools.get(connection, [school.school]))[0] if locked else None
        if before is not None:
            school = with_past_terms(before, school)
        if not await schools.put(connection, school):
            return
        now = self.clock()
        await self.calendar_changed(connection, before, school, now)
        redriven = await self.dead_letters.redrive_school(connection, school.school, [UNKNOWN_SCHOOL, OUTSIDE_TERM], now)
        log.info("school.updated", school=school.school, redriven=redriven)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
