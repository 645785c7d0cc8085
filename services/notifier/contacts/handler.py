"""Schools and students, as far as letters need them: one batch of messages, one transaction."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts import reachable
from services.notifier.contacts import repository as contacts
from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.recipients import recipients
from services.notifier.letters.case import Case, Draft
from services.notifier.letters.repository import cases, letters, policies
from services.notifier.letters.withdrawals import withdraw
from services.notifier.staff_mail import digests
from services.notifier.staff_mail.repository import notices
from shared.bus.interface import Message, Partition
from shared.clock import Clock
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events import topics
from shared.events.data import SchoolUpdated, StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.telemetry import metrics

log = structlog.get_logger()

GROUP = "roster"


@dataclass(slots=True)
class _Roster:
    """What a batch says in the end of each school and student. Those who left are forgotten before those who (re)joined are kept."""

    schools: dict[str, School] = field(default_factory=dict)
    joined: dict[uuid.UUID, Contact] = field(default_factory=dict)
    left: set[uuid.UUID] = field(default_factory=set)

    def school(self, data: SchoolUpdated) -> None:
        known = self.schools.get(data.school)
        if known is None or data.updated_at > known.updated_at:
            self.schools[data.school] = School(
                data.school, data.name, data.timezone, data.contact_email, tuple(data.terms), data.updated_at, data
            )

    def student(self, data: StudentUpdated) -> None:
        known = self.joined.get(data.student_id)
        if known is None or data.updated_at > known.updated_at:
            # The national student number stays behind: no letter needs it.
            self.joined[data.student_id] = Contact(
                data.student_id,
                data.school,
                data.given_name,
                data.family_name,
                data.year_level,
                tuple(data.caregivers),
                data.updated_at,
            )

    def gone(self, student_id: uuid.UUID) -> None:
        self.joined.pop(student_id, None)
        self.left.add(student_id)


@dataclass(frozen=True, slots=True)
class RosterHandler:
    """Handles the topics of schools and students."""

    engine: AsyncEngine
    box: DeadLetterBox
    clock: Clock

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies a batch; no partition ever has to wait."""
        read, poison = read_events(messages)
        roster = _Roster()
        for message, content in read:
            match content:
                case Event(data=SchoolUpdated() as data):
                    roster.school(data)
                case Event(data=StudentUpdated() as data):
                    roster.student(data)
                case Tombstone(key) if message.topic == topics.STUDENTS.name:
                    student_id = _student_id(key)
                    if student_id is None:
                        poison.append(DeadLetter(message, "bad-key", "the key is not a student's id"))
                    else:
                        roster.gone(student_id)
        now = self.clock()
        async with self.engine.begin() as connection:
            await self.box.keep(connection, poison, now)
            await contacts.put_schools(connection, list(roster.schools.values()))
            put_off = await letters.put_off_of(connection, roster.schools.keys())
            # All at once, as whoever locks cases one after another could wait for somebody who waits for them.
            known = await cases.lock_of_students(connection, roster.left | roster.joined.keys() | put_off)
            for place, case in known.items():
                if case.student_id in roster.left:
                    known[place] = await self._end(connection, case, now)
            vanishing = await reachable.vanishing(connection, roster.joined, roster.left)
            await contacts.forget(connection, roster.left)
            newer = await contacts.put_contacts(connection, list(roster.joined.values()))
            await reachable.forget(connection, vanishing, now)
            # Whether texts are sent, and what came back, is asked when the letter is written.
            told = {student_id for student_id in newer if recipients(roster.joined[student_id].caregivers, texts=True)}
            await self._tell_now(connection, [case for case in known.values() if case.student_id in told], now)
            await self._ask_again(connection, list(roster.schools), known.values(), put_off, now)
        return {}

    async def _end(self, connection: AsyncConnection, case: Case, now: datetime) -> Case:
        """The student has left: what has not gone out must not any more."""
        if case.waiting is not None:
            await letters.cancel(connection, case.waiting, "student-left", now)
            metrics.LETTERS.labels("cancelled").inc()
            log.info("letter.cancelled", letter=str(case.waiting.id), reason="student-left")
            case = replace(case, waiting=None)
        draft = Draft(uuid.uuid4(), uuid.uuid4(), now)
        for letter_id in await letters.written_of_case(connection, case):
            case = await withdraw(connection, case, letter_id, "student-left", draft, now)
        return case

    async def _tell_now(self, connection: AsyncConnection, reachable: Sequence[Case], now: datetime) -> None:
        """Letters that were due with nobody to send them to, and now there is somebody."""
        for case in reachable:
            if case.waiting is not None and case.waiting.state == "no-contact":
                await letters.renew_work(connection, replace(case.waiting, due_at=max(case.waiting.due_at, now)), now)
                log.info("letter.contact_arrived", letter=str(case.waiting.id))

    async def _ask_again(
        self, connection: AsyncConnection, schools: Sequence[str], known: Iterable[Case], put_off: Collection[uuid.UUID], now: datetime
    ) -> None:
        """Schools' calendars and contacts may be others now."""
        if not schools:
            return
        for case in known:
            if case.student_id in put_off and case.waiting is not None and case.waiting.state in ("held", "on-hold"):
                await letters.look_again(connection, case.waiting, now)
        await digests.replan(connection, schools, await policies.current_of(connection, schools), now)
        await notices.try_again(connection, schools, now)


def _student_id(key: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(key)
    except ValueError:
        return None
