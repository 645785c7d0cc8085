"""Each attendance code and its effect on a student's total."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.half_days import DayMarks, count_day
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, opened
from shared.events.data import Mark

CODES = CodeTable.load()
MONDAY = date(2026, 10, 12)
NOW = datetime(2026, 10, 16, 3, 0, tzinfo=UTC)
TERM = Term("2026-T4", MONDAY, date(2026, 10, 23))
TIMETABLE = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 5))

# code -> half days (absent, attended, excluded) of a day that is marked with it throughout
EFFECTS = {
    **dict.fromkeys("PLADIQ", (0, 2, 0)),
    **dict.fromkeys("MJUO", (2, 0, 0)),
    **dict.fromkeys("EGT?", (2, 0, 0)),
    "X": (0, 0, 2),
    **dict.fromkeys("CHKYZFNRSVW", (0, 2, 0)),
}


def test_the_table_has_an_effect_for_every_code() -> None:
    assert EFFECTS.keys() == CODES.by_code.keys()


@pytest.mark.parametrize("code", EFFECTS)
def test_sessions(code: str) -> None:
    count = count_day(DayMarks({"AM": code, "PM": code}, {}, None), opened(2, ()), CODES)
    assert (count.absent, count.attended, count.excluded, count.unmarked) == (*EFFECTS[code], 0)


@pytest.mark.parametrize("code", EFFECTS)
def test_periods(code: str) -> None:
    count = count_day(DayMarks({}, dict.fromkeys(range(1, 5), (code, None)), None), opened(2, TIMETABLE), CODES)
    assert (count.absent, count.attended, count.excluded, count.unmarked) == (*EFFECTS[code], 0)


@pytest.mark.parametrize("code", EFFECTS)
def test_the_register(code: str) -> None:
    row = row_of(AM=code, PM=code)
    assert Folder(CODES).absences(row, TERM, SchoolCalendar((TERM,)), NOW).half_days == EFFECTS[code][0]


def test_a_code_that_no_table_knows_is_as_if_nobody_had_marked() -> None:
    assert count_day(DayMarks({"AM": "B", "PM": "M"}, {}, None), opened(2, ()), CODES).unmarked == 1
    slots = {1: ("B", None), 2: ("M", None), 3: ("M", None)}
    # 120 of 240 minutes are absent for sure.
    assert count_day(DayMarks({}, slots, None), opened(2, TIMETABLE), CODES).absent == 1
    row = row_of(AM="B", PM="M")
    assert Folder(CODES).absences(row, TERM, SchoolCalendar((TERM,)), NOW).half_days == 1
    monday = attendance(row, TERM, SchoolCalendar((TERM,)), CODES, NOW).days[0]
    assert (monday.count.absent, monday.count.unmarked) == (1, 1)
    assert monday.explanation.startswith("AM: B (a code that is not known here), as if not marked. PM: M (illness")


def row_of(**codes: str) -> bytes:
    sessions = {"AM": "AM", "PM": "PM"}
    marks = [Mark(student="1", date=MONDAY, recorded_at=NOW, session=sessions[name], code=code) for name, code in codes.items()]  # type: ignore[arg-type]
    return packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in marks])
