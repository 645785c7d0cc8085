"""The calendar that a school's event describes: one reading of it for all services."""

from datetime import date

from shared.attendance.calendar import SchoolCalendar, Slot, Term, Timetable
from shared.attendance.holidays import holidays_of
from shared.events.data import SchoolUpdated, TimetableSlot


def calendar_of(school: SchoolUpdated) -> SchoolCalendar:
    """The school's terms and open days, public holidays of its region included."""
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
        timezone=school.timezone,
        blanks_are_truant=school.blanks_are_truant,
        carried_absences_count=school.count_carried_absences,
        holiday_names=names,
    )


def _timetables(school: SchoolUpdated) -> tuple[Timetable, ...]:
    first = (Timetable(None, _slots(school.slots)),) if school.slots else ()
    dated = sorted(school.timetables, key=lambda timetable: timetable.start)
    return (*first, *(Timetable(timetable.start, _slots(timetable.slots)) for timetable in dated))


def _slots(slots: list[TimetableSlot]) -> tuple[Slot, ...]:
    return tuple(Slot(slot.slot, slot.name, slot.minutes) for slot in slots)
