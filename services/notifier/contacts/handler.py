"""The topics of schools and students: one batch of messages, one transaction."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.contact import Contact, School, school_of
from services.notifier.contacts.recipients import recipients
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from shared.batch import Batch, BatchHandler
from shared.erasures.passing import erased_among
from shared.events import topics
from shared.events.calendars import BAD_CALENDAR, fault_of
from shared.events.data import SchoolUpdated, StudentUpdated
from shared.events.envelope import Event, Tombstone
from shared.events.school_years import merged
from shared.identifiers import uuid_or_none
from shared.key_holders import repository as key_holders
from shared.key_holders.repository import Holder


@dataclass(frozen=True, slots=True)
class RosterChange:
    """The changes of a batch: schools that were sent, students who left, and students of whom somebody can be written to now."""

    schools: frozenset[str]
    left: frozenset[uuid.UUID]
    reachable: frozenset[uuid.UUID]


Follower = Callable[[AsyncConnection, RosterChange, datetime], Awaitable[None]]
"""The work of another room after a change of the roster, in the batch's transaction."""


@dataclass(slots=True)
class _Roster:
    """The last state of each school and student in a batch. Students who left are forgotten before those who (re)joined are kept."""

    schools: dict[str, School] = field(default_factory=dict)
    joined: dict[uuid.UUID, Contact] = field(default_factory=dict)
    left: set[uuid.UUID] = field(default_factory=set)
    holders: set[Holder] = field(default_factory=set)

    def school(self, data: SchoolUpdated) -> None:
        earlier = self.schools.get(data.school)
        if earlier is None or data.updated_at > earlier.updated_at:
            self.schools[data.school] = school_of(data if earlier is None else merged(earlier.event(), data))

    def student(self, data: StudentUpdated) -> None:
        if data.key and data.key_since:
            self.holders.add(Holder(data.school, data.key, data.student, data.key_since))
        earlier = self.joined.get(data.student_id)
        if earlier is None or data.updated_at > earlier.updated_at:
            # The national student number stays behind: no letter needs it.
            self.joined[data.student_id] = Contact(
                data.student_id,
                data.school,
                data.given_name,
                data.family_name,
                data.year_level,
                tuple(data.caregivers),
                data.updated_at,
                tuple(data.groups),
                tuple(data.other_caregivers),
            )

    def gone(self, student_id: uuid.UUID) -> None:
        self.joined.pop(student_id, None)
        self.left.add(student_id)


@dataclass(kw_only=True)
class RosterHandler(BatchHandler):
    """Keeps the roster, and then has the `followers` act on what changed, in their order."""

    followers: Sequence[Follower]

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch; no partition ever has to wait."""
        roster, now = _roster(batch), batch.now
        await contacts.put_schools(connection, list(roster.schools.values()))
        await key_holders.keep(connection, roster.holders)
        lost = await contacts.forget(connection, roster.left)
        erased = await erased_among(connection, roster.joined.keys())
        joined = [contact for contact in roster.joined.values() if not erased.hide(contact.student_id, contact.updated_at)]
        newer, replaced = await contacts.put(connection, joined)
        # Whether texts are sent, and which addresses are bad, is asked when the letter is written.
        decided = await decisions.of_schools(connection, {roster.joined[student_id].school for student_id in newer})
        reachable = {
            contact.student_id
            for contact in (roster.joined[student_id] for student_id in newer)
            if recipients(contact.caregivers, elsewhere=contact.elsewhere, decisions=decided[contact.school], texts=True, paper="unreached")
        }
        change = RosterChange(frozenset(roster.schools), frozenset(roster.left), frozenset(reachable))
        for follow in self.followers:
            await follow(connection, change, now)
        # After the followers, which lock cases: everybody who locks a case and marks or clears an address does so in this order.
        await bad_addresses.clear_disused(connection, lost | replaced, now)


def _roster(batch: Batch) -> _Roster:
    roster = _Roster()
    for message, event in batch.events:
        match event:
            case Event(data=SchoolUpdated() as data):
                if (fault := fault_of(data)) is not None:
                    batch.refuse(message, BAD_CALENDAR, fault, school=data.school)
                else:
                    roster.school(data)
            case Event(data=StudentUpdated() as data):
                roster.student(data)
            case Tombstone(key) if message.topic == topics.STUDENTS.name:
                student_id = uuid_or_none(key)
                if student_id is None:
                    batch.refuse(message, "bad-key", "the key is not a student's id")
                else:
                    roster.gone(student_id)
    return roster
