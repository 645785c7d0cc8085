"""A secondary school of 3,000 students with a full term of periods, built through the handlers that the product itself runs."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.register.folding import Folder
from services.thresholds.worker import roster_handler
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.bus.interface import Message
from shared.deadletters.box import DeadLetterBox
from shared.events.calendars import calendar_of
from shared.events.catalogue import MARKS_RECORDED, SCHOOL_UPDATED, STUDENT_UPDATED, EventType
from shared.events.data import Caregiver, Mark, MarksRecorded, SchoolUpdated, StudentUpdated, TermDates, TimetableSlot
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id
from tests.support.applied import Applied

SCHOOL: Final = SchoolNumber("0999")
STUDENTS: Final = 3_000
PERIODS: Final = 5
CLASSES: Final = 120
HOUSES: Final = ("Kauri", "Rimu", "Totara", "Matai")
TODAY: Final = datetime.now(UTC).date()
LAST_FRIDAY: Final = TODAY - timedelta(days=TODAY.weekday() + 3)
TERM: Final = Term(f"{LAST_FRIDAY.year}-T4", LAST_FRIDAY - timedelta(days=67), LAST_FRIDAY)
BEFORE: Final = Term(f"{LAST_FRIDAY.year}-T3", TERM.start - timedelta(days=84), TERM.start - timedelta(days=17))
"""Ten weeks each, with two weeks of holidays between."""
NOW: Final = datetime.now(UTC).replace(microsecond=0)
RECORDED: Final = NOW - timedelta(days=1)

ROLL: Final = 500
ROLLS_AT_ONCE: Final = 10
ABSENCES: Final = "MMMMJETG?"
PRESENCES: Final = "LLDIQ"


@dataclass
class BigSchool:
    """Fills a database that has been migrated."""

    engine: AsyncEngine

    def __post_init__(self) -> None:
        box = DeadLetterBox("thresholds")
        self.roster = Applied(self.engine, roster_handler(box, lambda: NOW, Folder(CodeTable.load())))
        self.marks = Applied(
            self.engine, MarksHandler(box, lambda: NOW, folder=Folder(CodeTable.load()), school_wait=timedelta(seconds=30))
        )
        self.calendar: SchoolCalendar
        self._offset = 0

    def message(self, event_type: EventType, key: str, data: object) -> Message:
        """An event as it comes from the bus."""
        self._offset += 1
        outgoing = Event(event_type, new_event_id(), "/bench", NOW, key, data).encode()  # type: ignore[arg-type]
        return Message(outgoing.topic, 0, self._offset, outgoing.key, outgoing.value, outgoing.headers)

    @property
    def sessions(self) -> list[tuple[date, Literal["AM", "PM"]]]:
        """The half days of both terms, none of which is marked as such."""
        return [(day, session) for term in (BEFORE, TERM) for day in self.calendar.school_days(term) for session in ("AM", "PM")]

    async def build(self) -> int:
        """The school, its students, two terms of marks, responses on its records; answers how many marks there are of the later term."""
        school = SchoolUpdated(
            school=SCHOOL,
            name="Bench School",
            terms=[TermDates(term.name, term.start, term.end) for term in (BEFORE, TERM)],
            slots=[TimetableSlot(number, f"Period {number}", 60) for number in range(1, PERIODS + 1)],
            updated_at=NOW,
        )
        self.calendar = calendar_of(school)
        await self.roster([self.message(SCHOOL_UPDATED, SCHOOL, school)])
        people = [self._student(number) for number in range(STUDENTS)]
        for at in range(0, STUDENTS, ROLL):
            await self.roster([self.message(STUDENT_UPDATED, str(one.student_id), one) for one in people[at : at + ROLL]])
        for term in (BEFORE, TERM):
            count = await self._fill(term)
        async with self.engine.begin() as connection:
            await connection.execute(text(_RESPONSES))
            await connection.execute(text("DELETE FROM outbox"))
        return count

    async def _fill(self, term: Term) -> int:
        chance = random.Random(term.name)
        days = list(self.calendar.school_days(term))
        marks = [mark for student in range(STUDENTS) for mark in student_marks(chance, student, days)]
        rolls = [marks[at : at + ROLL] for at in range(0, len(marks), ROLL)]
        for at in range(0, len(rolls), ROLLS_AT_ONCE):
            await self.marks([self.roll(roll) for roll in rolls[at : at + ROLLS_AT_ONCE]])
        return len(marks)

    def roll(self, marks: list[Mark]) -> Message:
        """A roll as an event."""
        return self.message(MARKS_RECORDED, SCHOOL, MarksRecorded(SCHOOL, "bench", NOW, marks))

    def _student(self, number: int) -> StudentUpdated:
        year = 9 + number // (STUDENTS // 5)
        key = str(10_000 + number)
        return StudentUpdated(
            school=SCHOOL,
            student=key,
            student_id=student_id(SCHOOL, key),
            given_name=f"Given{number}",
            family_name=f"Family{number * 7919 % STUDENTS}",
            year_level=year,
            groups=[f"{year}-{number // (STUDENTS // CLASSES):03}", HOUSES[number % len(HOUSES)]],
            caregivers=[Caregiver(name="Bench", email="caregiver@example.invalid")],
            updated_at=NOW,
        )


_RESPONSES: Final = """
    INSERT INTO responses (id, record_id, activity, standard, label, occurred_on, staff, recorded_by, recorded_at)
    SELECT gen_random_uuid(), id, kind, kind, kind, crossed_on + 1, 'bench', 'bench', crossed_on + 1
    FROM (
        SELECT id, crossed_on, (ARRAY['written-communication', 'conversation-with-whanau', 'meeting-with-whanau'])
            [1 + abs(hashtext(id::text)) % 3] AS kind
        FROM star_records WHERE abs(hashtext(student)) % 3 > 0
    ) picked
"""


def student_marks(chance: random.Random, student: int, days: list[date]) -> Iterator[Mark]:
    """A term of one student: most days present, some late, days of sickness in runs, truanted periods."""
    rate = chance.choice((0.01, 0.03, 0.05, 0.08, 0.15, 0.3))
    ill = 0
    key = str(10_000 + student)
    for day in days:
        if ill == 0 and chance.random() < rate / 2:
            ill, code = chance.choice((1, 1, 1, 2, 3, 5)), chance.choice(ABSENCES)
        for slot in range(1, PERIODS + 1):
            odd = chance.random()
            said = (
                code if ill else chance.choice(ABSENCES) if odd < rate / 4 else chance.choice(PRESENCES) if odd < rate / 4 + 0.03 else "P"
            )
            yield Mark(student=key, date=day, recorded_at=RECORDED, slot=slot, code=said)
        ill = max(ill - 1, 0)
