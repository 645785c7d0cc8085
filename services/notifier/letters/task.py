"""Writing a letter when it is due: its threshold, its words and its recipients are decided now. Nothing is sent here."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.contact import School
from services.notifier.contacts.recipients import recipients
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.case import Case, Past, Waiting, bound, passed, said_of
from services.notifier.letters.policy import (
    Decision,
    DueLetter,
    Never,
    NotNow,
    OnHold,
    Policy,
    PolicyDefaults,
    cap_of,
    chosen,
    decide,
    with_defaults,
)
from services.notifier.letters.repository import cases, holds, letters, policies, releases
from services.notifier.letters.writing import LetterWriter, Sheet
from services.notifier.staff_mail.repository import notices
from services.notifier.templates.repository import templates
from shared.clock import Clock
from shared.identifiers import delivery_id
from shared.telemetry import metrics
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

log = structlog.get_logger()

# Never given up: what is due waits for its school's name, or for us to mend what is wrong.
BACKOFF: Final = Backoff(timedelta(seconds=2), timedelta(minutes=10), most_attempts=None)

SUPERSEDED: Final = Done("the letter is no longer due by this item")

DUE: Final = frozenset({"held", "on-hold"})
"""States of letters that a work item looks at: a letter that waits for something else gets a new item when that has come."""


@dataclass(frozen=True, slots=True)
class LetterTask:
    """Binds a letter: threshold, words and recipients are final, and each recipient's delivery is put on the worklist.

    Or else the school's policy has none, or the letter must wait: for the window, for staff, or for a person to release it.
    """

    engine: AsyncEngine
    writer: LetterWriter
    clock: Clock
    defaults: PolicyDefaults = field(default_factory=PolicyDefaults)
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
            if waiting is None or waiting.work_id != item.id or waiting.state not in DUE:
                return SUPERSEDED
            outcome = await self._bind(connection, case, waiting)
        log.info("letter.due", letter=str(waiting.id), outcome=outcome.detail)
        return outcome

    async def _bind(self, connection: AsyncConnection, case: Case, waiting: Waiting) -> Outcome:
        now = self.clock()
        threshold = case.wanted()
        if threshold is None:
            await cases.save(connection, case, replace(case, waiting=None), now)
            metrics.LETTERS.labels("cancelled").inc()
            return Done("cancelled")
        school = await contacts.school(connection, case.school)
        if school is None:
            return Retry("the school has not been sent yet")
        policy = with_defaults(await policies.current(connection, case.school), self.defaults)
        waiting = replace(waiting, threshold=threshold)
        decision = await self._decide(connection, case, waiting, school, policy, now)
        match decision:
            case Never(reason):
                return await self._end(connection, case, waiting, reason, now)
            case OnHold(until):
                return await self._put_off(connection, waiting, replace(waiting, state="on-hold"), until, "held by staff", now)
        if await letters.told_already(connection, case, threshold):
            return await self._end(connection, case, waiting, "told-already", now)
        contact = await contacts.contact(connection, case.student_id)
        bad = await bad_addresses.among(connection, case.school, contact.addresses()) if contact is not None else ()
        decided = await decisions.of(connection, case.school)
        caregivers = contact.caregivers if contact is not None else ()
        to = recipients(caregivers, decisions=decided, bad=bad, texts=self.writer.texts is not None)
        if contact is None or not to:
            await letters.mark_no_contact(connection, waiting.id)
            metrics.LETTERS.labels("no-contact").inc()
            return Done("no contact")
        if isinstance(decision, NotNow):
            return await self._put_off(
                connection, waiting, replace(waiting, state="held"), decision.until, "outside the school's window", now
            )
        if not waiting.released and not await self._takes_place(connection, school, policy, now):
            await letters.mark_awaiting_release(connection, waiting, now)
            metrics.LETTERS.labels("awaiting-release").inc()
            return Done("awaiting release")
        to = chosen(policy, to)
        await letters.mark_bound(connection, waiting, now)
        await cases.save(connection, replace(case, waiting=None), bound(replace(case, waiting=waiting), threshold), now)
        sheet = Sheet(threshold, case, school, contact, await templates.in_force(connection, school.school, threshold))
        for recipient in to:
            parcel, written = self.writer.write(sheet, recipient, delivery_id(waiting.id, recipient.address), now)
            await deliveries.add(connection, waiting.id, parcel, sheet.told)
            if parcel.channel == "email":
                await templates.note_used(connection, parcel.id, written.language, written.version)
        if policy.staff_copy is not None:
            await notices.add_staff_copy(connection, school.school, waiting.id, policy.staff_copy, self.writer.message_id_domain, now)
        metrics.LETTERS.labels("bound").inc()
        return Done(f"{len(to)} deliveries")

    async def _decide(
        self, connection: AsyncConnection, case: Case, waiting: Waiting, school: School, policy: Policy, now: datetime
    ) -> Decision:
        calendar = school.calendar()
        due = DueLetter(waiting.threshold, said_of(case, waiting.threshold), waiting.released or waiting.state == "on-hold")
        held = await holds.of(connection, case.student_id, case.term)
        return decide(policy, due, calendar.term_named(case.term), held, calendar, self.defaults.tell_within, now)

    async def _takes_place(self, connection: AsyncConnection, school: School, policy: Policy, now: datetime) -> bool:
        students = await contacts.count_of_school(connection, school.school) if policy.daily_cap is None else 0
        cap = cap_of(policy, students, least=self.defaults.cap_least, share=self.defaults.cap_share)
        today = school.calendar().today(now)
        if await policies.take_place(connection, school.school, today, cap):
            return True
        decisions = await releases.decisions(connection, school.school)
        is_news = await notices.add_release(connection, school.school, today, decisions, self.writer.message_id_domain, now)
        # Where a person lets every letter go, a waiting letter is no alarm.
        if is_news and cap:
            metrics.LETTER_FLOODS.inc()
            log.warning("letters.flood", school=school.school, day=str(today), cap=cap)
        return False

    async def _end(self, connection: AsyncConnection, case: Case, waiting: Waiting, reason: Past, now: datetime) -> Outcome:
        await letters.mark_past(connection, waiting, reason)
        await cases.save(connection, replace(case, waiting=None), passed(case, reason), now)
        metrics.LETTERS.labels("past").inc()
        return Done(f"past: {reason}")

    async def _put_off(
        self, connection: AsyncConnection, before: Waiting, waiting: Waiting, until: datetime, why: str, now: datetime
    ) -> Outcome:
        await letters.put_off(connection, waiting, until)
        if waiting.state == "on-hold" and before.state != "on-hold":
            metrics.LETTERS.labels("on-hold").inc()
        return Retry(why, after=until - now)
