"""A student's term as it is stored, day by day."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.attendance.view import Attendance, attendance
from services.thresholds.register.repository import corrections, rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.repository import enrolments
from shared.attendance.calendar import Term
from shared.attendance.codes import CodeTable
from shared.events.calendars import calendar_of, codes_in
from shared.events.data import SchoolUpdated


async def term_of(
    connection: AsyncConnection, school: SchoolUpdated, student: str, term: Term, codes: CodeTable, now: datetime
) -> Attendance:
    """The student's term so far, with the corrections of each day; without marks, days on which nothing is marked."""
    key = RowKey(school.school, term.name, student)
    row = await rows.get(connection, key)
    history = await corrections.of_row(connection, key)
    own = calendar_of(school).for_student(await enrolments.get(connection, school.school, student), term)
    return attendance(row.marks if row else b"", term, own, codes_in(school, term.name, codes), now, history)
