"""What is stored is what the marks say: held by the oracle after any changes of marks and calendars, and by the topic."""

import random
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.thresholds.proof.replaying import replay
from services.thresholds.proof.verifying import verify
from shared.attendance.codes import CodeTable
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing
from shared.events.data import DatedTimetable, Mark, TermDates, TimetableSlot, VendorCount
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences

LAST_DAY = date(2026, 11, 19)
STUDENTS = [str(number) for number in range(12)]


def any_marks(chance: random.Random, count: int) -> list[Mark]:
    marks = []
    for _ in range(count):
        day = FIRST_DAY + timedelta(days=chance.randrange((LAST_DAY - FIRST_DAY).days + 1))
        said: dict[str, Any] = {
            "student": chance.choice(STUDENTS),
            "date": day,
            "recorded_at": NOW + timedelta(seconds=chance.randrange(90)),
        }
        match chance.randrange(8):
            case 0:
                said["half_days"] = chance.choice([None, VendorCount(1, 0, 1), VendorCount(0, 2, 0), VendorCount(0, 0, 2)])
            case 1 | 2:
                said |= {"slot": chance.randint(1, 6), "code": chance.choice("PMT"), "minutes": chance.choice([None, 10, 45])}
            case _:
                said |= {"session": chance.choice(["AM", "PM"]), "code": chance.choice([*"PMJTGE?XL", None])}
        marks.append(Mark(**said))
    return marks


def any_calendar(chance: random.Random) -> dict[str, Any]:
    boundary = FIRST_DAY + timedelta(days=chance.randrange(5, 30))
    days = [FIRST_DAY + timedelta(days=number) for number in range(60)]
    slots = [TimetableSlot(number, f"Period {number}", chance.choice([45, 60, 75])) for number in range(1, chance.randint(4, 6))]
    return {
        "terms": [TermDates("2026-T3", date(2026, 9, 1), boundary), TermDates("2026-T4", boundary + timedelta(days=1), date(2026, 12, 18))],
        "closed_days": chance.sample(days, 5),
        "half_days": chance.sample(days, 5),
        "region": chance.choice([None, "Canterbury", "AUK"]),
        "slots": chance.choice([[], slots]),
        "timetables": chance.choice([[], [DatedTimetable(days[20], slots)]]),
        "blanks_are_truant": chance.random() < 0.3,
    }


async def differences(heart: Heart) -> list[str]:
    return [
        f"{difference.key}: {difference.what}"
        async for result in verify(heart.engine, CodeTable.load(), NOW)
        for difference in result.differences
    ]


async def test_any_changes_of_marks_and_calendars_give_the_oracles_totals(heart: Heart) -> None:
    chance = random.Random(7)
    for version in range(12):
        await heart.school(**any_calendar(chance), updated_at=NOW + timedelta(seconds=version))
        await heart.post(any_marks(chance, 150))
        assert await differences(heart) == []
    crossed = await heart.said()
    assert len({direction for direction, _, _ in crossed}) == 2


async def test_a_total_that_was_tampered_with_is_found(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(12))
    assert await differences(heart) == []
    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET absent_half_days = 20, level = 2"))
    found = await differences(heart)
    assert len(found) == 2
    assert "20 half days are stored, and the marks give 12" in found[0]
    assert "the STAR record of 10 days does not stand" in found[1]


async def test_the_topic_gives_the_register_again(heart: Heart, database_url: str) -> None:
    chance = random.Random(3)
    bus = EmbeddedBus(database_url, partitions=3, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    await heart.school()
    for _ in range(20):
        message = heart.roll(any_marks(chance, 50))
        await publisher.publish([Outgoing(message.topic, message.key or b"", message.value, message.headers)])
        await heart.marks_handler([message])

    result = await replay(heart.engine, bus)
    assert (result.marks, result.equal, result.lacking, result.beyond) == (1000, len(STUDENTS), [], [])

    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET marks = substr(marks, 18) WHERE student = '3'"))
    assert [key.student for key in (await replay(heart.engine, bus)).lacking] == ["3"]
    await publisher.stop()
    await bus.close()
