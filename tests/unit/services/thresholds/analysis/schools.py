"""Made-up schools for the rules: students with marks for their days, and the questions asked of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.thresholds.analysis.analysing import Question
from services.thresholds.analysis.counting import HalfDays, count_half_days
from services.thresholds.analysis.sets import Student
from services.thresholds.register import packed_row
from services.thresholds.register.kept_days import DayKeeper
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.events.data import Mark

BEFORE = Term("2026-T3", date(2026, 7, 20), date(2026, 9, 25))
TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
LABOUR_DAY = date(2026, 10, 26)
CALENDAR = SchoolCalendar((BEFORE, TERM), closed_days=frozenset({LABOUR_DAY}))
CODES = CodeTable.load()
KEEPER = DayKeeper(CODES)
END = datetime(2026, 12, 18, 6, 0, tzinfo=UTC)
"""The evening of the term's last day; it has ended."""
DAYS = list(CALENDAR.school_days(TERM))
"""49: ten weeks less Labour Day."""

Missed = Mapping[date, str]
"""Codes of the mornings and afternoons of days: `MM`, `P?`; a dot is not marked. Every other day is `PP`."""


def row(missed: Missed, days: Sequence[date] = DAYS, calendar: SchoolCalendar = CALENDAR, now: datetime = END) -> bytes:
    """A student's days as they are kept."""
    marks = [
        Mark(student="1", date=day, recorded_at=END, session=session, code=code)  # type: ignore[arg-type]
        for day in days
        for session, code in zip(("AM", "PM"), missed.get(day, "PP"), strict=True)
        if code != "."
    ]
    packed = packed_row.merge(b"", [packed_row.pack(mark, END) for mark in marks])
    term = next((term for term in calendar.terms if days and days[0] in term), TERM)
    return KEEPER.all_days(packed, term, calendar, calendar.ended_through(now))


def absent(days: Iterable[date], codes: str = "MM") -> dict[date, str]:
    return dict.fromkeys(days, codes)


def counted(school: Sequence[Missed], calendar: SchoolCalendar = CALENDAR, now: datetime = END) -> HalfDays:
    days = list(calendar.school_days(TERM, until=calendar.today(now)))
    return count_half_days([row(missed, days, calendar, now) for missed in school], TERM, calendar, CODES, now)


def question(students: Sequence[tuple[Student, Missed | None]], **changes: Any) -> Question:
    fields: dict[str, Any] = {
        "term": TERM,
        "calendar": CALENDAR,
        "codes": CODES,
        "now": END,
        "students": [student for student, _ in students],
        "days": [b"" if missed is None else row(missed, calendar=changes.get("calendar", CALENDAR)) for _, missed in students],
        "whole_school": True,
    }
    return Question(**(fields | changes))


def student(number: int, year_level: int | None = 9, *groups: str, on_roll: bool = True) -> Student:
    return Student(f"{number:04}", year_level, frozenset(groups), on_roll)


def school_day(number: int) -> date:
    """The term's n-th school day, from 0 on."""
    return DAYS[number]


def weekdays(number: int) -> list[date]:
    """The term's Mondays (0) to Fridays (4)."""
    return [day for day in DAYS if day.weekday() == number]


def evening(day: date) -> datetime:
    """Seven in the evening in Auckland."""
    return datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC) + timedelta(0)
