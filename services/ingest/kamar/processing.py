"""One slice of a document: reads it from the start, applies the batches that are not applied yet, and stops in time."""

import asyncio
import copy
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from msgspec import Raw
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ingest.changes.asking import Asking
from services.ingest.kamar import pastoral, values
from services.ingest.kamar.attendance import Roll, recorded_at
from services.ingest.kamar.batches import Batches, DocumentBatch
from services.ingest.kamar.departures import Departures, JudgedChange, judged
from services.ingest.kamar.documents import Document
from services.ingest.kamar.pastoral import PastoralRow
from services.ingest.kamar.reading import WANTED, BrokenDocumentError, Element
from services.ingest.kamar.refusals import Refusals
from services.ingest.kamar.repository import documents, held, students
from services.ingest.kamar.repository import refusals as refusals_repository
from services.ingest.kamar.repository.documents import StoredDocument
from services.ingest.kamar.roster import Roster
from services.ingest.marks.posting import post, roll_messages
from services.ingest.schools import repository as schools
from services.ingest.settings import IngestSettings
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable
from shared.bus.interface import Publisher
from shared.clock import Clock, utc_now
from shared.erasures.passing import erased_among
from shared.identifiers import SchoolNumber, kamar_event_id, student_id
from shared.telemetry import metrics

SOURCE: Final = "kamar"
BROKEN: Final = "broken-document"
HELD: Final = "too-many-left"
"""The reason under which a document lists that a part of it waits for a decision."""

_SECTION_NAME: Final = re.compile(r"[a-z]{1,30}")
_MOST_SECTIONS: Final = 30


class AnotherSchoolError(Exception):
    """The document is of another school than the credential it came with."""


class OvertakenError(Exception):
    """Another worker has gone on with the document: nothing of this attempt may be kept."""


class Slice(Enum):
    """The end of a slice."""

    WHOLE = auto()
    MORE = auto()
    BROKEN = auto()


@dataclass
class Processing:
    """The processing of one document within one attempt."""

    engine: AsyncEngine
    publisher: Publisher
    settings: IngestSettings
    codes: CodeTable
    document: StoredDocument
    calendar: SchoolCalendar
    clock: Clock = utc_now
    problem: str = ""
    refusals: Refusals = field(init=False)
    counts: dict[str, int] = field(init=False)
    _applied: int = field(init=False)
    _source: Document = field(default_factory=Document)
    _judged: JudgedChange | None = None
    _left: tuple[Refusals, dict[str, int]] | None = None

    def __post_init__(self) -> None:
        self.refusals = Refusals(dict(self.document.refused), dict(self.document.listed))
        self.counts = dict(self.document.counts)
        self._applied = self.document.batches
        self._school = SchoolNumber(self.document.school)

    async def run(self) -> Slice:
        """Goes on until the document ends, is broken, or the time is up. Raises AnotherSchoolError."""
        until = time.monotonic() + self.settings.kamar_slice.total_seconds()
        batches = Batches()
        for number in range(self.document.chunks + 1):
            elements = await self._read(number)
            ready = [batch for element in elements for batch in batches.add(element)]
            if self.problem or number == self.document.chunks:
                ready += batches.end()
            for batch in ready:
                if batch.number <= self._applied:
                    continue
                await self._apply(batch)
                if time.monotonic() > until:
                    return Slice.MORE
            if self.problem:
                self.refusals.add(BROKEN, self.problem)
                return Slice.BROKEN
        self._require_school()
        return Slice.WHOLE

    async def finish(self, connection: AsyncConnection) -> None:
        """Applies the facts that only a whole document has, in the transaction that settles it."""
        self._begin_again()
        if self.counts.get("students"):
            await self._settle_departures(connection)
        await self._note(connection, self._applied)

    async def judge(self, asking: Asking) -> None:
        """Looks at whom the whole document takes off the roll, and what its dates move, outside of any transaction."""
        if not self.counts.get("students"):
            return
        async with self.engine.connect() as connection:
            pending = await self._departures().pending(connection)
            stored = await schools.stored(connection, self._school)
        if stored is not None:
            self._judged = await judged(pending.change, stored, asking)

    async def _settle_departures(self, connection: AsyncConnection) -> None:
        departures = self._departures()
        pending = await departures.pending(connection, lock=True)
        if self._judged is not None and self._judged.dangers:
            await held.hold(connection, self._school, self.document.id, self.document.received_at, pending.change, self._judged)
            self.refusals.add(HELD, "; ".join(self._judged.dangers) + ": it waits for a decision, see held-changes")
            pending = pending.only(pending.announced)
        elif departures.whole:
            await held.supersede(connection, self._school, self.document.received_at)
        await departures.make(connection, pending)
        self._count("students_left", len(pending.leavers))

    @property
    def _received(self) -> datetime:
        """The time at which the document came, as far as days depend on it: its order may be ahead of the clock."""
        return min(self.document.received_at, self.clock())

    def _departures(self) -> Departures:
        whole = self._source.header.sync == "full" and not self.counts.get("students_unreadable")
        at = self.document.received_at
        quiet = self.settings.kamar_quiet_words
        return Departures(self._school, self.document.id, at, self.calendar.today(self._received), quiet, whole=whole)

    async def keep_refusals(self, connection: AsyncConnection) -> None:
        """Keeps the refusals that belong to no batch, in the caller's transaction."""
        self._begin_again()
        await self._note(connection, self._applied)

    def _begin_again(self) -> None:
        """The settling transaction may have to be tried again: each time from what the batches left."""
        if self._left is None:
            self._left = copy.deepcopy((self.refusals, self.counts))
        self.refusals, self.counts = copy.deepcopy(self._left)

    async def _read(self, number: int) -> list[Element]:
        """The elements that the next piece completes; the last call is for what was held back."""
        try:
            if number == self.document.chunks:
                await asyncio.to_thread(self._source.finish)
            else:
                async with self.engine.connect() as connection:
                    data = await documents.chunk(connection, self.document.id, number)
                await asyncio.to_thread(self._source.feed, data)
        except BrokenDocumentError as error:
            self.problem = str(error)
        return self._source.take()

    async def _apply(self, batch: DocumentBatch) -> None:
        self._require_school()
        name = batch.section if batch.section in WANTED or self._may_count(batch.section) else "other"
        self._count(name, len(batch.elements))
        elements = list(self._ours(batch.elements)) if batch.section in WANTED else []
        roster, rows = None, list[PastoralRow]()
        if batch.section == "attendance":
            await self._publish(elements, batch.number)
        elif batch.section == "students":
            roster = self._roster()
            for element in elements:
                roster.take(element)
        elif batch.section == "pastoral":
            rows = self._pastoral(elements)
        async with self.engine.begin() as connection:
            if roster is not None:
                await roster.apply(connection)
                self._count("students_published", roster.published)
                self._count("students_unreadable", roster.unreadable)
            await students.put_pastoral(connection, self._school, await self._not_erased(connection, rows), self._said_at())
            await self._note(connection, batch.number)
        self._applied = batch.number

    async def _note(self, connection: AsyncConnection, batches: int) -> None:
        await refusals_repository.add(connection, self._school, self.document.id, self.refusals.take(), self.document.received_at)
        kept = await documents.progress(
            connection,
            self.document.id,
            before=self._applied,
            batches=batches,
            counts=self.counts,
            refused=self.refusals.totals,
            listed=self.refusals.listed,
        )
        if not kept:
            raise OvertakenError

    async def _publish(self, elements: list[Element], number: int) -> None:
        marks = await asyncio.to_thread(self._marks, elements)
        self._count("marks", len(marks))
        metrics.MARKS.labels(SOURCE, "accepted").inc(len(marks))
        # Within a document the later word wins, although all of it was recorded at one moment: so later batches were received later.
        received_at = self.document.received_at + timedelta(milliseconds=number)
        messages = roll_messages(
            self._school, SOURCE, received_at, marks, event_id=lambda part: str(kamar_event_id(self.document.id, number, part))
        )
        if marks:
            async with self.engine.begin() as connection:
                await schools.note_marked(connection, [self._school], self.document.received_at)
            await post(self.publisher, list(messages))

    def _marks(self, elements: list[Element]) -> list[Raw]:
        roll = Roll(self.calendar, self._said_at(), self.refusals)
        for element in elements:
            if element.fields is None:
                self.refusals.add("bad-field", f"attendance: {element.problem}")
            else:
                roll.take(element.fields)
        return roll.sort(self.codes, self._received, self.settings.clock_skew)

    def _pastoral(self, elements: list[Element]) -> list[PastoralRow]:
        rows: dict[tuple[str, str, str], PastoralRow] = {}
        for element in elements:
            row = pastoral.parse(element.fields) if element.fields is not None else str(element.problem)
            if isinstance(row, str):
                self.refusals.add("bad-field", f"pastoral: {row}")
            else:
                rows[row.student, row.type, row.ref] = row
        return list(rows.values())

    async def _not_erased(self, connection: AsyncConnection, rows: Sequence[PastoralRow]) -> list[PastoralRow]:
        """Without the rows of students who were erased after the document came."""
        erased = await erased_among(connection, {student_id(self._school, row.student) for row in rows})
        return [row for row in rows if not erased.hide(student_id(self._school, row.student), self.document.received_at)]

    def _ours(self, elements: Iterable[Element]) -> Iterable[Element]:
        """Without the elements of other schools that share the system."""
        numbers = self._source.header.school_numbers()
        for element in elements:
            index = values.integer(element.fields.get("schoolindex")) if element.fields is not None else None
            if index is not None and numbers.get(index, self._school) != self._school:
                self.refusals.add("another-school", "the element is of another school that shares the system")
                continue
            yield element

    def _roster(self) -> Roster:
        today = self.calendar.today(self._received)
        quiet = self.settings.kamar_quiet_words
        return Roster(self._school, self.document.id, self.document.received_at, today, quiet, self.refusals)

    def _said_at(self) -> datetime:
        stated = self._source.header.datetime
        return recorded_at(stated, self.document.received_at, self.calendar.timezone, self.settings.clock_skew)

    def _require_school(self) -> None:
        numbers = self._source.header.school_numbers()
        if numbers and self._school not in numbers.values():
            raise AnotherSchoolError

    def _may_count(self, section: str) -> bool:
        """Names of sections are the sender's: only what looks like one is kept."""
        return section in self.counts or (len(self.counts) < _MOST_SECTIONS and _SECTION_NAME.fullmatch(section) is not None)

    def _count(self, name: str, number: int) -> None:
        if number:
            self.counts[name] = self.counts.get(name, 0) + number
