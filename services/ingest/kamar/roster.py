"""A batch of KAMAR's students into what we know of them, and out as events, all in one transaction."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.changes.effect import is_many
from services.ingest.kamar import students
from services.ingest.kamar.reading import Element
from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.repository import students as students_repository
from services.ingest.kamar.repository.students import StoredStudent
from services.ingest.kamar.students import Fields, Parsed
from services.ingest.students import publishing
from services.ingest.students.identities import Identities
from services.ingest.students.persons import is_another_child, why_another
from services.ingest.students.quiet import quietened
from services.ingest.students.repository import students as published_students
from shared.bus.interface import Outgoing
from shared.erasures.passing import erased_among
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import Event
from shared.identifiers import SchoolNumber, kamar_event_id, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox

KEYS_REUSED: Final = "keys-reused"
"""The reason for students whose keys were other children's, when they are more than happens by itself: a wrong file, as a rule."""


@dataclass
class Roster:
    """The students of one batch."""

    school: SchoolNumber
    document: uuid.UUID
    received_at: datetime
    today: date
    quiet: Collection[str]
    refusals: Refusals
    unreadable: int = 0
    published: int = 0
    _parsed: dict[str, list[Parsed]] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        """Reads one element; what of it can't be read is noted, and doesn't spoil the rest."""
        if element.fields is None:
            self.unreadable += 1
            self.refusals.add("bad-field", f"students: {element.problem}")
            return
        parsed = students.parse(element.fields)
        for problem in parsed.problems:
            self.refusals.add("bad-field", problem, student=parsed.student)
        if parsed.student is None:
            self.unreadable += 1
        else:
            self._parsed.setdefault(parsed.student, []).append(parsed)

    async def apply(self, connection: AsyncConnection) -> None:
        """Merges the batch into the stored students, and publishes those that have changed, in the caller's transaction."""
        await published_students.lock(connection, self.school)
        updated_at = await moments.next_of(connection, self.school, self.received_at)
        stored = await students_repository.stored(connection, self.school, sorted(self._parsed))
        known = await Identities.of(connection, self.school)
        published = await published_students.stored(connection, self.school, [known.child(student) for student in self._parsed])
        erased = await erased_among(connection, [student_id(self.school, known.child(student)) for student in self._parsed])
        another = self._others(known, stored, published)
        too_many = is_many(len(another), await published_students.count(connection, self.school))
        changed: list[StudentUpdated] = []
        kept: list[StoredStudent] = []
        gone: list[str] = []
        for student in self._parsed:
            child = known.child(student)
            if erased.hide(student_id(self.school, child), self.received_at):
                continue
            before, earlier = stored.get(student), published.get(child)
            sent = self._sent(student)
            fields: Fields = (dict(before.fields) if before is not None else {}) | sent
            if earlier is not None and (why := another.get(student)) is not None:
                if too_many:
                    self.refusals.add(KEYS_REUSED, "many keys would go to other children", student=student)
                    kept.append(before or StoredStudent(student, {}, None))
                    continue
                known = await publishing.give_key_away(connection, known, student, earlier, updated_at, why)
                child, before, earlier, fields = known.child(student), None, None, sent
            if students.has_left(fields, self.today):
                if before is not None and before.digest is not None:
                    # Leavers go when all of the document is known: see `departures`.
                    kept.append(StoredStudent(student, fields, before.digest))
                else:
                    gone.append(student)
                continue
            digest = before.digest if before is not None else None
            merged = students.student_of(self.school, child, fields, updated_at, earlier)
            if merged is not None:
                merged = students.dated_as(merged, earlier, self.today)
            if merged is None:
                self.refusals.add("incomplete", "the student has no name", student=student)
            elif (new := students.digest(quietened(merged, self.quiet))) != digest:
                digest = new
                changed.append(merged)
                self.published += 1
            kept.append(StoredStudent(student, fields, digest))
        await students_repository.put(connection, self.school, kept, self.document, updated_at)
        await students_repository.remove(connection, self.school, gone)
        await published_students.put(connection, changed, self.quiet)
        await published_students.note_quiet_words(connection, self.school, [known.child(student.student) for student in kept], self.quiet)
        await published_students.remove(connection, self.school, [known.child(student) for student in gone])
        await outbox.add(connection, [self._updated(update) for update in await publishing.publishable(connection, known, changed)])

    def _others(self, known: Identities, stored: Mapping[str, StoredStudent], published: Mapping[str, StudentUpdated]) -> dict[str, str]:
        """The keys that are another child's by now, with why."""
        found: dict[str, str] = {}
        for student in self._parsed:
            child, before = known.child(student), stored.get(student)
            sent = self._sent(student)
            fields = (dict(before.fields) if before is not None else {}) | sent
            if child in published and (why := self._another(child, published[child], fields, sent)) is not None:
                found[student] = why
        return found

    def _sent(self, student: str) -> Fields:
        sent: Fields = {}
        for parsed in self._parsed[student]:
            sent |= parsed.fields
        return sent

    def _another(self, child: str, earlier: StudentUpdated, fields: Fields, sent: Fields) -> str | None:
        """Why the document's student is another child than the one who had the key; None for the same.

        Caregivers are those that were sent: the others are the earlier child's.
        """
        without = {name: value for name, value in fields.items() if name != "caregivers" or name in sent}
        now = students.student_of(self.school, child, without, self.received_at)
        return why_another(earlier, now) if now is not None and is_another_child(earlier, now) else None

    def _updated(self, student: StudentUpdated) -> Outgoing:
        event_id = str(kamar_event_id(self.document, "student", student.student))
        return Event(STUDENT_UPDATED, event_id, "/ingest", student.updated_at, str(student.student_id), student).encode()
