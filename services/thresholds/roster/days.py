"""The days of a school's term, student by student: those kept beside the marks, and where none are kept, from the marks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.register.repository import rows
from services.thresholds.roster.repository import enrolments
from shared.attendance.calendar import SchoolCalendar, Term


async def days_of(
    connection: AsyncConnection,
    school: str,
    term: Term,
    calendar: SchoolCalendar,
    keeper: DayKeeper,
    now: datetime,
    students: Sequence[str] | None = None,
) -> dict[str, bytes]:
    """The days (see `kept_days`) of these students, or for None of all; of those who have a row."""
    kept = await rows.days(connection, school, term.name, students)
    left = await not_kept(connection, school, term, calendar, keeper, now)
    wanted = None if students is None else set(students)
    return kept | {student: days for student, days in left.items() if wanted is None or student in wanted}


async def not_kept(
    connection: AsyncConnection, school: str, term: Term, calendar: SchoolCalendar, keeper: DayKeeper, now: datetime
) -> dict[str, bytes]:
    """The days of rows beside whose marks none are kept: of nobody, but for a while after an update."""
    marks = await rows.marks_without_days(connection, school, term.name)
    if not marks:
        return {}
    own = await enrolments.of_students(connection, school, marks)
    days = {}
    for student, row in marks.items():
        theirs = calendar.for_student(own.get(student), term)
        days[student] = keeper.all_days(row, term, theirs, theirs.ended_through(now))
    return days
