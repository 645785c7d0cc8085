"""The students whom a KAMAR document takes off the roll, and those whose dates it changes: made together, once all of it has been read.

KAMAR can't be asked, so what would move much is held for a person (`repository/held.py`). The rest of the document is applied meanwhile.
"""

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.changes.asking import Asking
from services.ingest.changes.effect import Effect, dangers_of, is_many
from services.ingest.kamar import students
from services.ingest.kamar.repository import students as known
from services.ingest.kamar.repository.students import StoredStudent
from services.ingest.schools.repository import StoredSchool
from services.ingest.students import publishing
from services.ingest.students.changing import RosterChange, roster_change
from services.ingest.students.identities import Identities
from services.ingest.students.keeping import forget
from services.ingest.students.quiet import quietened
from services.ingest.students.repository import students as published_students
from shared.bus.interface import Outgoing
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber, kamar_event_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.web.errors import ProblemError


@dataclass(frozen=True, slots=True)
class JudgedChange:
    """A change with its effect, and why it is dangerous. `known` is False if the effect on totals could not be found out."""

    effect: Effect
    dangers: tuple[str, ...] = ()
    known: bool = True


def digest(change: RosterChange) -> bytes:
    """Tells whether two changes are the same."""
    return hashlib.sha256(msgspec.json.encode(change)).digest()


async def judged(change: RosterChange, school: StoredSchool, asking: Asking) -> JudgedChange:
    """The change with its effect. One that is large, and whose effect nobody answers, is dangerous: marks must not wait for it."""
    effect = Effect(students_off=len(change.off))
    if not is_many(len(change.off), change.roll) and not is_many(len(change.redated), change.roll):
        return JudgedChange(effect)
    if not school.marked:
        return JudgedChange(effect, tuple(dangers_of(effect, change.roll)))
    try:
        effect = await asking.effect(school.school, school.updated_at, enrolments=change.redated, students_off=effect.students_off)
    except ProblemError:
        unknown = f"the dates of {len(change.redated)} students would change, and nobody knows the effect"
        return JudgedChange(effect, (*dangers_of(effect, change.roll), unknown), known=False)
    return JudgedChange(effect, tuple(dangers_of(effect, change.roll)))


@dataclass(frozen=True, slots=True)
class Pending:
    """The changes of a document that are not made yet. `leavers` go from here in any case: their last day was known before and is over, or
    they are off the roll by the change."""

    change: RosterChange
    leavers: frozenset[str]
    redated: Mapping[str, StudentUpdated]

    def only(self, students: Collection[str]) -> "Pending":
        """The part of some students."""
        return Pending(
            self.change, self.leavers & set(students), {key: student for key, student in self.redated.items() if key in students}
        )

    @property
    def announced(self) -> frozenset[str]:
        """The leavers whose going is no news."""
        return self.leavers - set(self.change.off)


@dataclass(frozen=True, slots=True)
class Departures:
    """The departures of a document. `whole`: it is the whole roster, and whom it leaves out has left."""

    school: SchoolNumber
    document: uuid.UUID
    now: datetime
    today: date
    quiet: Collection[str]
    whole: bool = False

    async def pending(self, connection: AsyncConnection, *, lock: bool = False) -> Pending:
        """The part that waits. With `lock`, nobody else changes the school's students until the transaction ends."""
        if lock:
            await published_students.lock(connection, self.school)
        identities = await Identities.of(connection, self.school)
        listed, keys_missing = await known.since(connection, self.school, self.document, whole=self.whole)
        stored = {identities.child(key): entry for key, entry in listed.items()}
        missing = {identities.child(key) for key in keys_missing}
        published = await published_students.stored(connection, self.school, stored.keys())
        redated = {
            student: now
            for student, before in published.items()
            if student not in missing and students.is_redated(stored[student].fields, before)
            if (now := self._as_known(student, stored[student], before)) is not None
        }
        change = roster_change(
            published, list(redated.values()), missing & published.keys(), await known.count(connection, self.school), self.today
        )
        left = {student for student, entry in stored.items() if student not in missing and students.has_left(entry.fields, self.today)}
        return Pending(change, frozenset(left | missing), redated)

    async def make(self, connection: AsyncConnection, pending: Pending) -> None:
        """Publishes the dates, and lets go of the leavers: their last day goes before them. The caller holds the lock of `pending`."""
        # Newer than what else the document says of a student.
        at = await moments.next_of(connection, self.school, self.now)
        redated = {student: msgspec.structs.replace(now, updated_at=at) for student, now in pending.redated.items()}
        identities = await Identities.of(connection, self.school)
        await published_students.put(connection, [redated[student] for student in sorted(redated)], self.quiet)
        updates = await publishing.publishable(connection, identities, list(redated.values()))
        await outbox.add(connection, [self._event(update) for update in updates])
        staying = redated.keys() - pending.leavers
        digests = {identities.key_of(student): students.digest(quietened(redated[student], self.quiet)) for student in staying}
        await known.note_published(connection, self.school, digests)
        gone = sorted(pending.leavers)
        if gone:
            await known.remove(connection, self.school, [identities.key_of(student) for student in gone])
            await forget(connection, self.school, gone)

    def _as_known(self, child: str, stored: StoredStudent, before: StudentUpdated) -> StudentUpdated | None:
        """The student with all that is known of them."""
        return students.student_of(self.school, child, stored.fields, self.now, before)

    def _event(self, student: StudentUpdated) -> Outgoing:
        event_id = str(kamar_event_id(self.document, "dates", student.student))
        return Event(STUDENT_UPDATED, event_id, "/ingest", student.updated_at, str(student.student_id), student).encode()
