"""Rolls that nobody marked, in the words of the list."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal

from services.thresholds.register import packed_row
from services.thresholds.work.items import of_roll
from services.thresholds.work.rolls import unmarked_rolls
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.events.data import Mark

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar((TERM,))
WEEK = [date(2026, 11, day) for day in (16, 17, 18, 19, 20)]
"""Monday to Friday."""

FRIDAY_EVENING = datetime(2026, 11, 20, 7, tzinfo=UTC)
FRIDAY_AT_ONE = datetime(2026, 11, 20, 0, tzinfo=UTC)
FRIDAY_AT_TEN = datetime(2026, 11, 19, 21, tzinfo=UTC)
BEFORE = [date(2026, 11, day) for day in (9, 10, 11, 12, 13)]

Half = tuple[date, Literal["AM", "PM"]]
GROUPS = {"1": ["9A"], "2": ["9A"], "3": ["9B"], "4": ["9B"], "5": ["9C"]}


def row_of(halves: Sequence[Half], code: str) -> bytes:
    marks = [Mark("1", day, FRIDAY_EVENING, session=half, code=code) for day, half in halves]
    return packed_row.merge(b"", [packed_row.pack(mark, FRIDAY_EVENING) for mark in marks])


def whole(*, but: Mapping[str, Sequence[Half]] | None = None) -> dict[str, bytes]:
    """Everybody present on each half day of two weeks, but for these half days of groups."""
    gaps = but or {}
    marks = {}
    for student, (group,) in GROUPS.items():
        marks[student] = row_of([half for half in of(BEFORE + WEEK) if half not in gaps.get(group, ())], "P")
    return marks


def of(days: Sequence[date]) -> list[Half]:
    """Both halves of these days."""
    return [half for day in days for half in ((day, "AM"), (day, "PM"))]


def said(marks: Mapping[str, bytes], now: datetime = FRIDAY_EVENING) -> list[str]:
    return [of_roll(roll).sentence for roll in unmarked_rolls(GROUPS, marks, TERM, CALENDAR, CodeTable.load(), now)]


def test_whole_rolls_leave_nothing_to_say() -> None:
    assert said(whole()) == []


def test_a_roll_is_named_with_its_day_its_half_and_since_when() -> None:
    tuesday: Half = (WEEK[1], "AM")
    thursday = of(WEEK[3:4])
    assert said(whole(but={"9A": [tuesday]})) == ["The roll of 9A was not marked on Tue 17 Nov, morning."]
    assert said(whole(but={"9A": thursday})) == ["The roll of 9A was not marked on Thu 19 Nov."]
    assert said(whole(but={"9A": [tuesday, *thursday]})) == ["The roll of 9A was not marked on Tue 17 Nov and later: 1.5 days in all."]
    assert said(whole(but={"9B": of(WEEK[2:])})) == ["The roll of 9B has not been marked since Wed 18 Nov: 3 days in all."]


def test_a_day_on_which_nobody_was_marked_is_one_thing_to_do() -> None:
    assert said(whole(but=dict.fromkeys(("9A", "9B", "9C"), of(WEEK[:1])))) == ["No roll of the school was marked on Mon 16 Nov."]


def test_todays_morning_counts_from_noon_and_the_afternoon_from_the_evening() -> None:
    today = whole(but={"9A": of(WEEK[4:])})
    assert said(today, FRIDAY_AT_TEN) == []
    assert said(today, FRIDAY_AT_ONE) == ["The roll of 9A was not marked on Fri 20 Nov, morning."]
    assert said(today) == ["The roll of 9A was not marked on Fri 20 Nov."]


def test_one_student_alone_is_no_roll_and_absences_only_say_nothing() -> None:
    assert said(whole(but={"9C": [(WEEK[1], "AM")]})) == []
    only_absent = {student: row_of([(day, "AM")], "M") for student, day in zip("123", WEEK, strict=False)}
    assert said(only_absent) == []
