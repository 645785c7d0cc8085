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
from services.thresholds.roster.enrolments import of_rows
from shared.attendance.calendar import SchoolCalendar, Term
from shared.telemetry import metrics

Own = Mapping[RowKey, tuple[SchoolCalendar, Term]]
"""The calendar of each row's student, and the row's term."""

Replaced = list[tuple[bytes, bytes]]
"""Entries before and after."""


@dataclass
class _Sorted:
    """Marks by the way that they take: to the heads of rows, or through whole rows."""

    heads: list[NewHead] = field(default_factory=list)
    of_heads: list[RowKey] = field(default_factory=list)
    whole: list[RowKey] = field(default_factory=list)
    unchanged: int = 0
    corrected: list[Correction] = field(default_factory=list)


async def work_in(
    connection: AsyncConnection, entries: Entries, calendars: Mapping[str, SchoolCalendar], folder: Folder, now: datetime
) -> int:
    """Works entries into their rows, and says what the totals cross; answers how many entries changed nothing.

    The caller holds the schools' locks. A mark that is received once more changes nothing: see decision 2.
    """
    known = await heads.load(connection, entries)
    own = await of_rows(connection, entries, calendars)
    work = _sorted(entries, known, own, folder)
    if await heads.save(connection, work.heads) != len(work.heads):
        # A row was moved by somebody without the lock: what has been written is a repeat below.
        work.whole += work.of_heads
    there = work.whole if known is None else [key for key in work.whole if key in known]
    before = await rows.load(connection, there) if there else {}
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
        calendar, term = own[key]
        touched = {packed_row.day_of(entry) for entry, _ in new}
        folded.append(FoldedRow(key, old, marks, folder.absences(marks, term, calendar, now), calendar, touched))
    facts = await apply(connection, folded, folder, now)
    await corrections.add(connection, work.corrected)
    for change in {fact.change.student_id: fact.change for fact in facts}.values():
        new = entries[RowKey(change.school, change.term, change.student)]
        received = max(packed_row.received_at(int.from_bytes(entry, "big")) for entry, _ in new)
        metrics.MARK_TO_CROSSING.observe(max((now - received).total_seconds(), 0))
    return work.unchanged


def _sorted(entries: Entries, known: Mapping[RowKey, Head] | None, own: Own, folder: Folder) -> _Sorted:
    work = _Sorted()
    quick: dict[tuple[int, str], Uncounted] = {}
    for key, new in entries.items():
        head = known.get(key) if known else None
        if head is None or head.marks is None or head.days is None:
            work.whole.append(key)
            continue
        calendar, term = own[key]
        # The calendars live as long as the batch.
        way = quick.get((id(calendar), key.term))
        if way is None:
            way = quick[id(calendar), key.term] = folder.uncounted(term, calendar)
        replaced: Replaced = []
        worked = way.work_in(head.marks, head.days, [entry for entry, _ in new], replaced, whole=head.whole)
        if worked is None:
            work.whole.append(key)
        elif worked is UNCHANGED:
            work.unchanged += len(new)
        else:
            marks, days = worked
            work.heads.append(NewHead(key.student, head.place, marks, days))
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
