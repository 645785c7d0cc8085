"""Builds the register anew from the marks topic, beside the one that is there, and compares the two row by row."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.crossings.handler import GROUP as MARKS_GROUP
from services.thresholds.proof.spool import Said, Spool
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from services.thresholds.roster.enrolments import of_rows
from services.thresholds.roster.identities import Identities
from services.thresholds.roster.repository import identities, schools
from services.thresholds.settings import SCHEMA
from shared.attendance.calendar import SchoolCalendar, Term
from shared.bus.interface import Bus, Committed, Log, Message, Partition
from shared.bus.partitioning import partition_of
from shared.deadletters.reading import read_events
from shared.events.calendars import calendar_of
from shared.events.data import MarksRecorded
from shared.events.envelope import Event
from shared.events.topics import MARKS
from shared.offsets import repository as offsets

BusKind = Literal["embedded", "kafka"]

BATCH: Final = 500
FETCH_WAIT: Final = timedelta(seconds=1)
COMPARED_AT_ONCE: Final = 2_000
PATIENCE: Final = timedelta(seconds=30)
"""How long the marks' group may take to apply what the topic had when the replay began; it is a second behind at most, as a rule."""


@dataclass
class Replayed:
    """The register that the topic gives, and how it compares.

    `lacking` rows miss marks that the topic has: something was lost. `miscounted` rows have all marks, and another total, or other days
    beside them, than they give. `beyond` rows have marks that the topic does not: older than what it keeps, or arrived during the replay.
    `behind` says that the marks' group had not applied yet all that was read, so that rows may lack marks on their way. `built` has
    the rows that lack marks or are counted wrongly.
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
    """Where a reading of the topic began, and how far it is: it ends where the topic ended as it began, while marks flow on.

    No partition but its own is read where there is a single school. `bus` says how keys are placed.
    """

    only: str | None
    bus: BusKind
    ends: dict[Partition, int] = field(default_factory=dict)
    next: dict[Partition, int] = field(default_factory=dict)
    left: int = 0

    async def positions(self, logs: Mapping[Partition, Log], _: Committed) -> Mapping[Partition, int]:
        own = None if self.only is None else partition_of(self.bus, self.only.encode(), len(logs))
        for partition, log in logs.items():
            self.ends.setdefault(partition, log.end)
            begin = log.oldest if own in (None, partition.number) else log.end
            self.next[partition] = max(self.next.get(partition, 0), begin)
        self.left = sum(max(self.ends[partition] - at, 0) for partition, at in self.next.items())
        return {partition: self.next[partition] for partition in logs}

    def wanted(self, messages: Iterable[Message]) -> Iterator[Message]:
        """The messages of this reading."""
        for message in messages:
            self.next[message.source] = message.offset + 1
            if message.offset < self.ends[message.source]:
                self.left -= 1
                if self.only is None or message.key == self.only.encode():
                    yield message

    @property
    def over(self) -> bool:
        return bool(self.ends) and all(self.next[partition] >= end for partition, end in self.ends.items())


async def replay(
    engine: AsyncEngine,
    bus: Bus,
    folder: Folder,
    now: datetime,
    only: str | None = None,
    *,
    kind: BusKind,
    progress: Callable[[int, int], None] = lambda read, left: None,
) -> Replayed:
    """Reads the whole topic, or the partition of one school, in a group of its own, which commits nothing; what is stored stays as it is.

    `kind` is that of the bus. The marks are put down on disk, some 50 bytes each, and compared a part of the schools at a time. `progress`
    is called with the messages that were read and, at most, the messages that are left. Raises BusUnavailableError.
    """
    calendars, known = await _schools(engine, only)
    result, reading = Replayed(), _Reading(only, kind)
    consumer = bus.consumer(f"{SCHEMA}.replay-{uuid.uuid4()}", [MARKS.name], reading.positions)
    with Spool() as spool:
        await consumer.start()
        try:
            while not reading.over:
                for message in reading.wanted(await consumer.fetch(most=BATCH, wait=FETCH_WAIT)):
                    result.messages += 1
                    _put_down(message, calendars, known, spool, result)
                progress(result.messages, reading.left)
        finally:
            await consumer.stop()
        result.behind = not await _applied(engine, reading.ends)
        for built in spool.rows():
            await _compare(engine, folder, calendars, now, built, result)
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


async def _schools(engine: AsyncEngine, only: str | None) -> tuple[dict[str, SchoolCalendar], Identities]:
    async with engine.connect() as connection:
        numbers = [only] if only else await schools.numbers(connection)
        calendars = {school.school: calendar_of(school) for school in await schools.get(connection, numbers)}
        return calendars, await identities.of_schools(connection, numbers)


def _put_down(message: Message, calendars: Mapping[str, SchoolCalendar], known: Identities, spool: Spool, result: Replayed) -> None:
    read, _ = read_events([message])
    for _, event in read:
        if not isinstance(event, Event) or not isinstance(event.data, MarksRecorded):
            continue
        roll = event.data
        calendar = calendars.get(roll.school)
        if calendar is None:
            continue
        packer = packed_row.Packer(roll.received_at)
        said: list[Said] = []
        for mark in roll.marks:
            term = calendar.term_on(mark.date)
            try:
                entry = packer.pack(mark)
            except ValueError:
                term = None
            if term is None:
                result.unknown += 1
                continue
            said.append((term.name, known.counted_as(roll.school, known.holder(roll.school, mark.student, roll.received_at)), entry))
        spool.add(roll.school, said)
        result.marks += len(said)


async def _compare(
    engine: AsyncEngine,
    folder: Folder,
    calendars: Mapping[str, SchoolCalendar],
    now: datetime,
    built: Mapping[RowKey, bytes],
    result: Replayed,
) -> None:
    keys = sorted(built)
    for start in range(0, len(keys), COMPARED_AT_ONCE):
        part = keys[start : start + COMPARED_AT_ONCE]
        async with engine.connect() as connection:
            stored = await rows.load(connection, part)
            own = await of_rows(connection, part, calendars)
        for key in part:
            row = stored.get(key)
            marks = row.marks if row else b""
            calendar, term = own[key]
            if row is None or packed_row.merge(marks, packed_row.entries(built[key]), receipts=False) is not marks:
                result.lacking.append(key)
                result.built[key] = built[key]
            elif _miscounted(row, folder, term, calendar, now):
                result.miscounted.append(key)
                result.built[key] = built[key]
            elif packed_row.merge(built[key], packed_row.entries(marks), receipts=False) is not built[key]:
                result.beyond.append(key)
            else:
                result.equal += 1


def _miscounted(row: Row, folder: Folder, term: Term, calendar: SchoolCalendar, now: datetime) -> bool:
    if folder.absences(row.marks, term, calendar, now).half_days != row.absent_half_days:
        return True
    return row.days is not None and row.days != folder.days.all_days(row.marks, term, calendar, folder.ended(calendar, now))
