"""The calendar that a school's event describes: one reading of it for all services."""

from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.enrolment import WEEKDAYS
from shared.attendance.holidays import holidays_of
from shared.attendance.timetable import Slot, Timetable
from shared.clock import YEARS
from shared.events.data import DatedTimetable, SchoolUpdated, TermDates, TimetableSlot

BAD_CALENDAR: Final = "bad-calendar"
"""The reason of dead letters for schools whose calendar is none. The door refuses them; other writers may not."""

LONGEST_TERM: Final = timedelta(days=366)


def calendar_of(school: SchoolUpdated) -> SchoolCalendar:
    """The school's terms and open days, public holidays of its region included.

    Raises ValueError for a region or time zone that there is not, and for terms that overlap or are no terms. Its message quotes no data.
    """
    _check_terms(sorted(school.terms, key=lambda term: term.start))
    _check_zone(school.timezone)
    years = {year for term in school.terms for year in (term.start.year, term.end.year)}
    names: dict[date, str] = {}
    for year in sorted(years):
        names |= holidays_of(school.region, year)
    for day in school.open_days:
        names.pop(day, None)
    return SchoolCalendar(
        terms=tuple(Term(term.term, term.start, term.end) for term in sorted(school.terms, key=lambda term: term.start)),
        closed_days=(frozenset(school.closed_days) | names.keys()) - frozenset(school.open_days),
        half_days=frozenset(school.half_days),
        timetables=_timetables(school),
        day_slots={day.date: _slots(day.slots) for day in school.day_slots},
        timezone=school.timezone,
        blanks_are_truant=school.blanks_are_truant,
        carried_absences_count=school.count_carried_absences,
        holiday_names=names,
    )


def fault_of(school: SchoolUpdated) -> str | None:
    """Why no calendar can be made of a school's event; None where one can."""
    try:
        calendar_of(school)
    except ValueError as error:
        return str(error)
    return None


def _check_terms(terms: list[TermDates]) -> None:
    for term in terms:
        if term.start.year not in YEARS or not timedelta() <= term.end - term.start <= LONGEST_TERM:
            raise ValueError("a term ends before it starts, is longer than a year, or lies in no year of ours")
    if any(later.start <= earlier.end for earlier, later in pairwise(terms)):
        raise ValueError("two terms overlap")


@cache
def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:
        raise ValueError("there is no such time zone") from error


def _timetables(school: SchoolUpdated) -> tuple[Timetable, ...]:
    first = (Timetable(None, _slots(school.slots)),) if school.slots else ()
    return (*first, *map(_timetable, sorted(school.timetables, key=lambda timetable: timetable.start)))


def _timetable(dated: DatedTimetable) -> Timetable:
    return Timetable(
        dated.start,
        _slots(dated.slots),
        tuple((WEEKDAYS.index(weekday), _slots(slots)) for weekday, slots in sorted(dated.weekdays.items())),
        tuple(map(_slots, dated.cycle)),
        tuple(sorted(dated.cycle_starts)),
    )


def _slots(slots: list[TimetableSlot]) -> tuple[Slot, ...]:
    return tuple(Slot(slot.slot, slot.name, slot.minutes, slot.session) for slot in slots)
