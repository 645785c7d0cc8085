"""A batch of KAMAR's students into what we know of them, and out as events, all in one transaction."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar import students
from services.ingest.kamar.reading import Element
from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.repository import students as students_repository
from services.ingest.kamar.repository.students import StoredStudent
from services.ingest.kamar.students import Fields, Parsed
from services.ingest.students import repository as published_students
from shared.bus.interface import Outgoing
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, tombstone
from shared.identifiers import SchoolNumber, kamar_event_id, student_id
from shared.outbox import repository as outbox

TOO_MANY_LEFT: Final = "too-many-left"
FEW: Final = 20
"""Departures up to which nobody is surprised, whatever the size of the school."""


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
    left: int = 0
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
        stored = await students_repository.stored(connection, self.school, sorted(self._parsed))
        published = await published_students.stored(connection, self.school, self._parsed)
        changed: list[StudentUpdated] = []
        kept: list[StoredStudent] = []
        gone: list[str] = []
        messages: list[Outgoing] = []
        for student, parsed_elements in self._parsed.items():
            before = stored.get(student)
            fields: Fields = dict(before.fields) if before is not None else {}
            for parsed in parsed_elements:
                fields |= parsed.fields
            if students.has_left(fields, self.today):
                gone.append(student)
                if before is not None and before.digest is not None:
                    messages += self._leaving(student, fields, published.get(student))
                continue
            digest = before.digest if before is not None else None
            merged = students.student_of(self.school, student, fields, self.received_at, published.get(student))
            if merged is None:
                self.refusals.add("incomplete", "the student has no name", student=student)
            elif (new := students.digest(event := students.quietened(merged, self.quiet))) != digest:
                digest = new
                messages.append(self._updated(event))
                changed.append(merged)
                self.published += 1
            kept.append(StoredStudent(student, fields, digest))
        await students_repository.put(connection, self.school, kept, self.document, self.received_at)
        await students_repository.remove(connection, self.school, gone)
        await published_students.put(connection, changed)
        await published_students.remove(connection, self.school, gone)
        await outbox.add(connection, messages)

    async def depart(self, connection: AsyncConnection) -> None:
        """Lets go of the students whom a whole `full` did not have, in the caller's transaction.

        When they are more than half of the school, it is likelier that something went wrong there than that they all left: then nobody
        goes, and it is reported.
        """
        missing, stored = await students_repository.not_in(connection, self.school, self.document)
        if len(missing) > FEW and len(missing) * 2 > stored:
            self.refusals.add(TOO_MANY_LEFT, "more than half of the school is missing from a full push: nobody was removed")
            return
        await published_students.lock(connection, self.school)
        await students_repository.remove(connection, self.school, missing)
        await published_students.remove(connection, self.school, missing)
        await outbox.add(connection, [self._gone(student) for student in missing])

    def _leaving(self, student: str, fields: Fields, before: StudentUpdated | None) -> list[Outgoing]:
        """The last day goes before the student: marks of later days do not count."""
        last = students.student_of(self.school, student, fields, self.received_at, before)
        messages = [] if last is None else [self._updated(students.quietened(last, self.quiet))]
        return [*messages, self._gone(student)]

    def _updated(self, student: StudentUpdated) -> Outgoing:
        event_id = str(kamar_event_id(self.document, "student", student.student))
        return Event(STUDENT_UPDATED, event_id, "/ingest", self.received_at, str(student.student_id), student).encode()

    def _gone(self, student: str) -> Outgoing:
        self.left += 1
        return tombstone(STUDENT_UPDATED.topic.name, str(student_id(self.school, student)))
