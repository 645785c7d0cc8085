"""Writes changed register rows and publishes their crossings and standings: the one way to both, whatever the cause."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings import repository as crossings
from services.thresholds.crossings.approaching import approach_of, approaching
from services.thresholds.crossings.crossing import Change, CrossingFact, next_sequence
from services.thresholds.crossings.standing import Standing, StandingKey, may_differ
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Absences, Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import level_of
from shared.events.envelope import Event
from shared.identifiers import star_record_id, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.telemetry import metrics


@dataclass(frozen=True, slots=True)
class FoldedRow:
    """A row as it was and as it is to be. `touched`: the days (counted from 1970) that its new marks are of; None may be any."""

    key: RowKey
    before: Row | None
    marks: bytes
    absences: Absences
    calendar: SchoolCalendar
    touched: Collection[int] | None = None

    def days(self, folder: Folder, now: datetime) -> bytes | None:
        """The column of its days; None where the school has no such term any more."""
        calendar, term = self.calendar, self.calendar.term_named(self.key.term)
        if term is None:
            return None
        if self.touched is not None and self.before is not None and folder.days.fits(self.before.days, term, calendar):
            assert self.before.days is not None
            return folder.days.with_days(self.before.days, self.marks, self.touched, term, calendar)
        return folder.days.all_days(self.marks, term, calendar, folder.ended(calendar, now))


async def apply(connection: AsyncConnection, folded: Sequence[FoldedRow], folder: Folder, now: datetime) -> list[CrossingFact]:
    """Writes the rows that differ, the STAR records and the outbox, in the caller's transaction.

    The caller holds the schools' locks. The committed state before is compared with the state after: a rise and fall within
    one call is no crossing.
    """
    changed: dict[RowKey, Row] = {}
    stands: dict[RowKey, Standing] = {}
    passing: list[tuple[FoldedRow, int]] = []
    for row in folded:
        half_days = row.absences.half_days
        after = Row(row.marks, half_days, level_of(half_days), row.days(folder, now))
        level_before = row.before.level if row.before else 0
        if (after.level or level_before) and may_differ(row.before, after, row.absences):
            stands[row.key] = _standing(row, folder)
        if after == row.before:
            continue
        changed[row.key] = after
        if after.level != level_before:
            passing.append((row, level_before))
    seen = [approach_of(row.key, row.before, row.absences, row.calendar, now) for row in folded]
    near = [close for close in seen if close is not None]
    await rows.save(connection, changed, {row.key for row in folded if row.before is not None})
    versions = await crossings.advance_standings(connection, list(stands.values()))
    facts = await _facts(connection, [_change(row, before, stands[row.key], versions) for row, before in passing])
    schools = (
        {fact.change.school for fact in facts}
        | {close.school for close in near}
        | {standing.school for standing in stands.values() if standing.key in versions}
    )
    at = await moments.next_of_all(connection, schools, now) if schools else {}
    await crossings.apply(connection, facts, at)
    events = [_event(fact, at[fact.change.school]) for fact in facts]
    events += [approaching(close, at[close.school]) for close in near]
    for standing in stands.values():
        version = versions.get(standing.key)
        if version is not None:
            events.append(standing.event(version, at[standing.school]))
    await outbox.add(connection, [event.encode() for event in events])
    for fact in facts:
        metrics.CROSSINGS.labels(fact.threshold, fact.direction).inc()
    return facts


def _event(fact: CrossingFact, at: datetime) -> Event:
    return Event(fact.event_type, fact.event_id, "/thresholds", at, str(fact.change.student_id), fact.data())


def _standing(row: FoldedRow, folder: Folder) -> Standing:
    return Standing(
        school=row.key.school,
        student=row.key.student,
        student_id=student_id(row.key.school, row.key.student),
        term=row.key.term,
        absences=row.absences,
        illness_half_days=folder.illness_half_days(row.marks, row.absences, row.calendar),
    )


def _change(row: FoldedRow, level_before: int, standing: Standing, versions: Mapping[StandingKey, int]) -> Change:
    return Change(
        school=standing.school,
        student=standing.student,
        student_id=standing.student_id,
        term=standing.term,
        level_before=level_before,
        absences=standing.absences,
        illness_half_days=standing.illness_half_days,
        standing=versions.get(standing.key, 0),
        corrected_on=packed_row.newest(row.marks).astimezone(ZoneInfo(row.calendar.timezone)).date(),
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
