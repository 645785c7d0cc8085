"""The calendar that a school's event describes: one reading of it for all services."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from shared.attendance.calendar import Classes, SchoolCalendar, Term, TermChoices
from shared.attendance.codes import CodeClass, CodeTable
from shared.attendance.enrolment import WEEKDAYS
from shared.attendance.holidays import holidays_of
from shared.attendance.timetable import Slot, Timetable
from shared.clock import YEARS
from shared.events.data import DatedTimetable, SchoolUpdated, TermDates, TimetableSlot

BAD_CALENDAR: Final = "bad-calendar"
"""The reason of dead letters for schools whose calendar is none. The door refuses them; other writers may not."""

LONGEST_TERM: Final = timedelta(days=366)


KEPT: Final = 4096
"""Calendars that are kept as long as their schools are: those of a country."""

_kept: Final[OrderedDict[int, tuple[SchoolUpdated, SchoolCalendar]]] = OrderedDict()


def calendar_of(school: SchoolUpdated) -> SchoolCalendar:
    """The school's terms and open days, public holidays of its region included; the same calendar for the same object.

    Raises ValueError for a region or time zone that there is not, and for terms that overlap or are no terms. Its message quotes no data.
    """
    kept = _kept.get(id(school))
    if kept is None:
        # The school is kept with it, so that its identity is no other's meanwhile.
        kept = _kept[id(school)] = school, _calendar_of(school)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return kept[1]


def _calendar_of(school: SchoolUpdated) -> SchoolCalendar:
    _check_terms(sorted(school.terms, key=lambda term: term.start))
    _check_zone(school.timezone)
    names = _holiday_names(school)
    return SchoolCalendar(
        terms=tuple(Term(term.term, term.start, term.end) for term in sorted(school.terms, key=lambda term: term.start)),
        closed_days=(frozenset(school.closed_days) | names.keys()) - frozenset(school.open_days),
        half_days=frozenset(school.half_days),
        timetables=_timetables(school.slots, school.timetables),
        day_slots={day.date: _slots(day.slots) for day in school.day_slots},
        timezone=school.timezone,
        blanks_are_truant=school.blanks_are_truant,
        carried_absences_count=school.count_carried_absences,
        holiday_names=names,
        past={
            name: TermChoices(
                _timetables(past.slots, past.timetables),
                blanks_are_truant=past.blanks_are_truant,
                carried_absences_count=past.count_carried_absences,
                code_classes=_classes(past.code_classes),
            )
            for past in school.past_terms
            for name in past.terms
        },
        code_classes=_classes(school.code_classes),
    )


def codes_in(school: SchoolUpdated, term: str, codes: CodeTable) -> CodeTable:
    """The codes as the school reads them in a term: by its choices of that time, where the term is over."""
    past = next((past for past in school.past_terms if term in past.terms), None)
    return codes.with_classes(school.code_classes if past is None else past.code_classes)


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


def _holiday_names(school: SchoolUpdated) -> dict[date, str]:
    """The public holidays of the terms' years, by region: a school that moves does not close last year's days."""
    years = sorted({year for term in school.terms for year in (term.start.year, term.end.year)})
    names = _holidays(school.region, years)
    for past in school.past_terms:
        if past.region != school.region:
            of_region = _holidays(past.region, years)
            for term in (term for term in school.terms if term.term in past.terms):
                names = {day: name for day, name in names.items() if not term.start <= day <= term.end}
                names |= {day: name for day, name in of_region.items() if term.start <= day <= term.end}
    return {day: name for day, name in names.items() if day not in school.open_days}


def _holidays(region: str | None, years: list[int]) -> dict[date, str]:
    return {day: name for year in years for day, name in holidays_of(region, year).items()}


def _timetables(slots: list[TimetableSlot], dated: list[DatedTimetable]) -> tuple[Timetable, ...]:
    first = (Timetable(None, _slots(slots)),) if slots else ()
    return (*first, *map(_timetable, sorted(dated, key=lambda timetable: timetable.start)))


def _timetable(dated: DatedTimetable) -> Timetable:
    return Timetable(
        dated.start,
        _slots(dated.slots),
        tuple((WEEKDAYS.index(weekday), _slots(slots)) for weekday, slots in sorted(dated.weekdays.items())),
        tuple(map(_slots, dated.cycle)),
        tuple(sorted(dated.cycle_starts)),
    )


def _classes(chosen: Mapping[str, CodeClass]) -> Classes:
    return tuple(sorted(chosen.items()))


def _slots(slots: list[TimetableSlot]) -> tuple[Slot, ...]:
    return tuple(Slot(slot.slot, slot.name, slot.minutes, slot.session) for slot in slots)
