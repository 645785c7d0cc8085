"""How near a student is to a threshold: what is left, and the day at the term's pace."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.attendance.nearness import nearness
from services.thresholds.attendance.view import Attendance, attendance
from services.thresholds.register import packed_row
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from tests.integration.thresholds.conftest import absences

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar(terms=(TERM,))
FRIDAY = date(2026, 11, 20)


def seen(absent: int, present: int) -> Attendance:
    now = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    marks = absences(absent) + absences(present, code="P", first=absent)
    row = packed_row.merge(b"", [packed_row.pack(mark, now) for mark in marks])
    return attendance(row, TERM, CALENDAR, CodeTable.load(), now)


@pytest.mark.parametrize(
    ("absent", "threshold", "left"),
    [(7, None, 0), (8, 5, 2), (9, 5, 1), (10, None, 0), (18, 10, 2), (19, 10, 1), (29, 15, 1), (30, None, 0)],
)
def test_a_day_below_a_threshold_is_near(absent: int, threshold: int | None, left: int) -> None:
    near = nearness(seen(absent, 58 - absent), TERM, CALENDAR, FRIDAY)
    assert (near.threshold if near else None, near.left_half_days if near else 0) == (threshold, left)


def test_the_sentence_says_what_is_left_and_the_day_at_the_pace_so_far() -> None:
    # 8 of 58 half days: two more take 14.5 half days, so the eighth school day ahead, Wednesday 2 December.
    near = nearness(seen(8, 50), TERM, CALENDAR, FRIDAY)
    assert near is not None
    assert near.on_pace == date(2026, 12, 2)
    assert near.sentence == "Two more half days before the term ends on Fri 18 Dec make 5 days; at this term's pace on Wed 2 Dec."
    half = nearness(seen(9, 49), TERM, CALENDAR, FRIDAY)
    assert half is not None
    assert half.sentence.startswith("One more half day before the term ends on Fri 18 Dec makes 5 days;")


def test_a_pace_that_does_not_reach_it_within_the_term_has_no_day() -> None:
    # Two school days are left: four half days, and it takes fourteen and a half.
    near = nearness(seen(8, 50), TERM, CALENDAR, date(2026, 12, 16))
    assert near is not None
    assert near.on_pace is None
    assert near.sentence.endswith("; at this term's pace not before it ends.")


def test_a_term_that_is_over_is_near_nothing() -> None:
    assert nearness(seen(8, 50), TERM, CALENDAR, date(2026, 12, 19)) is None
