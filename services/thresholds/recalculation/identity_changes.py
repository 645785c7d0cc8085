"""The rows of children whose keys have changed: split where a key went to another child, folded together where one child has two.

A split moves what was received since; it happens in the transaction that keeps the roster. Rows are put together or taken apart a
moment later: a family must not be written to again about a threshold that another of the rows had reached, so those letters are held
first, and the crossings follow when the hold is known everywhere.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.recalculation.told_already import AFTER_THE_HOLD, hold
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Absences, Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.enrolments import of_rows
from services.thresholds.roster.identities import Key
from services.thresholds.roster.repository import identities
from shared.clock import Clock, utc_now
from shared.events.data import StudentUpdated
from shared.key_holders.repository import Holder
from shared.outbox import repository as outbox
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome

log = structlog.get_logger()

KIND: Final = "regrouping"
REASON: Final = "The family has been written to about this threshold under another key of the same student."


@dataclass(frozen=True)
class IdentityChanges:
    """Follows what the updates of students say of their keys."""

    folder: Folder
    calendars: CalendarCache

    async def follow(self, connection: AsyncConnection, updates: Sequence[StudentUpdated], now: datetime) -> None:
        """Splits rows, and asks for others to be regrouped, in the caller's transaction, which holds the schools' locks."""
        if not updates:
            return
        given = [
            Holder(update.school, update.key, update.student, update.key_since)
            for update in updates
            if update.key is not None and update.key_since is not None
        ]
        for holder in await identities.add_holders(connection, given):
            await self._split(connection, holder, now)
        latest = {(update.school, update.student): set(update.other_keys) - {update.student} for update in updates}
        before = await identities.merged_into(connection, latest)
        for key, others in sorted(latest.items()):
            if before.get(key, set()) != others:
                await _ask(connection, key, before.get(key, set()), others, now)

    async def _split(self, connection: AsyncConnection, holder: Holder, now: datetime) -> None:
        """Moves what was received since the key is another child's. As a rule there is none: the roster comes before the marks."""
        known = await identities.of_schools(connection, [holder.school])
        earlier = known.holder(holder.school, holder.key, holder.since - timedelta(microseconds=1))
        after: dict[RowKey, bytes] = {}
        for key, row in (await rows.of_students(connection, holder.school, [earlier])).items():
            stays, moves = _apart(row.marks, holder.since)
            if moves:
                after[key], after[key._replace(student=holder.student)] = stays, moves
        await write(connection, self.folder, self.calendars, holder.school, after, now)


@dataclass(frozen=True)
class RegroupingTask:
    """Puts the rows of a child together, or takes them apart."""

    engine: AsyncEngine
    folder: Folder
    calendars: CalendarCache
    clock: Clock = utc_now
    kind: ClassVar = KIND
    backoff: ClassVar = Backoff(timedelta(seconds=1), timedelta(minutes=1), most_attempts=None)
    lease: ClassVar = timedelta(minutes=1)

    async def perform(self, item: WorkItem) -> Outcome:
        """Makes what was asked for last."""
        async with self.engine.begin() as connection:
            asked = await identities.regrouping(connection, item.id)
            if asked is None:
                return Done("asked for otherwise since")
            (school, student), others = asked
            await self.calendars.lock(connection, [school])
            was = (await identities.merged_into(connection, [(school, student)])).get((school, student), set())
            await self._regroup(connection, school, student, was, others)
            await identities.forget_regrouping(connection, item.id)
        log.info("students.regrouped", school=school, together=len(others), apart=len(was - others))
        return Done()

    async def _regroup(self, connection: AsyncConnection, school: str, student: str, was: Collection[str], others: Collection[str]) -> None:
        group = {student, *was, *others}
        stored = await rows.of_students(connection, school, group)
        own = await identities.own_marks(connection, school, group)
        with_own = {key.student for key in own}
        apart = {key: row.marks for key, row in stored.items() if key.student not in with_own} | own
        for other in set(others) - set(was):
            await identities.merge(connection, school, other, student)
        for other in set(was) - set(others):
            await identities.part(connection, school, other)
        after: dict[RowKey, bytes] = dict.fromkeys(stored, b"")
        for key, marks in apart.items():
            row = key._replace(student=student) if key.student in others else key
            after[row] = packed_row.merge(after.get(row, b""), packed_row.entries(marks))
        together = {student, *others} if others else set[str]()
        await identities.keep_own_marks(connection, {key: marks for key, marks in apart.items() if key.student in together})
        for alone in group - together:
            await identities.forget_own_marks(connection, school, alone)
        await write(connection, self.folder, self.calendars, school, after, self.clock())


async def write(
    connection: AsyncConnection, folder: Folder, calendars: CalendarCache, school: str, after: Mapping[RowKey, bytes], now: datetime
) -> None:
    """Writes rows, publishes what their totals cross, and forgets those that have no marks left."""
    locked = await calendars.lock(connection, [school])
    if school not in locked or not after:
        return
    stored = await rows.load(connection, after)
    folded, empty = [], []
    for key, (calendar, term) in (await of_rows(connection, after, locked)).items():
        before = stored.get(key)
        if after[key]:
            folded.append(FoldedRow(key, before, after[key], folder.absences(after[key], term, calendar, now), calendar))
        elif before is not None:
            # Its marks date the retraction; then the row goes.
            folded.append(FoldedRow(key, before, before.marks, Absences(()), calendar))
            empty.append(key)
    await apply(connection, folded, folder, now)
    await rows.remove(connection, empty)


async def _ask(connection: AsyncConnection, key: Key, was: Collection[str], others: Collection[str], now: datetime) -> None:
    school, student = key
    item = uuid.uuid4()
    await identities.ask_regrouping(connection, item, school, student, sorted(others))
    stored = await rows.of_students(connection, school, {student, *was, *others})
    events = [
        await hold(connection, RowKey(school, term, who), level, REASON, now)
        for term, reached in _levels(stored).items()
        for who in sorted({student, *was} - set(others))
        for level in range(_level(stored.get(RowKey(school, term, who))), reached)
    ]
    await outbox.add(connection, [event for event in events if event is not None])
    await worklist.add(connection, KIND, item, now + AFTER_THE_HOLD, now)


def _apart(marks: bytes, since: datetime) -> tuple[bytes, bytes]:
    """The entries that were received before a moment, and those from it on."""
    parts: tuple[list[bytes], list[bytes]] = ([], [])
    for entry in packed_row.entries(marks):
        parts[packed_row.received_at(int.from_bytes(entry, "big")) >= since].append(entry)
    return b"".join(parts[0]), b"".join(parts[1])


def _level(row: Row | None) -> int:
    return row.level if row is not None else 0


def _levels(stored: Mapping[RowKey, Row]) -> dict[str, int]:
    """How many thresholds any of the rows has reached, by term."""
    levels: dict[str, int] = {}
    for key, row in stored.items():
        levels[key.term] = max(levels.get(key.term, 0), row.level)
    return levels
