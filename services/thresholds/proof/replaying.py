"""Builds the register anew from the marks topic, beside the one that is there, and compares the two row by row."""

import asyncio
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.crossings.handler import GROUP as MARKS_GROUP
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.enrolments import of_rows
from services.thresholds.roster.repository import schools
from services.thresholds.settings import SCHEMA
from shared.attendance.calendar import SchoolCalendar
from shared.bus.interface import Bus, Committed, Log, Message, Partition
from shared.deadletters.reading import read_events
from shared.events.calendars import calendar_of
from shared.events.data import MarksRecorded
from shared.events.envelope import Event
from shared.events.topics import MARKS
from shared.offsets import repository as offsets

BATCH: Final = 500
FETCH_WAIT: Final = timedelta(seconds=1)
COMPARED_AT_ONCE: Final = 2_000
PATIENCE: Final = timedelta(seconds=30)
"""How long the marks' group may take to apply what the topic had when the replay began; it is a second behind at most, as a rule."""


@dataclass
class Replayed:
    """The register that the topic gives, and how it compares.

    `lacking` rows miss marks that the topic has: something was lost. `miscounted` rows have all marks, and another total than they give.
    `beyond` rows have marks that the topic does not: older than what it keeps, or arrived during the replay. `behind` says that the marks'
    group had not applied yet all that was read, so that rows may lack marks that are on their way.
    """

    messages: int = 0
    marks: int = 0
    unknown: int = 0
    equal: int = 0
    behind: bool = False
    lacking: list[RowKey] = field(default_factory=list)
    miscounted: list[RowKey] = field(default_factory=list)
    beyond: list[RowKey] = field(default_factory=list)
    built: dict[RowKey, bytes] = field(default_factory=dict, repr=False)


@dataclass
class _Reading:
    """Where a reading of the topic began, and how far it is: it ends where the topic ended as it began, while marks flow on."""

    ends: dict[Partition, int] = field(default_factory=dict)
    next: dict[Partition, int] = field(default_factory=dict)

    async def positions(self, logs: Mapping[Partition, Log], _: Committed) -> Mapping[Partition, int]:
        for partition, log in logs.items():
            self.ends.setdefault(partition, log.end)
            self.next[partition] = max(self.next.get(partition, 0), log.oldest)
        return {partition: self.next[partition] for partition in logs}

    def wanted(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The messages of this reading."""
        for message in messages:
            self.next[message.source] = message.offset + 1
            if message.offset < self.ends[message.source]:
                yield message

    @property
    def over(self) -> bool:
        return bool(self.ends) and all(self.next[partition] >= end for partition, end in self.ends.items())


async def replay(engine: AsyncEngine, bus: Bus, folder: Folder, now: datetime, only: str | None = None) -> Replayed:
    """Reads the whole topic in a group of its own, which commits nothing, and leaves what is stored as it is.

    Takes memory for every row of the schools it replays: some 2 kB a student and term. Raises BusUnavailableError.
    """
    calendars = await _calendars(engine, only)
    result, reading = Replayed(), _Reading()
    consumer = bus.consumer(f"{SCHEMA}.replay-{uuid.uuid4()}", [MARKS.name], reading.positions)
    await consumer.start()
    try:
        while not reading.over:
            for message in reading.wanted(await consumer.fetch(most=BATCH, wait=FETCH_WAIT)):
                result.messages += 1
                _fold(message, calendars, result)
    finally:
        await consumer.stop()
    result.behind = not await _applied(engine, reading.ends)
    await _compare(engine, folder, calendars, now, result)
    return result


async def _applied(engine: AsyncEngine, ends: Mapping[Partition, int]) -> bool:
    """Waits until the marks' group has consumed what was read; False when that takes too long. A group that never ran has nothing to do."""
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while time.monotonic() < deadline:
        async with engine.connect() as connection:
            kept = await offsets.kept(connection, f"{SCHEMA}.{MARKS_GROUP}")
        if all(kept[partition].next_offset >= end for partition, end in ends.items() if partition in kept):
            return True
        await asyncio.sleep(0.2)
    return False


async def _calendars(engine: AsyncEngine, only: str | None) -> dict[str, SchoolCalendar]:
    async with engine.connect() as connection:
        numbers = [only] if only else await schools.numbers(connection)
        return {school.school: calendar_of(school) for school in await schools.get(connection, numbers)}


def _fold(message: Message, calendars: Mapping[str, SchoolCalendar], result: Replayed) -> None:
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
            result.built[key] = packed_row.merge(result.built.get(key, b""), [entry])
            result.marks += 1


async def _compare(engine: AsyncEngine, folder: Folder, calendars: Mapping[str, SchoolCalendar], now: datetime, result: Replayed) -> None:
    keys = sorted(result.built)
    for start in range(0, len(keys), COMPARED_AT_ONCE):
        part = keys[start : start + COMPARED_AT_ONCE]
        async with engine.connect() as connection:
            stored = await rows.load(connection, part)
            own = await of_rows(connection, part, calendars)
        for key in part:
            row = stored.get(key)
            marks = row.marks if row else b""
            both = packed_row.merge(marks, packed_row.entries(result.built[key]))
            calendar, term = own[key]
            if row is None or both != marks:
                result.lacking.append(key)
            elif folder.absences(marks, term, calendar, now).half_days != row.absent_half_days:
                result.miscounted.append(key)
            elif both != result.built[key]:
                result.beyond.append(key)
            else:
                result.equal += 1
