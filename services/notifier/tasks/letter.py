"""Writing a letter when it is due: what it is about is decided now. Nothing is sent here."""

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.letters import Case, Waiting, bound
from services.notifier.models import Contact, School
from services.notifier.recipients import Recipient, recipients, usable_address
from services.notifier.rendering import Letters, Occasion
from services.notifier.repository import cases, contacts, deliveries, letters
from services.notifier.transports.interface import Parcel
from shared.clock import Clock
from shared.identifiers import delivery_id
from shared.telemetry import metrics
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

log = structlog.get_logger()

# Never given up: what is due waits for its school's name, or for us to mend what is wrong.
BACKOFF: Final = Backoff(timedelta(seconds=2), timedelta(minutes=10), most_attempts=None)

SUPERSEDED: Final = Done("the letter is no longer due by this item")


@dataclass(frozen=True, slots=True)
class LetterTask:
    """Binds a letter: threshold, words and recipients are final, and each recipient's delivery is put on the worklist."""

    engine: AsyncEngine
    words: Letters
    message_id_domain: str
    clock: Clock
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=1)
    kind: ClassVar[str] = letters.WORK_KIND

    async def perform(self, item: WorkItem) -> Outcome:
        """Writes the letter, in a transaction of its own; an item that comes twice finds it written."""
        async with self.engine.begin() as connection:
            key = await letters.of_work(connection, item.id)
            if key is None:
                return SUPERSEDED
            case = (await cases.lock(connection, [(key.student_id, key.term)]))[key.student_id, key.term]
            waiting = case.waiting
            if waiting is None or waiting.work_id != item.id or waiting.state != "held":
                return SUPERSEDED
            outcome = await self._bind(connection, case, waiting)
        log.info("letter.due", letter=str(waiting.id), outcome=outcome.detail)
        return outcome

    async def settle(self, connection: AsyncConnection, item: WorkItem, outcome: Outcome) -> None:
        """Nothing to keep: the letter says what became of it."""

    async def _bind(self, connection: AsyncConnection, case: Case, waiting: Waiting) -> Outcome:
        now = self.clock()
        threshold = case.wanted()
        if threshold is None:
            await cases.save(connection, case, replace(case, waiting=None), now)
            metrics.LETTERS.labels("cancelled").inc()
            return Done("cancelled")
        school = await contacts.school(connection, case.school)
        if school is None:
            return Retry("the school has not been heard of yet")
        contact = await contacts.contact(connection, case.student_id)
        to = recipients(contact.caregivers) if contact is not None else ()
        if contact is None or not to:
            await letters.mark_no_contact(connection, waiting.id)
            metrics.LETTERS.labels("no-contact").inc()
            return Done("no contact")
        waiting = replace(waiting, threshold=threshold)
        await letters.mark_bound(connection, waiting, now)
        await cases.save(connection, replace(case, waiting=None), bound(replace(case, waiting=waiting), threshold), now)
        for recipient in to:
            await deliveries.add(connection, waiting.id, self._parcel(waiting, case, school, contact, recipient))
        metrics.LETTERS.labels("bound").inc()
        return Done(f"{len(to)} deliveries")

    def _parcel(self, waiting: Waiting, case: Case, school: School, contact: Contact, recipient: Recipient) -> Parcel:
        office = usable_address(school.contact_email)
        # A header holds an address outside ASCII only where every server on the way can; nobody can write back to half of one.
        reply_to = office if office is not None and office.isascii() else None
        written = self.words.write(
            waiting.threshold,
            Occasion(
                child=contact.given_name,
                names=recipient.names,
                absent_half_days=case.absent_half_days,
                counted_at=case.counted_at,
                term=case.term,
                dates=school.term_named(case.term),
                school=school.name,
                contact_email=reply_to,
                timezone=school.timezone,
            ),
        )
        id_: uuid.UUID = delivery_id(waiting.id, recipient.address)
        return Parcel(
            id=id_,
            channel="email",
            recipient=recipient.address,
            sender_name=school.name,
            reply_to=reply_to,
            subject=written.subject,
            text=written.text,
            html=written.html,
            message_id=f"<{id_}@{self.message_id_domain}>",
            written_at=self.clock(),
        )
