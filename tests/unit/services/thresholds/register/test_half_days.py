"""The day rule, boundary by boundary. The figures are the Ministry's: 240 minutes are two half days, 120 are one."""

import pytest

from services.thresholds.register.half_days import DayCount, DayMarks, count_day, present_half_days
from shared.attendance.calendar import Slot
from shared.attendance.codes import CodeTable
from shared.events.data import VendorCount

CODES = CodeTable.load()
FIVE_HOURS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))


def day(sessions: dict[str, str] | None = None, slots: dict[int, tuple[str, int | None]] | None = None) -> DayMarks:
    return DayMarks(sessions or {}, slots or {}, None)


@pytest.mark.parametrize(("minutes", "expected"), [(0, 0), (119, 0), (120, 1), (239, 1), (240, 2), (360, 2)])
def test_minutes_present(minutes: int, expected: int) -> None:
    assert present_half_days(minutes) == expected


@pytest.mark.parametrize("code", list("PLADIQ"))
def test_present_codes_count_as_attended(code: str) -> None:
    assert count_day(day({"AM": code, "PM": code}), 2, (), CODES) == DayCount("sessions", 0, 2, 0, 0)


@pytest.mark.parametrize("code", list("MJUOEGT?"))
def test_absence_codes_count_justified_or_not(code: str) -> None:
    assert count_day(day({"AM": code, "PM": code}), 2, (), CODES) == DayCount("sessions", 2, 0, 0, 0)


@pytest.mark.parametrize("code", list("CHKYZFNRSVW"))
def test_retired_codes_never_count_as_absent(code: str) -> None:
    assert count_day(day({"AM": code}), 2, (), CODES) == DayCount("sessions", 0, 1, 0, 1)


def test_exam_leave_is_neither() -> None:
    assert count_day(day({"AM": "X", "PM": "M"}), 2, (), CODES) == DayCount("sessions", 1, 0, 1, 0)


def test_an_unmarked_session_is_no_absence() -> None:
    assert count_day(day({"AM": "M"}), 2, (), CODES) == DayCount("sessions", 1, 0, 0, 1)
    assert count_day(day(), 2, FIVE_HOURS, CODES) == DayCount("unmarked", 0, 0, 0, 2)


def test_a_day_with_one_open_half_day_has_one_to_lose() -> None:
    assert count_day(day({"AM": "M", "PM": "M"}), 1, (), CODES).absent == 1


def test_a_closed_day_counts_nothing() -> None:
    assert count_day(day({"AM": "M", "PM": "M"}), 0, (), CODES) == DayCount("closed", 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("absent_slots", "expected"),
    [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2)],
    ids=["300 present", "240 present", "180 present", "120 present", "60 present", "0 present"],
)
def test_periods_by_the_minutes_left(absent_slots: int, expected: int) -> None:
    slots: dict[int, tuple[str, int | None]] = dict.fromkeys(range(1, absent_slots + 1), ("T", None))
    assert count_day(day(slots=slots), 2, FIVE_HOURS, CODES).absent == expected


@pytest.mark.parametrize(("minutes", "expected"), [(60, 0), (61, 1), (180, 1), (181, 2)])
def test_minutes_of_a_mark_decide_at_the_boundary(minutes: int, expected: int) -> None:
    one_slot = (Slot(1, "The day", 300),)
    assert count_day(day(slots={1: ("M", minutes)}), 2, one_slot, CODES).absent == expected


def test_a_short_timetable_is_no_absence() -> None:
    short = (Slot(1, "Period 1", 60), Slot(2, "Period 2", 60))
    assert count_day(day(slots={1: ("P", None)}), 2, short, CODES).absent == 0


def test_the_vendors_own_count_goes_first() -> None:
    marks = DayMarks({"AM": "T", "PM": "T"}, {1: ("T", None)}, VendorCount(0, 1, 1))
    assert count_day(marks, 2, FIVE_HOURS, CODES) == DayCount("vendor", 1, 1, 0, 0)
