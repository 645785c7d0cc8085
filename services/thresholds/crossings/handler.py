"""Marks into the register: one batch of events, one transaction."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import corrections, rows
from services.thresholds.register.repository.corrections import Correction
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.calendars import OUTSIDE_TERM, UNKNOWN_SCHOOL, CalendarCache
from shared.attendance.calendar import SchoolCalendar
from shared.bus.interface import Message, Partition
from shared.clock import Clock, utc_now
from shared.deadletters.box import DeadLetterBox
from shared.deadletters.letter import DeadLetter
from shared.deadletters.reading import WRONG_TYPE, read_events
from shared.events.data import Mark, MarksRecorded
from shared.events.envelope import Event
from shared.telemetry import metrics

log = structlog.get_logger()

BAD_MARK: Final = "bad-mark"
"""The reason for a mark that no register can hold; the door refuses such marks."""

Roll = tuple[Message, Event, MarksRecorded]
Entries = dict[RowKey, list[tuple[bytes, str]]]
"""Register entries by row, each with the source that said it."""


@dataclass
class MarksHandler:
    """Folds marks into the register."""

    engine: AsyncEngine
    folder: Folder
    dead_letters: DeadLetterBox
    school_wait: timedelta
    clock: Clock = utc_now
    _calendars: CalendarCache = field(default_factory=CalendarCache)
    _waiting_since: dict[tuple[Partition, int], float] = field(default_factory=dict)

    async def __call__(self, messages: Sequence[Message]) -> Mapping[Partition, int]:
        """Applies the events; answers the partitions that wait for a school's calendar."""
        read, letters = read_events(messages)
        rolls: list[Roll] = []
        for message, event in read:
            if isinstance(event, Event) and isinstance(event.data, MarksRecorded):
                rolls.append((message, event, event.data))
            else:
                letters.append(DeadLetter(message, WRONG_TYPE, "only recorded marks belong on this topic"))
        now = self.clock()
        async with self.engine.begin() as connection:
            calendars = await self._calendars.lock(connection, sorted({roll.school for _, _, roll in rolls}))
            held, given_up = self._sort_out_unknown(rolls, calendars)
            letters += given_up
            kept = [roll for roll in rolls if not _waits(roll[0], held) and roll[2].school in calendars]
            entries = self._entries(kept, calendars, letters)
            await self._fold(connection, entries, calendars)
            await self.dead_letters.keep(connection, [letter for letter in letters if not _waits(letter.message, held)], now)
        return held

    def _sort_out_unknown(
        self, rolls: Iterable[Roll], calendars: Mapping[str, SchoolCalendar]
    ) -> tuple[dict[Partition, int], list[DeadLetter]]:
        """Which partitions wait from which offset on, and the rolls that have waited long enough."""
        held: dict[Partition, int] = {}
        given_up: list[DeadLetter] = []
        for message, _, roll in rolls:
            place = (message.source, message.offset)
            if roll.school in calendars or message.source in held:
                continue
            since = self._waiting_since.setdefault(place, time.monotonic())
            if time.monotonic() - since < self.school_wait.total_seconds():
                held[message.source] = message.offset
                continue
            del self._waiting_since[place]
            detail = "the school's calendar did not come"
            given_up.append(DeadLetter(message, UNKNOWN_SCHOOL, detail, roll.school, count=len(roll.marks)))
        known = {(message.source, message.offset) for message, _, roll in rolls if roll.school in calendars}
        for place in known & self._waiting_since.keys():
            del self._waiting_since[place]
        return held, given_up

    def _entries(self, rolls: Iterable[Roll], calendars: Mapping[str, SchoolCalendar], letters: list[DeadLetter]) -> Entries:
        """The marks as register entries by row; those that fit in no register become dead letters."""
        entries: Entries = {}
        for message, _, roll in rolls:
            calendar = calendars[roll.school]
            refused: list[tuple[str, Mark]] = []
            # A roll is of one day, or a few: its term is looked up once a day.
            for day, marks in groupby(roll.marks, key=lambda mark: mark.date):
                term = calendar.term_on(day)
                for mark in marks:
                    if term is None:
                        refused.append((OUTSIDE_TERM, mark))
                        continue
                    try:
                        entry = packed_row.pack(mark, roll.received_at)
                    except ValueError:
                        refused.append((BAD_MARK, mark))
                        continue
                    entries.setdefault(RowKey(roll.school, term.name, mark.student), []).append((entry, roll.source))
            if refused:
                letters.extend(_letters_of(message, roll, refused))
        return entries

    async def _fold(self, connection: AsyncConnection, entries: Entries, calendars: Mapping[str, SchoolCalendar]) -> None:
        now = self.clock()
        before = await rows.load(connection, entries)
        folded: list[FoldedRow] = []
        corrected: list[Correction] = []
        unchanged = 0
        for key, new in entries.items():
            old = before.get(key)
            replaced: list[tuple[bytes, bytes]] = []
            marks = packed_row.merge(old.marks if old else b"", (entry for entry, _ in new), replaced)
            if old is not None and marks is old.marks:
                unchanged += len(new)
                continue
            if replaced:
                corrected += _corrections(key, replaced, dict(new))
            calendar = calendars[key.school]
            term = calendar.term_named(key.term)
            assert term is not None
            folded.append(FoldedRow(key, old, marks, self.folder.absences(marks, term, calendar, now), calendar))
        await apply(connection, folded, self.folder.codes, now)
        await corrections.add(connection, corrected)
        metrics.MARKS_FOLDED.labels("unchanged").inc(unchanged)
        metrics.MARKS_FOLDED.labels("changed").inc(sum(map(len, entries.values())) - unchanged)


def _waits(message: Message, held: Mapping[Partition, int]) -> bool:
    return message.source in held and message.offset >= held[message.source]


def _corrections(key: RowKey, replaced: Iterable[tuple[bytes, bytes]], sources: Mapping[bytes, str]) -> Iterator[Correction]:
    for before, after in replaced:
        was, became = int.from_bytes(before, "big"), int.from_bytes(after, "big")
        yield Correction(
            *key,
            place=became >> 112,
            was=was & 0xFFFF,
            became=became & 0xFFFF,
            was_recorded_at=packed_row.recorded_at(was),
            recorded_at=packed_row.recorded_at(became),
            received_at=packed_row.received_at(became),
            source=sources[after],
        )


def _letters_of(message: Message, roll: MarksRecorded, refused: Iterable[tuple[str, Mark]]) -> list[DeadLetter]:
    by_reason: dict[str, list[Mark]] = {}
    for reason, mark in refused:
        by_reason.setdefault(reason, []).append(mark)
    details = {OUTSIDE_TERM: "the school has no term on these days", BAD_MARK: "no register can hold these marks"}
    return [
        DeadLetter(message, reason, details[reason], roll.school, msgspec.json.encode(replace_marks(roll, marks)), len(marks))
        for reason, marks in by_reason.items()
    ]


def replace_marks(roll: MarksRecorded, marks: list[Mark]) -> MarksRecorded:
    """The same roll with other marks."""
    return msgspec.structs.replace(roll, marks=marks)
