"""The rows of each table of a school, as people name its students."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.attendance.glance import Glance, Glancer
from services.thresholds.attendance.students import repository as listing
from services.thresholds.attendance.students.repository import StudentFilter
from services.thresholds.flat_tables import repository
from services.thresholds.register.kept_days import DayKeeper, KeptDays
from services.thresholds.roster.days import not_kept
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments
from services.thresholds.roster.repository.rolls import Roll
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import tier_of
from shared.events.calendars import calendar_of, codes_in
from shared.events.data import SchoolUpdated
from shared.flat_tables.table import Pages, Row
from shared.identifiers import SchoolNumber, student_id
from shared.key_holders import repository as key_holders

STUDENTS_AT_ONCE: Final = 500

Source = Callable[[AsyncConnection, str, str | None], AsyncIterator[Sequence[RowMapping]]]


def crossings(school: SchoolNumber, term: str | None, now: datetime) -> Pages:
    """The rows of `crossings`."""
    return _of_records(repository.crossings, school, term, now)


def responses(school: SchoolNumber, term: str | None, now: datetime) -> Pages:
    """The rows of `responses`."""
    return _of_records(repository.responses, school, term, now)


def student_terms(school: SchoolNumber, term: str | None, now: datetime, codes: CodeTable, keeper: DayKeeper) -> Pages:
    """The rows of `student-terms`: of one term, or of all that have begun."""

    async def pages(connection: AsyncConnection) -> AsyncIterator[Sequence[Row]]:
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        today = calendar.today(now)
        terms = [term_for(calendar, term, now)] if term else [begun for begun in calendar.terms if begun.start <= today]
        outward = await key_holders.outward(connection, school)
        for of_term in terms:
            own = codes_in(sent, of_term.name, codes)
            glancer = Glancer(term=of_term, calendar=calendar, codes=own, keeper=keeper, now=now)
            async for rows in _of_term(connection, sent, glancer, outward):
                yield rows

    return pages


def _of_records(source: Source, school: SchoolNumber, term: str | None, now: datetime) -> Pages:
    async def pages(connection: AsyncConnection) -> AsyncIterator[Sequence[Row]]:
        sent = await known_school(connection, school)
        if term:
            term_for(calendar_of(sent), term, now)
        outward = await key_holders.outward(connection, school)
        async for rows in source(connection, school, term):
            yield [dict(row) | {"student": outward.get(row["student"], row["student"])} for row in rows]

    return pages


async def _of_term(
    connection: AsyncConnection, school: SchoolUpdated, glancer: Glancer, outward: Mapping[str, str]
) -> AsyncIterator[Sequence[Row]]:
    number, term, calendar = SchoolNumber(school.school), glancer.term, glancer.calendar
    which = StudentFilter(
        school=number,
        term=term.name,
        term_end=term.end,
        roll=Roll.of(number, term, calendar, glancer.now),
        today=calendar.today(glancer.now),
    )
    left = await not_kept(connection, number, term, calendar, glancer.keeper, glancer.now)
    after: tuple[str, str] | None = None
    while True:
        rows = await listing.page(connection, which, "student", after, STUDENTS_AT_ONCE, left)
        own = await enrolments.of_students(connection, number, [row["student"] for row in rows])
        yield [
            _row(number, glancer, row, glancer.look(row["days"], calendar.for_student(own.get(row["student"]), term)), outward)
            for row in rows
        ]
        if len(rows) < STUDENTS_AT_ONCE:
            return
        after = (rows[-1]["order_key"], rows[-1]["student"])


def _row(school: SchoolNumber, glancer: Glancer, row: RowMapping, glance: Glance, outward: Mapping[str, str]) -> Row:
    causes = KeptDays(row["days"]).causes(glancer.codes) if row["days"] else ()
    half_days: int = row["absent_half_days"]
    return {
        "school": school,
        "term": glancer.term.name,
        "student": outward.get(row["student"], row["student"]),
        "student_id": str(row["student_id"] or student_id(school, row["student"])),
        "given_name": row["given_name"],
        "family_name": row["family_name"],
        "year_level": row["year_level"],
        "groups": "; ".join(sorted(row["groups"])),
        "absent_half_days": half_days,
        "absent_days": half_days / 2,
        "tier": tier_of(half_days),
        "attended_half_days": glance.attended,
        "attendance_rate": glance.rate,
        "justified_half_days": sum(number for cause, number in causes if cause.absence_class == "justified"),
        "unjustified_half_days": sum(number for cause, number in causes if cause.absence_class == "unjustified"),
        "illness_half_days": sum(number for cause, number in causes if cause.code == "M"),
        "unexplained_half_days": sum(number for cause, number in causes if cause.code == "?"),
    }
