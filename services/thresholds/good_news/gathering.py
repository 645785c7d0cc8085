"""Looks for the good news of a school's term."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.good_news import repository
from services.thresholds.good_news.news import News, back_on_track, full_term
from services.thresholds.good_news.repository import Reached
from services.thresholds.register.kept_days import DayKeeper, KeptDays
from services.thresholds.roster.days import days_of
from services.thresholds.roster.repository import enrolments, students
from services.thresholds.roster.repository.students import RosterStudent
from shared.attendance.calendar import SchoolCalendar, Term
from shared.identifiers import SchoolNumber, student_id


@dataclass(frozen=True, slots=True)
class Found:
    """Good news of a student on the roll. `first` and `last`: the days that it is about; `reached`: the threshold before it."""

    student: str
    student_id: UUID
    person: RosterStudent
    news: News
    first: date
    last: date
    reached: Reached | None


async def good_news(
    connection: AsyncConnection,
    school: SchoolNumber,
    term: Term,
    calendar: SchoolCalendar,
    keeper: DayKeeper,
    clear_days: int,
    now: datetime,
    only: Sequence[str] | None = None,
) -> list[Found]:
    """The good news of these students, or for None of all, by name. Nothing is said of a student who has left."""
    columns = await days_of(connection, school, term, calendar, keeper, now, only)
    crossed = await repository.reached(connection, school, term.name)
    enrolled = await enrolments.of_students(connection, school, columns)
    own = {student: calendar.for_student(enrolled.get(student), term) for student in columns}
    # A day that is not over may still be missed.
    until = min(calendar.ended_through(now), term.end)
    found = await asyncio.to_thread(_look, columns, own, term, until, crossed, clear_days)
    ids = {student: student_id(school, student) for student, _, _ in found}
    people = await students.of_ids(connection, list(ids.values()))
    news = [
        Found(student, ids[student], person, one, term.start + timedelta(days=one.first), last, crossed.get(student))
        for student, one, last in found
        if (person := people.get(ids[student])) is not None
    ]
    return sorted(news, key=lambda one: (one.person.family_name, one.person.given_name, one.student))


def _look(
    columns: Mapping[str, bytes],
    own: Mapping[str, SchoolCalendar],
    term: Term,
    until: date,
    crossed: Mapping[str, Reached],
    clear_days: int,
) -> list[tuple[str, News, date]]:
    found: list[tuple[str, News, date]] = []
    of_calendar: dict[int, dict[int, int]] = {}
    for student, column in columns.items():
        calendar = own[student]
        opened = of_calendar.get(id(calendar))
        if opened is None:
            opened = of_calendar[id(calendar)] = _open_half_days(calendar, term, until)
        kept, reached = KeptDays(column), crossed.get(student)
        if not opened or not kept.length:
            continue
        news = full_term(kept, opened)
        if reached is not None:
            news = back_on_track(kept, opened, (reached.crossed_on - term.start).days, clear_days)
        if news is not None:
            found.append((student, news, term.start + timedelta(days=max(opened))))
    return found


def _open_half_days(calendar: SchoolCalendar, term: Term, until: date) -> dict[int, int]:
    days = calendar.school_days(term, until=until)
    return {(day - term.start).days: half_days for day in days if (half_days := calendar.opening(day).half_days)}
