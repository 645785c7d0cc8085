"""Timetables as schools have them: by weekday, in cycles, by date; expectations by hand."""

from datetime import date

from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.timetable import Slot, Timetable, opened, sessions_of

MONDAY = date(2026, 10, 12)
T4 = Term("2026-T4", MONDAY, date(2026, 12, 18))
LABOUR_DAY = date(2026, 10, 26)


def named(name: str) -> tuple[Slot, ...]:
    return (Slot(1, name, 300),)


def names(calendar: SchoolCalendar, *days: date) -> str:
    return "".join(calendar.slots_on(day)[0].name if calendar.slots_on(day) else "-" for day in days)


def days(first: int, last: int) -> list[date]:
    return [date(2026, 10, day) for day in range(first, last + 1) if date(2026, 10, day).weekday() < 5]


def test_some_weekdays_have_slots_of_their_own() -> None:
    calendar = SchoolCalendar((T4,), timetables=(Timetable(MONDAY, named("a"), weekdays=((2, named("w")), (4, ()))),))
    assert names(calendar, *days(12, 23)) == "aawa-aawa-"


def test_a_cycle_goes_on_over_weekends_and_closed_days() -> None:
    cycle = tuple(map(named, "123456"))
    calendar = SchoolCalendar((T4,), closed_days=frozenset({LABOUR_DAY}), timetables=(Timetable(MONDAY, (), cycle=cycle),))
    assert names(calendar, *days(12, 23)) == "1234561234"
    # The week of Labour Day: Tuesday goes on where Friday was.
    assert names(calendar, *days(27, 30)) == "5612"


def test_a_cycle_begins_again_where_the_school_says_so() -> None:
    timetable = Timetable(MONDAY, (), cycle=tuple(map(named, "123456")), cycle_starts=(date(2026, 10, 19),))
    assert names(SchoolCalendar((T4,), timetables=(timetable,)), *days(12, 23)) == "1234512345"


def test_a_cycle_goes_on_over_the_holidays() -> None:
    terms = (Term("2026-T3", date(2026, 9, 21), date(2026, 9, 25)), T4)
    timetable = Timetable(date(2026, 9, 21), (), cycle=tuple(map(named, "123456")))
    assert names(SchoolCalendar(terms, timetables=(timetable,)), *days(12, 16)) == "61234"


def test_a_cycle_holds_from_its_first_day_until_the_next_timetable() -> None:
    timetables = (Timetable(None, named("a")), Timetable(date(2026, 10, 14), (), cycle=(named("1"), named("2"))))
    calendar = SchoolCalendar((T4,), timetables=(*timetables, Timetable(date(2026, 10, 20), named("b"))))
    assert names(calendar, *days(12, 21)) == "aa" + "1212" + "bb"


def test_a_day_with_its_own_slots_follows_no_timetable() -> None:
    cycle = Timetable(MONDAY, (), cycle=tuple(map(named, "123")))
    calendar = SchoolCalendar((T4,), timetables=(cycle,), day_slots={date(2026, 10, 13): named("x"), date(2026, 10, 14): ()})
    assert names(calendar, *days(12, 16)) == "1x-12"


def test_a_short_day_slots_list_is_what_a_half_day_opening_has() -> None:
    short = (Slot(1, "Period 1", 90), Slot(2, "Period 2", 90))
    whole = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
    calendar = SchoolCalendar(
        (T4,), half_days=frozenset({MONDAY, date(2026, 10, 13)}), timetables=(Timetable(None, whole),), day_slots={MONDAY: short}
    )
    assert [slot.slot for slot in calendar.opening(MONDAY).slots] == [1, 2]
    assert [slot.slot for slot in calendar.opening(date(2026, 10, 13)).slots] == [1, 2, 3]


def test_a_slot_lies_where_its_middle_lies_or_where_the_school_says() -> None:
    slots = (Slot(1, "a", 120), Slot(2, "b", 60), Slot(3, "c", 120))
    assert sessions_of(slots) == {1: "AM", 2: "AM", 3: "PM"}
    assert sessions_of((slots[0], Slot(2, "b", 60, "PM"), slots[2])) == {1: "AM", 2: "PM", 3: "PM"}
    assert opened(2, (Slot(1, "a", 100, "PM"),)).sessions == ("PM",)
