"""Events into our copies: one batch, one transaction."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.moe_sync.items import repository as items
from services.moe_sync.items.facts import Fact, UnfitEventError, facts_of, is_school_number
from services.moe_sync.items.tracking import place_of, track
from services.moe_sync.roster.repository import preferences, schools
from services.moe_sync.roster.repository.preferences import Number
from services.moe_sync.roster.school import School, school_from
from services.moe_sync.uploads.repository import uploads
from services.moe_sync.windows.repository import windows
from services.moe_sync.windows.scheduling import Scheduler
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import read_events
from shared.events.data import SchoolUpdated, StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.telemetry import metrics

log = structlog.get_logger()

_NSN: Final = re.compile(r"[0-9]{1,10}")

UNFIT: Final = "unfit"
"""Dead letters that can be read, but fit into no upload."""


@dataclass
class SchoolsHandler:
    """Keeps schools, and sees to it that each has its next window on the worklist."""

    engine: AsyncEngine
    scheduler: Scheduler
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits."""
        read, letters = read_events(messages)
        # None stands for a school that is gone.
        said: dict[str, list[School | None]] = defaultdict(list)
        for message, event in read:
            match event:
                case Event(data=SchoolUpdated() as update):
                    try:
                        said[update.school].append(school_from(update))
                    except UnfitEventError as error:
                        letters.append(DeadLetter(message, UNFIT, str(error)))
                case Tombstone(key=key) if is_school_number(key):
                    said[key].append(None)
                case _:
                    letters.append(DeadLetter(message, UNFIT, "only schools belong on this topic"))
        now = self.clock()
        async with self.engine.begin() as connection:
            for number in sorted(said):
                for school in said[number]:
                    await self._apply(connection, number, school, now)
            await self.dead_letters.keep(connection, letters, now)
        return {}

    async def _apply(self, connection: AsyncConnection, number: str, school: School | None, now: datetime) -> None:
        if school is None:
            await schools.close_for_good(connection, number)
            await preferences.erase_numbers(connection, number)
        elif await schools.put(connection, school):
            kept = await schools.lock(connection, number)
            slot = None if kept is None else self.scheduler.next_slot(kept, now)
            if slot is not None:
                await windows.add(connection, [slot])
                await uploads.wake(connection)
            log.info("school.updated", school=number)


@dataclass
class RecordsHandler:
    """Keeps STAR records and responses, and every state they were in."""

    engine: AsyncEngine
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits: a response may come before its record, and stays at home until then."""
        read, letters = read_events(messages)
        said: list[tuple[Message, list[Fact]]] = []
        times: list[datetime] = []
        for message, event in read:
            if not isinstance(event, Event):
                letters.append(DeadLetter(message, UNFIT, "records are withdrawn by events, not by tombstones"))
                continue
            try:
                said.append((message, list(facts_of(event))))
                times.append(event.time)
            except UnfitEventError as error:
                letters.append(DeadLetter(message, UNFIT, str(error)))
        async with self.engine.begin() as connection:
            await self._apply(connection, said, letters)
            await self.dead_letters.keep(connection, letters, self.clock())
        metrics.observe_age("moe_sync.records", times, self.clock())
        return {}

    async def _apply(self, connection: AsyncConnection, said: Sequence[tuple[Message, Sequence[Fact]]], letters: list[DeadLetter]) -> None:
        if not said:
            return
        known = await items.lock(connection, [place_of(fact) for _, facts in said for fact in facts])
        fitting: list[Fact] = []
        for message, facts in said:
            if any(known[place_of(fact).id].place.kind != place_of(fact).kind for fact in facts):
                letters.append(DeadLetter(message, UNFIT, "its id is that of an item of another kind"))
                continue
            fitting.extend(facts)
        versions = track(fitting, known)
        await items.save(connection, list(known.values()), versions)


@dataclass
class StudentsHandler:
    """Keeps the national student numbers of schools that have switched them on; of all else in these events nothing is kept."""

    engine: AsyncEngine
    dead_letters: DeadLetterBox
    clock: Clock = utc_now

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events. None of them ever waits."""
        read, letters = read_events(messages)
        # Of one student the last word counts; events of a student are in order.
        numbers: dict[UUID, Number | None] = {}
        for message, event in read:
            match event:
                case Event(data=StudentUpdated() as student):
                    numbers[student.student_id] = Number(student.student_id, student.school, padded_nsn(student.nsn), student.updated_at)
                case Tombstone(key=key) if (gone := _uuid(key)) is not None:
                    numbers[gone] = None
                case _:
                    letters.append(DeadLetter(message, UNFIT, "only students belong on this topic"))
        async with self.engine.begin() as connection:
            await preferences.forget_students(connection, sorted(student for student, number in numbers.items() if number is None))
            await preferences.keep_numbers(connection, [number for number in numbers.values() if number is not None])
            await self.dead_letters.keep(connection, letters, self.clock())
        return {}


def padded_nsn(nsn: str | None) -> str | None:
    """A national student number as ten digits; None for none, and for what can't be one."""
    return nsn.zfill(10) if nsn is not None and _NSN.fullmatch(nsn) else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
