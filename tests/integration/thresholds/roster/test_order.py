"""The newest word about a student counts, in whatever order a batch has it; a student who left can come back at any clock's time."""

from datetime import date, datetime, timedelta
from typing import Any

from shared.bus.interface import Message
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import tombstone
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import NOW, Heart

IDENTITY = student_id(SchoolNumber("0999"), "1")


def sent(heart: Heart, updated_at: datetime, name: str, **more: Any) -> Message:
    data = StudentUpdated(
        school="0999", student="1", student_id=IDENTITY, given_name=name, family_name="Example", updated_at=updated_at, **more
    )
    return heart.event(STUDENT_UPDATED, str(IDENTITY), data)


async def name(heart: Heart) -> list[str]:
    return [row.given_name for row in await heart.rows("SELECT given_name FROM students")]


async def test_a_record_that_is_sent_again_is_no_newer(heart: Heart) -> None:
    await heart.school()
    older, newer = sent(heart, NOW, "Ana"), sent(heart, NOW + timedelta(seconds=1), "Anahera")
    await heart.roster_handler([newer, older])
    assert await name(heart) == ["Anahera"]
    await heart.roster_handler([older])
    assert await name(heart) == ["Anahera"]


async def test_who_left_while_our_clock_was_ahead_comes_back(heart: Heart) -> None:
    # The school's system sends by a clock that is a day behind that of this worker.
    yesterday = NOW - timedelta(days=1)
    await heart.school(updated_at=yesterday)
    first = sent(heart, yesterday, "Ana", starts_on=date(2026, 10, 12))
    await heart.roster_handler([first])
    await heart.roster_handler([heart.message(tombstone(STUDENT_UPDATED.topic.name, str(IDENTITY)))])
    (left,) = await heart.rows("SELECT leaves_on FROM enrolments")
    assert left.leaves_on == date(2026, 11, 20)
    # Read again, as after a restore, the first word does not undo that.
    await heart.roster_handler([first])
    (left,) = await heart.rows("SELECT leaves_on FROM enrolments")
    assert left.leaves_on == date(2026, 11, 20)
    await heart.roster_handler([sent(heart, yesterday + timedelta(microseconds=1), "Ana", starts_on=date(2026, 10, 12))])
    (back,) = await heart.rows("SELECT leaves_on FROM enrolments")
    assert back.leaves_on is None
