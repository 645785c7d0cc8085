"""A student's total as it would be."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.thresholds.attendance.what_if import Outcome, Step, Supposition, sentence, suppose
from services.thresholds.register import packed_row
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.attendance.timetable import Slot, Timetable
from shared.events.data import Mark, VendorCount

TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
CODES = CodeTable.load()
SLOTS = tuple(Slot(number, f"Period {number}", 60) for number in range(1, 6))
PLAIN = SchoolCalendar((TERM,))
PERIODS = replace(PLAIN, timetables=(Timetable(None, SLOTS),))
TUESDAY = date(2026, 11, 17)


def row(*marks: Mark) -> bytes:
    return packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in marks])


def mark(day: date = TUESDAY, **fields: Any) -> Mark:
    return Mark(student="1", date=day, recorded_at=NOW, **fields)


def total(marks: bytes, calendar: SchoolCalendar, session: Any, code: str) -> tuple[int, int]:
    outcome = suppose(marks, Supposition(TUESDAY, session, code), TERM, calendar, CODES, NOW)
    return outcome.before, outcome.after


def test_a_session_and_a_whole_day() -> None:
    absent = row(mark(session="AM", code="M"), mark(session="PM", code="M"))
    assert total(absent, PLAIN, "AM", "P") == (2, 1)
    assert total(absent, PLAIN, None, "P") == (2, 0)
    assert total(absent, PLAIN, "AM", "T") == (2, 2)
    assert total(b"", PLAIN, "PM", "M") == (0, 1)
    assert total(absent, PLAIN, "AM", "X") == (2, 1)


def test_the_periods_of_a_session() -> None:
    absent = row(*(mark(slot=slot, code="T") for slot in range(1, 6)))
    assert total(absent, PERIODS, "AM", "P") == (2, 1)
    assert total(absent, PERIODS, "PM", "P") == (2, 1)
    assert total(absent, PERIODS, None, "P") == (2, 0)
    assert total(b"", PERIODS, None, "M") == (0, 2)


@pytest.mark.parametrize(
    ("count", "session", "code", "then"),
    [
        (VendorCount(2, 0, 0), "AM", "P", (2, 1)),
        (VendorCount(1, 0, 1), "AM", "P", (1, 0)),
        (VendorCount(0, 0, 2), "PM", "M", (0, 1)),
        (VendorCount(0, 1, 1), None, "M", (1, 2)),
    ],
)
def test_a_systems_own_count_gives_way(count: VendorCount, session: Any, code: str, then: tuple[int, int]) -> None:
    assert total(row(mark(half_days=count)), PLAIN, session, code) == then


def test_the_steps_between_two_totals() -> None:
    assert Outcome(20, 19).steps == [Step(10, "down")]
    assert Outcome(9, 30).steps == [Step(5, "up"), Step(10, "up"), Step(15, "up")]
    assert Outcome(30, 8).steps == [Step(15, "down"), Step(10, "down"), Step(5, "down")]
    assert Outcome(11, 12).steps == []


def test_the_outcome_in_words() -> None:
    assert sentence(Supposition(TUESDAY, "AM", "P"), Outcome(23, 22), CODES) == "If Tue 17 Nov AM were present: 11 days, no step changes."
    assert sentence(Supposition(TUESDAY, None, "M"), Outcome(8, 10), CODES) == (
        "If Tue 17 Nov were absent (M): 5 days, the step at 5 days is reached."
    )
    assert sentence(Supposition(TUESDAY, None, "X"), Outcome(11, 9), CODES) == (
        "If Tue 17 Nov were left out: 4.5 days, the step at 5 days is taken back."
    )
