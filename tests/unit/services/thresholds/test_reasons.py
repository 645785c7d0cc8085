"""What a day's absent half days are put down to."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds import register
from services.thresholds.folding import Folder
from services.thresholds.half_days import DayMarks
from services.thresholds.reasons import UNSTATED, illness_half_days, reasons
from shared.attendance.calendar import SchoolCalendar, Slot, Term, Timetable
from shared.attendance.codes import CodeTable
from shared.events.data import Mark, VendorCount

CODES = CodeTable.load()
FIVE_HOURS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
AT = datetime(2026, 10, 13, 9, tzinfo=UTC)


def slots(codes: str) -> DayMarks:
    """A day of periods, a dot where nobody marked."""
    return DayMarks({}, {number: (code, None) for number, code in enumerate(codes, start=1) if code != "."}, None)


@pytest.mark.parametrize(
    ("marks", "absent", "expected"),
    [
        (DayMarks({"AM": "M", "PM": "P"}, {}, None), 1, {"M": 1}),
        (DayMarks({"AM": "M", "PM": "T"}, {}, None), 2, {"M": 1, "T": 1}),
        (DayMarks({"AM": "M", "PM": "M"}, {}, None), 2, {"M": 2}),
        # A school open for one half day: the morning's code is the earlier one.
        (DayMarks({"AM": "J", "PM": "T"}, {}, None), 1, {"J": 1}),
        (slots("MMMMM"), 2, {"M": 2}),
        (slots("MMMTT"), 2, {"M": 1, "T": 1}),
        (slots("MMMMT"), 2, {"M": 2}),
        (slots("PPPMT"), 1, {"M": 1}),
        (slots("PPPTM"), 1, {"T": 1}),
        (slots("PPTMM"), 1, {"M": 1}),
        (slots("....T"), 0, {}),
        (DayMarks({}, {1: ("M", None)}, VendorCount(0, 2, 0)), 2, {"M": 2}),
        (DayMarks({}, {}, VendorCount(1, 1, 0)), 2, {UNSTATED: 2}),
        # Codes that say the student was there say nothing of a vendor's absence.
        (slots("PPPPP"), 1, {UNSTATED: 1}),
        (DayMarks({}, {}, None), 2, {UNSTATED: 2}),
    ],
)
def test_half_days_go_to_the_codes_that_were_marked(marks: DayMarks, absent: int, expected: dict[str, int]) -> None:
    assert reasons(marks, absent, FIVE_HOURS, CODES) == expected


def test_minutes_of_a_slot_weigh_as_marked() -> None:
    late_then_ill = DayMarks({}, {1: ("T", 10), 2: ("M", None), 3: ("M", None)}, None)
    assert reasons(late_then_ill, 1, FIVE_HOURS, CODES) == {"M": 1}


def test_the_illness_of_a_term_is_what_its_absent_days_put_down_to_illness() -> None:
    calendar = SchoolCalendar((TERM,), timetables=(Timetable(None, FIVE_HOURS),))
    row = register.merge(
        b"",
        [
            register.pack(Mark("7", date(2026, 10, 13), AT, session="AM", code="M"), AT),
            register.pack(Mark("7", date(2026, 10, 13), AT, session="PM", code="M"), AT),
            register.pack(Mark("7", date(2026, 10, 14), AT, session="AM", code="T"), AT),
            register.pack(Mark("7", date(2026, 10, 15), AT, session="PM", code="M"), AT),
            # A Saturday: it does not count, so it is no illness either.
            register.pack(Mark("7", date(2026, 10, 17), AT, session="AM", code="M"), AT),
        ],
    )
    absences = Folder(CODES).absences(row, TERM, calendar, AT)

    assert absences.half_days == 4
    assert illness_half_days(row, absences, calendar, CODES) == 3
