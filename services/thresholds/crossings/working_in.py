"""Marks worked into rows. Most marks change no count: those go to the head of their row, and nothing else of it is read or written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.crossings.attributing import Entries
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import corrections, heads, rows
from services.thresholds.register.repository.corrections import Correction
from services.thresholds.register.repository.heads import Head, NewHead
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.register.uncounted import UNCHANGED, Uncounted
from services.thresholds.roster.enrolments import OwnCalendars, own_calendars
from shared.attendance.calendar import SchoolCalendar
from shared.telemetry import metrics

Replaced = list[tuple[bytes, bytes]]
"""Entries before and after."""


@dataclass
class _Sorted:
    """Marks by the way that they take: to the heads of rows, or through whole rows. `there` are those of the whole rows that exist."""

    heads: list[NewHead] = field(default_factory=list)
    of_heads: list[RowKey] = field(default_factory=list)
    whole: list[RowKey] = field(default_factory=list)
    there: list[RowKey] = field(default_factory=list)
    unchanged: int = 0
    corrected: list[Correction] = field(default_factory=list)

    def go_through(self, key: RowKey) -> None:
        """The marks of this row, which exists, go through the whole of it."""
        self.whole.append(key)
        self.there.append(key)


async def work_in(
    connection: AsyncConnection, entries: Entries, calendars: Mapping[str, SchoolCalendar], folder: Folder, now: datetime
) -> int:
    """Works entries into their rows, and says what the totals cross; answers how many entries changed nothing.

    The caller holds the schools' locks. A mark that is received once more changes nothing: see decision 2.
    """
    known = await heads.load(connection, entries)
    own = await own_calendars(connection, entries, calendars)
    work = _Sorted(whole=list(entries), there=list(entries)) if known is None else _sorted(entries, known, own, folder)
    if await heads.save(connection, work.heads) != len(work.heads):
        # A row was moved by somebody without the lock: what has been written is a repeat below.
        work.whole += work.of_heads
        work.there += work.of_heads
    before = await rows.load(connection, work.there) if work.there else {}
    folded: list[FoldedRow] = []
    for key in work.whole:
        old = before.get(key)
        replaced: Replaced = []
        new = entries[key]
        marks = packed_row.merge(old.marks if old else b"", (entry for entry, _ in new), replaced, receipts=False)
        if old is not None and marks is old.marks:
            work.unchanged += len(new)
            continue
        work.corrected += _corrections(key, replaced, new)
        calendar, term = own.of(key)
        touched = {packed_row.day_of(entry) for entry, _ in new}
        folded.append(FoldedRow(key, old, marks, folder.absences(marks, term, calendar, now), calendar, touched))
    facts = await apply(connection, folded, folder, now)
    await corrections.add(connection, work.corrected)
    for change in {fact.change.student_id: fact.change for fact in facts}.values():
        new = entries[RowKey(change.school, change.term, change.student)]
        received = max(packed_row.received_at(int.from_bytes(entry, "big")) for entry, _ in new)
        metrics.MARK_TO_CROSSING.observe(max((now - received).total_seconds(), 0))
    return work.unchanged


def _sorted(entries: Entries, known: Iterable[Head | None], own: OwnCalendars, folder: Folder) -> _Sorted:
    work = _Sorted()
    # Calendars live as long as the batch; those of a school's students are one object, as a rule.
    ways: dict[tuple[int, str], Uncounted] = {}
    way, way_of = None, None
    for (key, new), head in zip(entries.items(), known, strict=True):
        if head is None:
            work.whole.append(key)
            continue
        _, place, marks, is_whole, days = head
        if marks is None or days is None:
            work.go_through(key)
            continue
        if way is None or way_of != key[:2] or own.parting:
            calendar, term = own.of(key)
            way_of = key[:2]
            way = ways.get((id(calendar), term.name))
            if way is None:
                way = ways[id(calendar), term.name] = folder.uncounted(term, calendar)
        replaced: Replaced = []
        worked = way.work_in(marks, days, [entry for entry, _ in new], replaced, whole=is_whole)
        if worked is None:
            work.go_through(key)
        elif worked is UNCHANGED:
            work.unchanged += len(new)
        elif len(worked[0]) > heads.MOST * packed_row.ENTRY:
            work.go_through(key)
        else:
            work.heads.append(NewHead(key.student, place, *worked))
            work.of_heads.append(key)
            if replaced:
                work.corrected += _corrections(key, replaced, new)
    return work


def _corrections(key: RowKey, replaced: Iterable[tuple[bytes, bytes]], new: Iterable[tuple[bytes, str]]) -> Iterator[Correction]:
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
            source=dict(new)[after],
        )
