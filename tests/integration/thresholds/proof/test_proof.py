"""Stored totals are those of the marks: held by the oracle after any changes of marks and calendars, and by the topic."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.thresholds.proof.mending import mend
from services.thresholds.proof.replaying import Replayed, replay
from services.thresholds.proof.verifying import verify
from services.thresholds.register.folding import Folder
from shared.attendance.codes import CodeTable
from shared.bus.embedded.bus import EmbeddedBus
from shared.bus.interface import Outgoing, Publisher
from shared.events.data import DatedTimetable, DaySlots, Mark, TermDates, TimetableSlot, VendorCount
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences

LAST_DAY = date(2026, 11, 19)
STUDENTS = [str(number) for number in range(12)]
FOLDER = Folder(CodeTable.load())


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
        "timetables": chance.choice(
            [
                [],
                [DatedTimetable(days[20], slots)],
                [DatedTimetable(days[10], slots, {"wed": slots[:2], "fri": []})],
                [DatedTimetable(days[0], cycle=[slots, slots[:3], slots[1:]], cycle_starts=[days[17]])],
                [DatedTimetable(days[0], [TimetableSlot(1, "Period 1", 90, "PM"), TimetableSlot(2, "Period 2", 90, "PM")])],
            ]
        ),
        "day_slots": chance.choice([[], [DaySlots(days[3], slots[:2]), DaySlots(days[9], [])]]),
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


@dataclass
class Topic:
    """The marks' topic, and the register that is made of it."""

    heart: Heart
    bus: EmbeddedBus
    publisher: Publisher
    progress: list[tuple[int, int]] = field(default_factory=list)

    async def post(self, marks: list[Mark], *, applied: bool = True, school: str = "0999") -> None:
        message = self.heart.roll(marks, school)
        await self.publisher.publish([Outgoing(message.topic, message.key or b"", message.value, message.headers)])
        if applied:
            await self.heart.marks_handler([message])

    async def replay(self, only: str | None = None) -> Replayed:
        return await replay(
            self.heart.engine, self.bus, FOLDER, NOW, only, kind="embedded", progress=lambda *far: self.progress.append(far)
        )


@pytest.fixture
async def topic(heart: Heart, database_url: str) -> AsyncIterator[Topic]:
    bus = EmbeddedBus(database_url, partitions=3, publish_timeout=timedelta(seconds=5))
    await bus.ensure_topics()
    publisher = bus.publisher()
    await publisher.start()
    yield Topic(heart, bus, publisher)
    await publisher.stop()
    await bus.close()


async def test_the_topic_gives_the_register_again(heart: Heart, topic: Topic) -> None:
    chance = random.Random(3)
    await heart.school()
    for _ in range(20):
        await topic.post(any_marks(chance, 50))

    result = await topic.replay()
    assert (result.marks, result.equal, result.lacking, result.beyond) == (1000, len(STUDENTS), [], [])

    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET newest_first = substr(newest_first, 18) WHERE student = '3'"))
    assert [key.student for key in (await topic.replay()).lacking] == ["3"]


async def test_a_replay_of_one_school_reads_its_partition_and_compares_nothing_else(heart: Heart, topic: Topic) -> None:
    numbers = [f"{number:04}" for number in range(990, 1000)]
    for number in numbers:
        await heart.school(number)
        await topic.post(absences(3), school=number)
        await topic.post(absences(2, first=1), school=number, applied=number != "0995")
    result = await topic.replay("0995")
    assert (result.messages, result.marks, result.equal) == (2, 5, 1)
    # Three partitions for ten schools: some were not read at all.
    assert 0 < topic.progress[0][0] + topic.progress[0][1] < 20
    assert topic.progress[-1][1] == 0

    everything = await topic.replay()
    assert (everything.messages, everything.marks, everything.equal, everything.built) == (20, 50, 10, {})


async def test_a_replay_ends_where_the_topic_ended_when_it_began(heart: Heart, topic: Topic) -> None:
    await heart.school()
    await topic.post(absences(5))
    stop = asyncio.Event()

    async def flow() -> None:
        while not stop.is_set():
            await topic.post(absences(1, first=4))

    flowing = asyncio.create_task(flow())
    result = await asyncio.wait_for(topic.replay(), 60)
    stop.set()
    await flowing
    assert result.lacking == []
    assert result.marks >= 4


async def test_a_replay_mends_what_lacks_marks_or_is_counted_wrongly_and_says_what_that_crosses(heart: Heart, topic: Topic) -> None:
    await heart.school()
    await topic.post(absences(4))
    await topic.post(absences(8, first=4), applied=False)
    await topic.post(absences(12, student="2"))
    await topic.post(absences(3, student="3"))
    async with heart.engine.begin() as connection:
        await connection.execute(text("UPDATE register SET absent_half_days = 21, level = 2 WHERE student = '3'"))

    result = await topic.replay()
    assert [key.student for key in result.lacking] == ["1"]
    assert [key.student for key in result.miscounted] == ["3"]
    # A correction that comes between is the later word.
    await heart.post(absences(1, code="P", recorded_at=NOW + timedelta(minutes=1)))
    assert await mend(heart.engine, FOLDER, result, NOW) == 2

    totals = await heart.rows("SELECT student, absent_half_days FROM register ORDER BY student")
    assert [tuple(row) for row in totals] == [("1", 11), ("2", 12), ("3", 3)]
    assert sorted(await heart.said()) == [("down", 5, 1), ("down", 10, 1), ("up", 5, 1), ("up", 5, 1)]
    again = await topic.replay()
    assert (again.lacking, again.miscounted) == ([], [])
