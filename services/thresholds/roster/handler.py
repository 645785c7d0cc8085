"""Schools and students into our copies. The work that depends on a school's calendar follows in the same transaction."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.calendars import OUTSIDE_TERM, UNKNOWN_SCHOOL, CalendarCache
from services.thresholds.roster.enrolments import EnrolmentsChanged, keep
from services.thresholds.roster.repository import enrolments, rolls, schools, students
from services.thresholds.roster.repository.enrolments import StudentKey
from shared.batch import Batch, BatchHandler
from shared.deadletters.reading import WRONG_TYPE
from shared.erasures.passing import erased_among
from shared.events.calendars import BAD_CALENDAR, fault_of
from shared.events.data import SchoolUpdated, StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.events.newest import newest
from shared.events.school_years import merged
from shared.events.topics import STUDENTS
from shared.identifiers import student_id, uuid_or_none

log = structlog.get_logger()

BAD_ID: Final = "bad-id"
"""The reason for a student whose id another school's system has made."""

CalendarChanged = Callable[[AsyncConnection, SchoolUpdated | None, SchoolUpdated, datetime], Awaitable[None]]
"""Called in the transaction that keeps a school: with the school before (None for a new one), the school now, and the time."""

IdentitiesChanged = Callable[[AsyncConnection, Sequence[StudentUpdated], datetime], Awaitable[None]]
"""Called with all updates of a batch, in the transaction that keeps the students, with the schools locked."""


@dataclass(kw_only=True)
class RosterHandler(BatchHandler):
    """Keeps what thresholds needs to know of schools and students."""

    calendar_changed: CalendarChanged
    enrolments_changed: EnrolmentsChanged
    identities_changed: IdentitiesChanged
    _calendars: CalendarCache = field(default_factory=CalendarCache)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events. None of them ever waits."""
        latest: dict[uuid.UUID, StudentUpdated | None] = {}
        updates: list[StudentUpdated] = []
        updated: dict[str, SchoolUpdated] = {}
        for message, event in batch.events:
            match event:
                case Event(data=StudentUpdated() as student):
                    if student.student_id == student_id(student.school, student.student):
                        latest[student.student_id] = newest(latest.get(student.student_id), student)
                        updates.append(student)
                    else:
                        batch.refuse(message, BAD_ID, "the id is not that of the school's student", school=student.school)
                case Event(data=SchoolUpdated() as school):
                    if (fault := fault_of(school)) is not None:
                        batch.refuse(message, BAD_CALENDAR, fault, school=school.school)
                    else:
                        updated[school.school] = newest(updated.get(school.school), school)
                case Tombstone(key=key) if message.topic == STUDENTS.name and (gone := uuid_or_none(key)) is not None:
                    latest[gone] = None
                case _:
                    batch.refuse(message, WRONG_TYPE, "only schools and students belong on these topics")
        erased = await erased_among(connection, latest.keys())
        updates = [update for update in updates if not erased.hide(update.student_id, update.updated_at)]
        left = [identity for identity, student in latest.items() if student is None]
        await self._keep_enrolments(connection, updates, left, updated, batch.now)
        if present := [student for student in latest.values() if student is not None and student in updates]:
            await rolls.keep_what_changes(connection, present)
            await students.put(connection, present)
        if left:
            await rolls.keep_who_leaves(connection, left, batch.now)
            await students.remove(connection, left)
        await self.identities_changed(connection, updates, batch.now)
        for number in sorted(updated):
            await self._update(connection, updated[number], batch.now)

    async def _keep_enrolments(
        self, connection: AsyncConnection, updates: list[StudentUpdated], left: list[uuid.UUID], schools: Iterable[str], now: datetime
    ) -> None:
        """Before the students themselves: who is removed is looked up on the roster."""
        gone = set(left)
        removed = await enrolments.of_removed(connection, left) if left else {}
        for update in updates:
            if update.student_id in gone:
                key = StudentKey(update.school, update.student)
                removed[key] = max(removed.get(key, update.updated_at), update.updated_at)
        if not updates and not removed:
            return
        # All the schools of the batch in one order, or two writers could wait for each other.
        numbers = {*schools, *(update.school for update in updates), *(key.school for key in removed)}
        calendars = await self._calendars.lock(connection, sorted(numbers))
        if changes := await keep(connection, updates, removed, calendars, now):
            await self.enrolments_changed(connection, changes, now)

    async def _update(self, connection: AsyncConnection, school: SchoolUpdated, now: datetime) -> None:
        locked = await schools.lock(connection, [school.school])
        before = (await schools.get(connection, [school.school]))[0] if locked else None
        school = merged(before, school)
        if not await schools.put(connection, school):
            return
        await self.calendar_changed(connection, before, school, now)
        redriven = await self.dead_letters.redrive_school(connection, school.school, [UNKNOWN_SCHOOL, OUTSIDE_TERM], now)
        log.info("school.updated", school=school.school, redriven=redriven)
