"""Students stored and published: under the keys that the engine knows them by."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.students.identities import Holding, Identities
from services.ingest.students.quiet import quietened
from services.ingest.students.repository import identities as stored_identities
from services.ingest.students.repository import students
from shared.bus.interface import Outgoing
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.events.envelope import Event, new_event_id, tombstone
from shared.identifiers import NAMESPACE, holder_key, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.turns import in_turns

LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""In place of the time: the moment right after the last one will do."""


async def publishable(connection: AsyncConnection, known: Identities, updates: Sequence[StudentUpdated]) -> list[StudentUpdated]:
    """The updates of stored entries as all others get to know them. In place of one of a child who is published by another key, that one
    is published again: what stands under each key about a caregiver counts for the child's letters."""
    targets = {into for update in updates if (into := known.merged.get(update.student)) is not None}
    others = {other for key in targets | {update.student for update in updates} for other in known.others(key)}
    there = await students.stored(connection, known.school, targets | others) if targets or others else {}
    again = sorted((targets & there.keys()) - {update.student for update in updates})
    at = await moments.next_of(connection, known.school, LONG_AGO) if again else LONG_AGO
    there |= {update.student: update for update in updates if update.student in there}
    sent = [*updates, *(replace(there[into], updated_at=at) for into in again)]
    quiet = await students.quiet_words(connection, known.school, there.keys() | {update.student for update in sent})
    there = _quietened(there, quiet)
    sent = [quietened(update, quiet.get(update.student, ())) for update in sent]
    return [now for update in sent if (now := known.published(update, there)) is not None]


async def publish(connection: AsyncConnection, known: Identities, updates: Sequence[StudentUpdated]) -> None:
    """Publishes updates with the caller's transaction."""
    sent = await publishable(connection, known, updates)
    await outbox.add(connection, [_updated(update) async for update in in_turns(sent)])


async def forget(connection: AsyncConnection, known: Identities, gone: Collection[str]) -> None:
    """Forgets children who have left, here and everywhere; one who is still there under another key is published by that one."""
    others = {other for student in gone for other in known.others(student)} - set(gone)
    into = {known.merged[student] for student in gone if student in known.merged} - set(gone)
    remaining = await students.stored(connection, known.school, others | into) if others or into else {}
    at = await moments.next_of(connection, known.school, LONG_AGO) if remaining else LONG_AGO
    quiet = await students.quiet_words(connection, known.school, remaining) if others else {}
    by_other, forgotten = known.leaving(gone, _quietened(remaining, quiet), at)
    await students.remove(connection, known.school, gone)
    await outbox.add(connection, [*map(_updated, by_other), *(_gone(known, student) for student in forgotten)])
    await publish(connection, known, [replace(remaining[student], updated_at=at) for student in sorted(into & remaining.keys())])


async def give_key_away(
    connection: AsyncConnection, known: Identities, key: str, earlier: StudentUpdated, now: datetime, why: str
) -> Identities:
    """Lets another child have a key, and asks the school about it. The earlier one leaves the roll, under the key that is theirs."""
    before = known.holdings.get(key)
    number = before.number + 1 if before is not None else 2
    while await students.stored(connection, known.school, [holder_key(key, number)]):
        number += 1
    # The register keeps the moments of marks in milliseconds.
    since = now.replace(microsecond=now.microsecond // 1000 * 1000)
    holding = Holding(key, holder_key(key, number), since, number)
    await stored_identities.hold(connection, known.school, *holding)
    question = uuid.uuid5(NAMESPACE, f"identity/{known.school}/{holding.student}")
    pair = [earlier.student, holding.student]
    named = replace(earlier, caregivers=[], nsn=None)
    await stored_identities.ask(connection, question, known.school, "key-reused", pair, why, now, named)
    await forget(connection, known, [earlier.student])
    return Identities(known.school, {**known.holdings, key: holding}, known.merged)


async def store_as(connection: AsyncConnection, known: Identities, student: StudentUpdated, key: str, now: datetime) -> StudentUpdated:
    """Stores a child's entry under another of the engine's keys, in place of the one it has."""
    moved = replace(student, student=key, student_id=student_id(known.school, key), updated_at=now)
    quiet = (await students.quiet_words(connection, known.school, [student.student])).get(student.student)
    await students.remove(connection, known.school, [student.student])
    await students.put(connection, [moved], quiet)
    return moved


def _quietened(entries: Mapping[str, StudentUpdated], quiet: Mapping[str, Collection[str]]) -> dict[str, StudentUpdated]:
    return {key: quietened(entry, quiet.get(key, ())) for key, entry in entries.items()}


def _updated(student: StudentUpdated) -> Outgoing:
    return Event(STUDENT_UPDATED, new_event_id(), "/ingest", student.updated_at, str(student.student_id), student).encode()


def _gone(known: Identities, student: str) -> Outgoing:
    return tombstone(STUDENT_UPDATED.topic.name, str(student_id(known.school, student)))
