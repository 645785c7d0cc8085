"""A made-up country: schools of one size, classes of thirty, a term that is half over, and this morning's roll."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec

from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import level_of
from shared.events.calendars import calendar_of
from shared.events.data import Mark, SchoolUpdated
from tests.bench import schools

A_SCHOOL: Final = 340
A_CLASS: Final = 30
SESSIONS_BEFORE: Final = 34
NEAR_EVERY: Final = 100
"""Every so-many-th student has nine absent half days, and is absent this morning: a crossing."""
ABSENT_EVERY: Final = 17

Session = tuple[date, str]


@dataclass(frozen=True)
class Country:
    """So many students, in schools of `A_SCHOOL`."""

    students: int

    @property
    def schools(self) -> int:
        """How many schools there are."""
        return -(-self.students // A_SCHOOL)

    @property
    def crossings(self) -> int:
        """How many students cross a threshold this morning."""
        return sum(1 for student in range(self.students) if near(student))

    def numbers(self) -> list[str]:
        """The schools' numbers."""
        return [schools.number(school) for school in range(self.schools)]

    def of_school(self, school: int) -> range:
        """The students of a school."""
        return range(school * A_SCHOOL, min((school + 1) * A_SCHOOL, self.students))

    def rolls(self, session: Session, second: int = 0) -> Iterator[tuple[str, bytes]]:
        """Each class's roll as (school's number, body), the schools taking turns as they do at nine o'clock."""
        classes = -(-A_SCHOOL // A_CLASS)
        for number_in_school in range(classes):
            for school in range(self.schools):
                students = self.of_school(school)[number_in_school * A_CLASS : (number_in_school + 1) * A_CLASS]
                if students:
                    yield schools.number(school), roll(students, session, second)


def near(student: int) -> bool:
    """Whether the student crosses this morning."""
    return student % NEAR_EVERY == 0


def key(student: int) -> str:
    """The student's key at the school."""
    return str(100_000 + student)


def sessions() -> list[Session]:
    """The sessions before this morning, and this morning's."""
    return list(schools.half_days())[: SESSIONS_BEFORE + 1]


def roll(students: range, session: Session, second: int) -> bytes:
    """The body of a class's post."""
    day, half = session
    recorded_at = (schools.RECORDED + timedelta(seconds=second)).isoformat()
    marks = [
        {"student": key(student), "date": str(day), "session": half, "code": _code(student, session), "recorded_at": recorded_at}
        for student in students
    ]
    return msgspec.json.encode({"marks": marks})


def _code(student: int, session: Session) -> str:
    return "T" if near(student) or (student + session[0].toordinal()) % ABSENT_EVERY == 0 else "P"


COLUMNS: Final = ("school", "term", "student", "newest_first", "absent_half_days", "level", "days", "days_kept")
"""The columns that `rows_before` has."""


def rows_before(country: Country) -> Iterator[tuple[object, ...]]:
    """The register before this morning."""
    kinds = {kind: _row(kind) for kind in (*range(ABSENT_EVERY), None)}
    school_sent = msgspec.convert({**schools.school_body(0), "school": "1000", "updated_at": schools.RECORDED}, SchoolUpdated)
    calendar = calendar_of(school_sent)
    days_of = {
        kind: Folder(CodeTable.load()).days.all_days(marks, calendar.terms[0], calendar, schools.TODAY)
        for kind, (marks, _) in kinds.items()
    }
    for school in range(country.schools):
        for student in country.of_school(school):
            kind = None if near(student) else student % ABSENT_EVERY
            marks, half_days = kinds[kind]
            row = schools.number(school), schools.TERM["term"], key(student), marks, half_days, level_of(half_days), days_of[kind], True
            yield row


def _row(kind: int | None) -> tuple[bytes, int]:
    """The row of a student of one pattern of absences; of one who is near without a pattern."""
    entries = []
    half_days = 0
    for place, session in enumerate(sessions()[:-1]):
        absent = place < 9 if kind is None else (kind + session[0].toordinal()) % ABSENT_EVERY == 0
        half_days += absent
        mark = Mark(
            student="",
            date=session[0],
            session="AM" if session[1] == "AM" else "PM",
            code="T" if absent else "P",
            recorded_at=schools.RECORDED,
        )
        entries.append(packed_row.pack(mark, schools.RECORDED))
    return packed_row.merge(b"", entries), half_days
