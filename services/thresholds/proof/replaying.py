"""Builds the register anew from the marks topic, beside the one that is there, and compares the two row by row."""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.register import packed_row
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.repository import schools
from shared.attendance.calendar import SchoolCalendar
from shared.bus.interface import Bus, Message
from shared.deadletters.reading import read_events
from shared.events.calendars import calendar_of
from shared.events.data import MarksRecorded
from shared.events.envelope import Event
from shared.events.topics import MARKS

QUIET: Final = timedelta(seconds=3)
"""The topic's end is reached when nothing comes for this long."""

BATCH: Final = 500
COMPARED_AT_ONCE: Final = 2_000


@dataclass
class Replayed:
    """The register that the topic gives, and how it compares.

    `lacking` rows miss marks that the topic has: something was lost. `beyond` rows have marks that the topic does not: older than what
    it keeps, or arrived during the replay.
    """

    messages: int = 0
    marks: int = 0
    unknown: int = 0
    equal: int = 0
    lacking: list[RowKey] = field(default_factory=list)
    beyond: list[RowKey] = field(default_factory=list)


async def replay(engine: AsyncEngine, bus: Bus, only: str | None = None) -> Replayed:
    """Reads the whole topic in a group of its own, which commits nothing, and leaves what is stored as it is.

    Takes memory for every row of the schools it replays: some 2 kB a student and term.
    """
    calendars = await _calendars(engine, only)
    result = Replayed()
    built: dict[RowKey, bytes] = {}
    consumer = bus.consumer(f"thresholds.replay-{uuid.uuid4()}", [MARKS.name])
    await consumer.start()
    try:
        while messages := await consumer.fetch(most=BATCH, wait=QUIET):
            result.messages += len(messages)
            for message in messages:
                _fold(message, calendars, built, result)
    finally:
        await consumer.stop()
    await _compare(engine, built, result)
    return result


async def _calendars(engine: AsyncEngine, only: str | None) -> dict[str, SchoolCalendar]:
    async with engine.connect() as connection:
        numbers = [only] if only else await schools.numbers(connection)
        return {school.school: calendar_of(school) for school in await schools.get(connection, numbers)}


def _fold(message: Message, calendars: dict[str, SchoolCalendar], built: dict[RowKey, bytes], result: Replayed) -> None:
    read, _ = read_events([message])
    for _, event in read:
        if not isinstance(event, Event) or not isinstance(event.data, MarksRecorded):
            continue
        roll = event.data
        calendar = calendars.get(roll.school)
        if calendar is None:
            continue
        for mark in roll.marks:
            term = calendar.term_on(mark.date)
            try:
                entry = packed_row.pack(mark, roll.received_at)
            except ValueError:
                term = None
            if term is None:
                result.unknown += 1
                continue
            key = RowKey(roll.school, term.name, mark.student)
            built[key] = packed_row.merge(built.get(key, b""), [entry])
            result.marks += 1


async def _compare(engine: AsyncEngine, built: dict[RowKey, bytes], result: Replayed) -> None:
    keys = sorted(built)
    for start in range(0, len(keys), COMPARED_AT_ONCE):
        part = keys[start : start + COMPARED_AT_ONCE]
        async with engine.connect() as connection:
            stored = await rows.load(connection, part)
        for key in part:
            marks = stored[key].marks if key in stored else b""
            both = packed_row.merge(marks, packed_row.entries(built[key]))
            if both != marks:
                result.lacking.append(key)
            elif both != built[key]:
                result.beyond.append(key)
            else:
                result.equal += 1
