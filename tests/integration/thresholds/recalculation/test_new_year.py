"""In January a school's system sends next year's terms and no other, with this year's timetable and choices."""

from datetime import UTC, date, datetime
from typing import Any

from shared.events.data import Mark, TermDates, TimetableSlot
from tests.integration.thresholds.conftest import FIRST_DAY, Heart, absences

JANUARY = datetime(2027, 1, 12, 1, 0, tzinfo=UTC)
T1 = TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))
NEXT_YEAR: dict[str, Any] = {
    "terms": [T1],
    "region": "Marlborough",
    "slots": [TimetableSlot(1, "Period 1", 30), TimetableSlot(2, "Period 2", 30)],
    "blanks_are_truant": True,
    "count_carried_absences": True,
    "updated_at": JANUARY,
}


async def totals(heart: Heart) -> list[tuple[str, str, int]]:
    rows = await heart.rows("SELECT term, student, absent_half_days FROM register ORDER BY term, student")
    return [tuple(row) for row in rows]


async def test_last_years_totals_and_records_stay(heart: Heart) -> None:
    closed, slots = [date(2026, 10, 14)], [TimetableSlot(1, "Morning", 150), TimetableSlot(2, "Afternoon", 150)]
    await heart.school(closed_days=closed, slots=slots)
    in_slots = [
        Mark(student="2", date=FIRST_DAY, recorded_at=heart.now, slot=1, code="T"),
        Mark(student="2", date=FIRST_DAY, recorded_at=heart.now, slot=2, code="P"),
    ]
    await heart.post([*absences(9), *in_slots])
    before = await totals(heart)
    # Of nine half days in a row, two are on the closed day.
    assert before == [("2026-T4", "1", 7), ("2026-T4", "2", 1)]
    await heart.school(**NEXT_YEAR)
    assert await totals(heart) == before
    assert await heart.said() == []
    assert [tuple(row) for row in await heart.rows("SELECT school FROM recalculations WHERE rows_total > 0")] == []


async def test_late_corrections_of_last_year_are_counted_by_last_years_choices(heart: Heart) -> None:
    await heart.school(closed_days=[date(2026, 10, 14)])
    await heart.post(absences(9))
    await heart.school(**NEXT_YEAR)
    await heart.post([Mark(student="1", date=date(2026, 10, 13), recorded_at=JANUARY, session="AM", code="P")])
    assert await totals(heart) == [("2026-T4", "1", 6)]
    # Blanks count as truant this year only.
    await heart.post([Mark(student="1", date=date(2026, 12, 1), recorded_at=JANUARY, session="AM", code="M")])
    assert await totals(heart) == [("2026-T4", "1", 7)]


async def test_the_choices_of_this_year_count_this_year(heart: Heart) -> None:
    await heart.school()
    await heart.school(**NEXT_YEAR)
    heart.now = datetime(2027, 2, 8, 6, 0, tzinfo=UTC)
    await heart.post([Mark(student="1", date=date(2027, 2, 3), recorded_at=heart.now, slot=1, code="T")])
    # The slots of this year are an hour: half of it is one half day of the two. The handler's clock stands in November: no blank counts.
    assert await totals(heart) == [("2027-T1", "1", 1)]


async def test_marks_of_a_term_that_the_calendar_left_out_are_not_refused(heart: Heart) -> None:
    await heart.school()
    await heart.school(**NEXT_YEAR)
    await heart.post(absences(2))
    assert await totals(heart) == [("2026-T4", "1", 2)]
    assert await heart.rows("SELECT id FROM dead_letters") == []
