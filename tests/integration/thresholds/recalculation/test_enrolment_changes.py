"""Joining, leaving, returning and part time: what is stored follows the dates, and the oracle agrees."""

from datetime import date, timedelta
from typing import Any

from services.thresholds.proof.verifying import verify
from shared.attendance.codes import CodeTable
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import tombstone
from shared.events.topics import STUDENTS
from shared.identifiers import student_id
from tests.integration.thresholds.conftest import FIRST_DAY, Heart, absences

STUDENT = student_id("0999", "12345")


class Office:
    """Sends one student's dates, each time a second later."""

    def __init__(self, heart: Heart) -> None:
        self.heart = heart
        self.sent = 0

    async def sends(self, **changes: Any) -> int:
        """Sends the student, and answers the total."""
        self.sent += 1
        fields: dict[str, Any] = {
            "school": "0999",
            "student": "12345",
            "student_id": STUDENT,
            "given_name": "Aroha",
            "family_name": "Example",
            "updated_at": self.heart.now + timedelta(seconds=self.sent),
        }
        data = StudentUpdated(**(fields | changes))
        await self.heart.roster_handler([self.heart.event(STUDENT_UPDATED, str(STUDENT), data)])
        return await self.total()

    async def removes(self) -> int:
        await self.heart.roster_handler([self.heart.message(tombstone(STUDENTS.name, str(STUDENT)))])
        return await self.total()

    async def total(self) -> int:
        async for result in verify(self.heart.engine, CodeTable.load(), self.heart.now):
            assert result.differences == []
        ((total,),) = await self.heart.rows("SELECT absent_half_days FROM register")
        return int(total)


async def test_dates_fold_the_students_rows_again_with_their_crossings(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12, student="12345"))
    office = Office(heart)
    # Two half days of each day from Monday the 12th to Monday the 19th.
    assert await office.sends() == 12
    assert await office.sends(starts_on=FIRST_DAY + timedelta(days=1)) == 10
    assert await office.sends(starts_on=FIRST_DAY + timedelta(days=3)) == 6
    assert await office.sends(starts_on=date(2024, 2, 1)) == 12
    assert await office.sends(leaves_on=FIRST_DAY + timedelta(days=2)) == 6
    assert await office.sends() == 12
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1), ("up", 5, 2), ("down", 5, 2), ("up", 5, 3)]


async def test_a_student_who_comes_back_keeps_the_first_stay(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12, student="12345"))
    office = Office(heart)
    assert await office.sends(starts_on=date(2026, 2, 2), leaves_on=date(2026, 10, 13)) == 4
    assert await office.sends(starts_on=date(2026, 10, 16), leaves_on=date(2026, 10, 13)) == 8
    assert await office.sends(starts_on=date(2026, 10, 16)) == 8


async def test_only_attended_sessions_are_open(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12, student="12345"))
    office = Office(heart)
    # Monday twice, and the mornings of Tuesday and Thursday.
    assert await office.sends(attends={"mon": ["AM", "PM"], "tue": ["AM"], "thu": ["AM"]}) == 6
    assert await office.sends() == 12


async def test_marks_that_come_later_are_counted_by_the_dates(heart: Heart) -> None:
    await heart.school()
    office = Office(heart)
    await heart.roster_handler([heart.event(STUDENT_UPDATED, str(STUDENT), _student(heart, leaves_on=date(2026, 10, 14)))])
    await heart.post(absences(12, student="12345"))
    assert await office.total() == 6


async def test_a_removed_student_has_left_and_comes_back_by_being_sent(heart: Heart) -> None:
    await heart.school(blanks_are_truant=True)
    await heart.post(absences(2, student="12345"))
    office = Office(heart)
    before = await office.sends()
    # Until yesterday, the 19th of November, what nobody marked counts; Labour Day and Canterbury's are no school days of theirs.
    assert before > 50
    assert await office.sends(leaves_on=date(2026, 10, 13)) == 4
    assert await office.removes() == 4
    assert await office.sends() == before


async def test_last_day_and_removal_in_one_batch(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12, student="12345"))
    office = Office(heart)
    assert await office.sends() == 12
    leaving = heart.event(STUDENT_UPDATED, str(STUDENT), _student(heart, leaves_on=date(2026, 10, 14)))
    await heart.roster_handler([leaving, heart.message(tombstone(STUDENTS.name, str(STUDENT)))])
    assert await office.total() == 6
    assert await heart.rows("SELECT count(*) FROM students") == [(0,)]


def _student(heart: Heart, **changes: Any) -> StudentUpdated:
    return StudentUpdated(
        school="0999",
        student="12345",
        student_id=STUDENT,
        given_name="Aroha",
        family_name="Example",
        updated_at=heart.now + timedelta(minutes=1),
        **changes,
    )
