"""Writes changed register rows and publishes their crossings: the one way to a crossing, whatever the cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings import repository as crossings
from services.thresholds.crossings.crossing import Change, CrossingFact, next_sequence
from services.thresholds.register import packed_row
from services.thresholds.register.attribution import illness_half_days
from services.thresholds.register.folding import Absences
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import level_of
from shared.events.envelope import Event
from shared.identifiers import star_record_id, student_id
from shared.outbox import repository as outbox
from shared.telemetry import metrics


@dataclass(frozen=True, slots=True)
class FoldedRow:
    """A row as it was and as it is to be."""

    key: RowKey
    before: Row | None
    marks: bytes
    absences: Absences
    calendar: SchoolCalendar


async def apply(connection: AsyncConnection, folded: Sequence[FoldedRow], codes: CodeTable, now: datetime) -> list[CrossingFact]:
    """Writes the rows that differ, the STAR records and the outbox, in the caller's transaction.

    The caller holds the schools' locks. The committed state before is compared with the state after: a rise and fall within
    one call is no crossing.
    """
    changed: dict[RowKey, Row] = {}
    changes: list[Change] = []
    for row in folded:
        half_days = row.absences.half_days
        after = Row(row.marks, half_days, level_of(half_days))
        if after == row.before:
            continue
        changed[row.key] = after
        level_before = row.before.level if row.before else 0
        if after.level != level_before:
            changes.append(_change(row, level_before, codes))
    await rows.save(connection, changed)
    facts = await _facts(connection, changes)
    await crossings.apply(connection, facts, now)
    events = [Event(fact.event_type, fact.event_id, "/thresholds", now, str(fact.change.student_id), fact.data()) for fact in facts]
    await outbox.add(connection, [event.encode() for event in events])
    for fact in facts:
        metrics.CROSSINGS.labels(fact.threshold, fact.direction).inc()
    return facts


def _change(row: FoldedRow, level_before: int, codes: CodeTable) -> Change:
    newest = max(entry.recorded_at for entry in packed_row.unpack(row.marks))
    return Change(
        school=row.key.school,
        student=row.key.student,
        student_id=student_id(row.key.school, row.key.student),
        term=row.key.term,
        level_before=level_before,
        absences=row.absences,
        illness_half_days=illness_half_days(row.marks, row.absences, row.calendar, codes),
        corrected_on=newest.astimezone(ZoneInfo(row.calendar.timezone)).date(),
    )


async def _facts(connection: AsyncConnection, changes: Sequence[Change]) -> list[CrossingFact]:
    if not changes:
        return []
    passed = [(change, threshold, direction) for change in changes for threshold, direction in change.thresholds()]
    ids = [star_record_id(change.student_id, change.term, threshold) for change, threshold, _ in passed]
    sequences = await crossings.sequences(connection, ids)
    return [
        CrossingFact(change, threshold, direction, next_sequence(direction, sequences.get(record_id, 0)))
        for (change, threshold, direction), record_id in zip(passed, ids, strict=True)
    ]
