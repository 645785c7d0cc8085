"""Letters of one day to one family, which a school may choose to send in one e-mail: what waits for what, and what goes together. Pure."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifier.contacts.contact import Contact, School
from services.notifier.contacts.correspondents import Decisions
from services.notifier.contacts.families import caregivers_in_common
from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.sending_window import next_opening
from services.notifier.letters.policy import Policy
from shared.addresses import address_key
from shared.same_name import same_name


@dataclass(frozen=True, slots=True)
class Beside:
    """A letter that waits, about another student (`student_id`) at whose caregivers' addresses the student `of` has one, too."""

    of: uuid.UUID
    letter_id: uuid.UUID
    work_id: uuid.UUID
    student_id: uuid.UUID
    term: str
    school: str
    due_at: datetime


def waits_until(
    contact: Contact | None,
    beside: Iterable[Beside],
    people: Mapping[uuid.UUID, Contact],
    decisions: Decisions,
    school: School,
    policy: Policy,
    now: datetime,
) -> datetime | None:
    """Until when the student's letter waits for the family's other letters of the day; None for one that has none to wait for. The policy
    names its window (`with_defaults`)."""
    if contact is None:
        return None
    calendar = school.calendar()
    moments = [
        one.due_at
        for one in beside
        if one.of == contact.student_id
        and one.due_at > now
        and calendar.today(one.due_at) == calendar.today(now)
        and next_opening(policy.window, calendar, one.due_at) == one.due_at
        and (other := people.get(one.student_id)) is not None
        and caregivers_in_common(contact, other, decisions)
    ]
    return max(moments, default=None)


def envelopes(going: Sequence[tuple[uuid.UUID, str, Recipient]]) -> dict[uuid.UUID, uuid.UUID]:
    """The envelope of each delivery that goes with another: letters of one school by e-mail to one person's mailbox. `going` has each
    delivery with its school and recipient; one that goes by itself has no envelope. An envelope's id is that of the delivery which takes
    the others along."""
    found: dict[tuple[str, str], list[tuple[tuple[str, ...], list[uuid.UUID]]]] = {}
    for delivery, school, recipient in sorted(going, key=lambda one: one[0]):
        if recipient.channel != "email":
            continue
        of_mailbox = found.setdefault((school, address_key(recipient.address)), [])
        group = next((ids for names, ids in of_mailbox if _same_people(names, recipient.names)), None)
        if group is None:
            of_mailbox.append((recipient.names, [delivery]))
        else:
            group.append(delivery)
    groups = [ids for of_mailbox in found.values() for _, ids in of_mailbox if len(ids) > 1]
    return {delivery: ids[0] for ids in groups for delivery in ids}


def _same_people(names: Sequence[str], others: Sequence[str]) -> bool:
    return any(same_name(name, other) for name in names for other in others)
