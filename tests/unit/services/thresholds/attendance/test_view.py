"""The view that explains a student's number: its days add up, and say why."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.attendance.view import Attendance, attendance
from services.thresholds.register import packed_row
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.enrolment import Enrolment
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

MONDAY = date(2026, 10, 12)
TERM = Term("2026-T4", MONDAY, date(2026, 10, 23))
NOW = datetime(2026, 10, 16, 3, 0, tzinfo=UTC)
CODES = CodeTable.load()


def view(*marks: Mark, calendar: SchoolCalendar | None = None, today: date = date(2026, 10, 13)) -> Attendance:
    row = packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in marks])
    noon = datetime(today.year, today.month, today.day, 0, 0, tzinfo=UTC)
    return attendance(row, TERM, calendar or SchoolCalendar((TERM,)), CODES, noon)


def mark(session: str, code: str | None, day: date = MONDAY) -> Mark:
    return Mark(student="1", date=day, recorded_at=NOW, session="AM" if session == "AM" else "PM", code=code)


def test_every_school_day_so_far_is_there_and_the_sums_agree() -> None:
    seen = view(mark("AM", "M"), mark("PM", "P"))
    assert [day.day for day in seen.days] == [date(2026, 10, 12), date(2026, 10, 13)]
    assert (seen.absent, seen.attended, seen.excluded, seen.unmarked, seen.open) == (1, 1, 0, 2, 4)
    assert (seen.rate, seen.category) == (0.5, "chronic")


def test_explanations_say_the_rule() -> None:
    assert view(mark("AM", "M"), mark("PM", "P")).days[0].explanation == (
        "AM: M (illness or medical reason), a justified absence, which counts. PM: P (present), not an absence."
        " This makes one half day absent."
    )
    assert view().days[0].explanation == "Nobody has marked this day yet; what is not marked never counts as an absence."


def test_periods_explain_their_minutes() -> None:
    slots = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
    marks = [Mark(student="1", date=MONDAY, recorded_at=NOW, slot=number, code="T") for number in (1, 2)]
    seen = view(*marks, calendar=SchoolCalendar((TERM,), timetables=(Timetable(None, slots),)))
    assert seen.days[0].explanation == (
        "Period 1 and Period 2 absent: 120 of 300 minutes; 180 minutes present: one half day present. This makes one half day absent."
    )


def test_a_vendors_count_explains_itself() -> None:
    seen = view(Mark(student="1", date=MONDAY, recorded_at=NOW, half_days=VendorCount(2, 0, 0)))
    assert seen.days[0].explanation.startswith("The school's system counted 2 unjustified, 0 justified and 0 present;")
    assert seen.absent == 2


def test_marks_of_a_closed_day_are_shown_and_do_not_count() -> None:
    calendar = SchoolCalendar((TERM,), closed_days=frozenset({MONDAY}))
    seen = view(mark("AM", "M"), calendar=calendar)
    assert seen.days[0].explanation == "The school is not open on this day: marks of this day do not count."
    assert seen.absent == 0


def test_a_mark_taken_back_is_not_shown() -> None:
    assert view(mark("AM", None)).days[0].marks == ()


@pytest.mark.parametrize(
    ("attended", "absent", "category"),
    [
        (19, 1, "regular"),
        (18, 2, "irregular"),
        (17, 3, "irregular"),
        (16, 4, "moderate"),
        (15, 5, "moderate"),
        (14, 6, "chronic"),
        (0, 20, "chronic"),
    ],
)
def test_categories_at_their_edges(attended: int, absent: int, category: str) -> None:
    days = [date(2026, 10, 12), date(2026, 10, 13), date(2026, 10, 14), date(2026, 10, 15), date(2026, 10, 16)]
    days += [date(2026, 10, 19), date(2026, 10, 20), date(2026, 10, 21), date(2026, 10, 22), date(2026, 10, 23)]
    half_days = [(day, session) for day in days for session in ("AM", "PM")]
    marks = [mark(session, "M" if number < absent else "P", day) for number, (day, session) in enumerate(half_days)]
    seen = view(*marks, today=date(2026, 10, 23))
    assert (seen.attended, seen.absent, seen.category) == (attended, absent, category)


PERIODS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))


def slots(codes: str) -> list[Mark]:
    return [Mark(student="1", date=MONDAY, recorded_at=NOW, slot=n, code=code) for n, code in enumerate(codes, start=1) if code != "."]


def monday(*marks: Mark, half_day: bool = False, blanks: bool = False, timetable: tuple[Slot, ...] = PERIODS) -> str:
    calendar = SchoolCalendar(
        (TERM,),
        half_days=frozenset({MONDAY} if half_day else ()),
        timetables=(Timetable(None, timetable),),
        blanks_are_truant=blanks,
    )
    return view(*marks, calendar=calendar).days[0].explanation


def test_a_half_day_opening_is_explained_by_what_was_open() -> None:
    assert monday(*slots("TTT.."), half_day=True) == (
        "Period 1, Period 2 and Period 3 absent: 180 of 180 minutes; 0 minutes present: no half day present."
        " One half day was open: Period 1, Period 2 and Period 3. This makes one half day absent."
    )
    assert monday(mark("AM", "P"), mark("PM", "M"), half_day=True) == (
        "AM: P (present), not an absence. PM was not open: its mark does not count. One half day was open: Period 1, Period 2 and Period 3."
        " This makes no half day absent."
    )


def test_a_short_day_says_what_a_half_day_takes() -> None:
    short = tuple(Slot(number, f"Period {number}", 50) for number in (1, 2, 3))
    assert monday(*slots("T.."), timetable=short) == (
        "Period 1 absent: 50 of 150 minutes; 100 minutes present: one half day present. A half day takes 75 minutes here."
        " This makes one half day absent."
    )


def test_exam_leave_in_periods_is_explained_and_leaves_the_rate() -> None:
    assert monday(*slots("XXTTT")) == (
        "120 of 300 minutes are exam leave: neither present nor absent, and one half day with them."
        " Period 3, Period 4 and Period 5 absent: 180 of 180 minutes; 0 minutes present: no half day present."
        " This makes one half day absent."
    )
    assert monday(*slots("XXXXX")) == (
        "300 of 300 minutes are exam leave: neither present nor absent, and two half days with them. This makes no half day absent."
    )
    assert monday(*slots("XPPPP")) == (
        "60 of 300 minutes are exam leave: left out. No absence in any of the day's 240 other minutes. This makes no half day absent."
    )
    calendar = SchoolCalendar((TERM,), timetables=(Timetable(None, PERIODS),))
    seen = view(*slots("XXPPP"), calendar=calendar, today=MONDAY)
    assert (seen.absent, seen.attended, seen.excluded, seen.rate, seen.category) == (0, 1, 1, 1.0, "regular")
    seen = view(*slots("XXXXX"), calendar=calendar, today=MONDAY)
    assert (seen.absent, seen.attended, seen.excluded, seen.rate, seen.category) == (0, 0, 2, None, None)


def test_a_count_that_leaves_the_day_open_is_explained_with_the_codes() -> None:
    count = Mark(student="1", date=MONDAY, recorded_at=NOW, half_days=VendorCount(0, 0, 0))
    assert monday(count, *slots("OOOOO")) == (
        "The school's system counted 0 unjustified, 0 justified and 0 present; for what this leaves open, the codes count."
        " Period 1, Period 2, Period 3, Period 4 and Period 5 absent: 300 of 300 minutes; 0 minutes present: no half day present."
        " This makes two half days absent."
    )
    present = Mark(student="1", date=MONDAY, recorded_at=NOW, half_days=VendorCount(0, 0, 2))
    assert monday(present, mark("AM", "M"), mark("PM", "P")) == (
        "The school's system counted 0 unjustified, 0 justified and 2 present; its own count goes before codes."
        " By its codes alone it would be one half day absent: AM: M (illness or medical reason), a justified absence, which counts."
        " PM: P (present), not an absence. This makes no half day absent."
    )


def test_blank_periods_that_count_are_named() -> None:
    seen = monday(*slots("T..PP"), blanks=True)
    assert seen == (
        "Period 1 absent, Period 2 and Period 3 not marked: 180 of 300 minutes; 120 minutes present: one half day present."
        " This school counts what nobody has marked by the end of the day as an absence. This makes one half day absent."
    )


def test_days_off_the_roll_are_explained_by_their_dates() -> None:
    def seen(enrolment: Enrolment) -> list[str]:
        own = SchoolCalendar((TERM,)).for_student(enrolment, TERM)
        return [day.explanation for day in view(mark("AM", "T"), calendar=own).days]

    assert seen(Enrolment(date(2026, 10, 14))) == ["The student joined on 14 October 2026: marks of this day do not count."]
    assert seen(Enrolment(None, date(2026, 10, 9))) == ["The student left on 9 October 2026: marks of this day do not count."]
    assert seen(Enrolment(date(2026, 10, 14), date(2026, 10, 9))) == [
        "The student left on 9 October 2026 and came back on 14 October 2026: marks of this day do not count."
    ]
    assert seen(Enrolment(attends=((), ("AM",), (), (), ()))) == [
        "The student does not attend on this day: marks of this day do not count.",
        "Nobody has marked this day yet; what is not marked never counts as an absence.",
    ]
    assert seen(Enrolment(attends=(("PM",), (), (), (), ()))) == [
        "AM was not open: its mark does not count. One half day was open. This makes no half day absent."
    ]
