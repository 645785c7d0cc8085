"""Marks into the register: one batch of events, one transaction."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Final

import msgspec
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.attributing import Entries, attributed
from services.thresholds.crossings.working_in import work_in
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.calendars import OUTSIDE_TERM, UNKNOWN_SCHOOL, CalendarCache
from shared.attendance.calendar import SchoolCalendar
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message, Partition
from shared.deadletters.reading import WRONG_TYPE
from shared.events.data import Mark, MarksRecorded
from shared.events.envelope import Event
from shared.telemetry import metrics

log = structlog.get_logger()

GROUP: Final = "marks"

BAD_MARK: Final = "bad-mark"
"""The reason for a mark that no register can hold; the door refuses such marks."""

_DETAILS: Final = {OUTSIDE_TERM: "the school has no term on these days", BAD_MARK: "no register can hold these marks"}

Roll = tuple[Message, MarksRecorded]


@dataclass(kw_only=True)
class MarksHandler(BatchHandler):
    """Folds marks into the register. Those of a school whose calendar has not come wait, for `school_wait` at most."""

    folder: Folder
    school_wait: timedelta
    _calendars: CalendarCache = field(default_factory=CalendarCache)
    _waiting_since: dict[tuple[Partition, int], float] = field(default_factory=dict)

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies the events, but for those in partitions that wait for a school's calendar."""
        rolls: list[Roll] = []
        for message, event in batch.events:
            if isinstance(event, Event) and isinstance(event.data, MarksRecorded):
                rolls.append((message, event.data))
            else:
                batch.refuse(message, WRONG_TYPE, "only recorded marks belong on this topic")
        calendars = await self._calendars.lock(connection, sorted({roll.school for _, roll in rolls}))
        self._sort_out_unknown(batch, rolls, calendars)
        kept = [(message, roll) for message, roll in rolls if roll.school in calendars and not batch.waits(message)]
        entries = await attributed(connection, _entries(batch, kept, calendars))
        unchanged = await work_in(connection, entries, calendars, self.folder, batch.now)
        metrics.MARKS_FOLDED.labels("unchanged").inc(unchanged)
        metrics.MARKS_FOLDED.labels("changed").inc(sum(map(len, entries.values())) - unchanged)

    def _sort_out_unknown(self, batch: Batch, rolls: Iterable[Roll], calendars: Mapping[str, SchoolCalendar]) -> None:
        """Pauses partitions at a roll whose school's calendar has not come; refuses rolls that have waited long enough."""
        for message, roll in rolls:
            place = (message.source, message.offset)
            if roll.school in calendars:
                self._waiting_since.pop(place, None)
                continue
            if batch.waits(message) or not roll.marks:
                continue
            since = self._waiting_since.setdefault(place, time.monotonic())
            if time.monotonic() - since < self.school_wait.total_seconds():
                batch.pause(message)
                continue
            del self._waiting_since[place]
            batch.refuse(message, UNKNOWN_SCHOOL, "the school's calendar did not come", school=roll.school, count=len(roll.marks))


def _entries(batch: Batch, rolls: Iterable[Roll], calendars: Mapping[str, SchoolCalendar]) -> Entries:
    """The marks as register entries by row; those that fit in no register are refused."""
    entries: Entries = {}
    for message, roll in rolls:
        calendar = calendars[roll.school]
        refused: dict[str, list[Mark]] = {}
        packer = packed_row.Packer(roll.received_at)
        # A roll is of one day, or a few: its term is looked up once a day.
        for day, marks in groupby(roll.marks, key=lambda mark: mark.date):
            term = calendar.term_on(day)
            for mark in marks:
                if term is None:
                    refused.setdefault(OUTSIDE_TERM, []).append(mark)
                    continue
                try:
                    entry = packer.pack(mark)
                except ValueError:
                    refused.setdefault(BAD_MARK, []).append(mark)
                    continue
                entries.setdefault(RowKey(roll.school, term.name, mark.student), []).append((entry, roll.source))
        for reason, refused_marks in refused.items():
            rest = msgspec.json.encode(msgspec.structs.replace(roll, marks=refused_marks))
            batch.refuse(message, reason, _DETAILS[reason], school=roll.school, value=rest, count=len(refused_marks))
    return entries
