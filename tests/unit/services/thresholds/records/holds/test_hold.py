"""Which hold stops a letter."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime

from services.thresholds.records.holds.hold import Hold, hold_on
from shared.attendance.calendar import SchoolCalendar, Term

DAY = date(2026, 11, 20)


def test_which_hold_stops_a_letter() -> None:
    student, other = uuid.UUID(int=1), uuid.UUID(int=2)
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    all_letters = Hold(
        id=uuid.UUID(int=9),
        school="0999",
        student="1",
        student_id=student,
        term="2026-T4",
        threshold=None,
        reason="in hospital",
        until=None,
        held_by="dean",
        held_at=moment,
    )
    at_ten = replace(all_letters, threshold=10, until=DAY)
    both = [all_letters, at_ten]
    calendar = SchoolCalendar(terms=(Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),))
    assert hold_on(both, student, "2026-T4", 5, DAY, calendar) is all_letters
    assert hold_on(both, student, "2026-T4", 10, DAY, calendar) is at_ten
    assert hold_on(both, student, "2026-T4", 10, date(2026, 11, 21), calendar) is all_letters
    assert hold_on([at_ten], student, "2026-T4", 10, date(2026, 11, 21), calendar) is None
    assert hold_on([at_ten], student, "2026-T4", None, DAY, calendar) is None
    assert hold_on(both, student, "2027-T1", 10, DAY, calendar) is None
    assert hold_on(both, other, "2026-T4", 10, DAY, calendar) is None
    lifted = replace(all_letters, lifted_by="dean", lifted_at=moment)
    assert hold_on([lifted], student, "2026-T4", 5, DAY, calendar) is None
    # Without a day, a hold ends with its term.
    assert hold_on([all_letters], student, "2026-T4", 5, date(2026, 12, 18), calendar) is all_letters
    assert hold_on([all_letters], student, "2026-T4", 5, date(2026, 12, 19), calendar) is None
    unknown = replace(all_letters, term="2030-T1")
    assert hold_on([unknown], student, "2030-T1", 5, date(2026, 12, 19), calendar) is unknown
