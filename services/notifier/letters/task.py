"""Writing a letter when it is due: its threshold, its words and its recipients are decided now. Nothing is sent here."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.contact import School
from services.notifier.contacts.recipients import Recipient
from services.notifier.contacts.repository import contacts
from services.notifier.delivery.deliveries.enveloping import FOLLOWS_AFTER, STAGGER
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.letters.case import Case, Past, Waiting, bound, is_so, passed, said_of
from services.notifier.letters.desk import Desk
from services.notifier.letters.envelopes import Beside, envelopes, waits_until
from services.notifier.letters.policy import (
    Decision,
    DueLetter,
    Never,
    NotNow,
    OnHold,
    Policy,
    PolicyDefaults,
    chosen,
    decide,
    in_time,
    may_have_left,
    on_paper,
)
from services.notifier.letters.repository import cases, letters, policies, releases
from services.notifier.letters.writing import LetterWriter, Sheet
from services.notifier.replies.choice import RepliesChoice
from services.notifier.replies.linking import Linker
from services.notifier.replies.reply import Sent
from services.notifier.replies.tokens import PLACEHOLDER
from services.notifier.staff_mail.repository import notices
from services.notifier.templates.rendering.occasion import Written
from shared.clock import Clock
from shared.db.errors import is_transient
from shared.identifiers import delivery_id
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import WorkItem
from shared.worklist.tasks import Backoff, Done, Outcome, Retry

log = structlog.get_logger()

# Never given up: what is due waits for its school's name, or for us to mend what is wrong.
BACKOFF: Final = Backoff(timedelta(seconds=2), timedelta(minutes=10), most_attempts=None)

SUPERSEDED: Final = Done("the letter is no longer due by this item")

DUE: Final = frozenset({"held", "on-hold"})
"""States of letters that a work item looks at: a letter that waits for something else gets a new item when that has come."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A letter whose words are written, and the outcome of its item. `cap`: how many may go on the school's day, where that counts."""

    item: WorkItem
    case: Case
    waiting: Waiting
    sheet: Sheet
    policy: Policy
    cap: int | None
    parcels: Sequence[tuple[Parcel, Written]]
    recipients: Mapping[UUID, Recipient]

    @property
    def outcome(self) -> Outcome:
        return Done(f"{len(self.parcels)} deliveries")

    def deliveries(self, in_envelopes: Mapping[UUID, UUID]) -> list[deliveries.NewDelivery]:
        """The deliveries that it makes, each in its envelope, where it has one: the first of an envelope goes now."""
        return [
            deliveries.NewDelivery(
                self.waiting.id,
                self.sheet.school.school,
                parcel,
                self.sheet.told,
                form.language if parcel.channel != "text" else None,
                form.version if parcel.channel != "text" else None,
                envelope=in_envelopes.get(parcel.id),
                due_at=_due_in(in_envelopes, parcel),
            )
            for parcel, form in self.parcels
        ]

    def links(self) -> list[tuple[Sent, str, RepliesChoice]]:
        """The parcels that were written with a link, each with its language and what the school chose."""
        choice, case = self.policy.replies, self.case
        threshold = self.waiting.threshold
        if choice is None or threshold is None:
            return []
        return [
            (
                Sent(
                    delivery_id=parcel.id,
                    letter_id=self.waiting.id,
                    school=case.school,
                    student=case.student,
                    student_id=case.student_id,
                    term=case.term,
                    threshold=threshold,
                    channel=parcel.channel,
                ),
                self.recipients[parcel.id].language,
                choice,
            )
            for parcel, _ in self.parcels
            if PLACEHOLDER in parcel.text
        ]


@dataclass(frozen=True, slots=True)
class LetterTask:
    """Binds letters: threshold, words and recipients are final, and each recipient's delivery is put on the worklist.

    Or else the school's policy has none, or the letter must wait: for the window, for staff, or for a person to release it. Those that are
    due at one moment are decided and written together, in one transaction.
    """

    engine: AsyncEngine
    writer: LetterWriter
    clock: Clock
    defaults: PolicyDefaults = field(default_factory=PolicyDefaults)
    backoff: Backoff = BACKOFF
    lease: timedelta = timedelta(minutes=1)
    linker: Linker | None = None
    kind: ClassVar[str] = letters.WORK_KIND

    async def perform(self, item: WorkItem) -> Outcome:
        """Writes the letter, in a transaction of its own; an item that comes twice finds it written."""
        [(_, outcome)] = await self._bind_together([item])
        return outcome

    async def perform_all(self, items: Sequence[WorkItem]) -> AsyncIterator[tuple[WorkItem, Outcome]]:
        """Writes letters together; where one of them can't be written, each has a transaction of its own."""
        try:
            ended = await self._bind_together(items)
        except Exception as error:
            if is_transient(error):
                raise
            log.warning("letters.one_by_one", letters=len(items), error=type(error).__name__)
            for item in items:
                yield item, await self._perform_or_not(item)
            return
        for item, outcome in ended:
            yield item, outcome

    async def _perform_or_not(self, item: WorkItem) -> Outcome:
        """Writes the letter with its family's others, or else by itself: where one of them can't be written, this one goes all the same."""
        failure = ""
        for alone in (False, True):
            try:
                [(_, outcome)] = await self._bind_together([item], alone=alone)
                return outcome
            except Exception as error:
                failure = type(error).__name__
        log.warning("work.raised", kind=item.kind, item=str(item.id), attempt=item.attempt, error=failure)
        return Retry(failure)

    async def settle_all(self, connection: AsyncConnection, ended: Sequence[tuple[WorkItem, Outcome]]) -> None:
        """Cancels items that were put off where the letter has got another one meanwhile, or has ended.

        Should that come about at this very moment, the item stays, and finds out when it is due: whoever changes the letter may be waiting
        for the item, so nobody waits for the letter here.
        """
        put_off = [item.id for item, outcome in ended if isinstance(outcome, Retry)]
        for item in set(put_off) - await letters.waited_for(connection, put_off) if put_off else ():
            await worklist.cancel(connection, item, self.clock())

    async def _bind_together(self, items: Sequence[WorkItem], *, alone: bool = False) -> list[tuple[WorkItem, Outcome]]:
        now = self.clock()
        async with self.engine.begin() as connection:
            ended: list[tuple[WorkItem, Outcome]] = []
            due: list[tuple[WorkItem, Case, Waiting]] = []
            keys = await letters.of_works(connection, [item.id for item in items])
            together, others = ([], []) if alone else await self._beside(connection, keys, now)
            keys |= {item.id: key for item, key in others}
            locked = await cases.lock(connection, {(key.student_id, key.term) for key in keys.values()}) if keys else {}
            for item in [*items, *(item for item, _ in others)]:
                key = keys.get(item.id)
                case = locked[key.student_id, key.term] if key is not None else None
                waiting = next((letter for letter in case.in_wait() if letter.work_id == item.id), None) if case is not None else None
                if case is None or waiting is None or waiting.state not in DUE:
                    ended.append((item, SUPERSEDED))
                elif waiting.occasion is not None:
                    due.append((item, case, waiting))
                elif (threshold := case.wanted()) is None:
                    await cases.save(connection, case, replace(case, waiting=None), now)
                    metrics.LETTERS.labels("cancelled").inc()
                    ended.append((item, Done("cancelled")))
                else:
                    due.append((item, case, replace(waiting, kind=threshold)))
            if due:
                ended += await self._bind(connection, due, together, now)
        claimed = {item.id for item in items}
        ended = [(item, outcome) for item, outcome in ended if item.id in claimed]
        for item, outcome in ended:
            key = keys.get(item.id)
            log.info("letter.due", letter=str(key.id) if key is not None else None, outcome=outcome.detail)
        return ended

    async def _beside(
        self, connection: AsyncConnection, keys: Mapping[UUID, letters.LetterKey], now: datetime
    ) -> tuple[list[Beside], list[tuple[WorkItem, letters.LetterKey]]]:
        """The letters that wait beside those of these keys, at schools which send a family's letters together; and those of them that are
        due, which are written now as well. Their own items find that out."""
        chosen = await policies.current_of(connection, {key.school for key in keys.values()}) if keys else {}
        schools = {school for school, policy in chosen.items() if policy.together}
        students = {key.student_id for key in keys.values() if key.school in schools}
        if not students:
            return [], []
        await contacts.index_addresses(connection, schools=schools)
        beside = await letters.beside(connection, students)
        due = {one.work_id: one for one in beside if one.due_at <= now and one.work_id not in keys}
        others = [
            (WorkItem(one.work_id, self.kind, 0, one.work_id, now), letters.LetterKey(one.letter_id, one.student_id, one.term, one.school))
            for one in due.values()
        ]
        return beside, others

    async def _bind(
        self, connection: AsyncConnection, due: Sequence[tuple[WorkItem, Case, Waiting]], together: Sequence[Beside], now: datetime
    ) -> list[tuple[WorkItem, Outcome]]:
        desk = await Desk.of(connection, [(case, waiting.kind) for _, case, waiting in due], self.defaults, now, together=together)
        written: list[_Written] = []
        ended: list[tuple[WorkItem, Outcome]] = []
        for item, case, waiting in due:
            result = await self._write(connection, desk, item, case, waiting, now)
            if isinstance(result, _Written):
                written.append(result)
                # Letters that are being sent by this process have their turn in between.
                await asyncio.sleep(0)
            else:
                ended.append((item, result))
        # Written before their places are taken: until the commit, the schools' other letters wait for the day's rows.
        going, kept = await self._with_places(connection, desk, written, now)
        await letters.mark_bound(connection, [one.waiting for one in going], now)
        await cases.save_all(
            connection,
            [
                (replace(one.case, waiting=None), bound(replace(one.case, waiting=one.waiting), one.waiting.threshold))
                for one in going
                if one.waiting.threshold is not None
            ],
            now,
        )
        in_envelopes = envelopes(
            [
                (delivery, one.case.school, recipient)
                for one in going
                if one.policy.together
                for delivery, recipient in one.recipients.items()
            ]
        )
        await deliveries.add(connection, [delivery for one in going for delivery in one.deliveries(in_envelopes)], now)
        if self.linker is not None:
            await self.linker.note(connection, [link for one in going for link in one.links()], now)
        for one in going:
            # Of hundreds of statements, nobody reads a copy.
            if (copy := one.policy.staff_copy) is not None and one.waiting.occasion is None:
                domain = self.writer.message_id_domain
                await notices.add_staff_copy(connection, one.sheet.school.school, one.waiting.id, copy, domain, now)
        metrics.LETTERS.labels("bound").inc(len(going))
        return [*ended, *((one.item, one.outcome) for one in going), *kept]

    async def _write(
        self, connection: AsyncConnection, desk: Desk, item: WorkItem, case: Case, waiting: Waiting, now: datetime
    ) -> _Written | Outcome:
        """The letter in words, or what became of it instead."""
        school, policy = desk.schools.get(case.school), desk.policies[case.school]
        if school is None:
            return Retry("the school has not been sent yet")
        decision = self._decide(desk, case, waiting, school, policy, now)
        match decision:
            case Never(reason):
                return await self._end(connection, case, waiting, reason, now)
            case OnHold(until):
                return await self._put_off(connection, waiting, replace(waiting, state="on-hold"), until, "held by staff", now)
        if not is_so(case, waiting):
            return await self._end(connection, case, waiting, "not-so-now", now)
        if waiting.occasion is None and case.student_id in desk.told:
            return await self._end(connection, case, waiting, "told-already", now)
        contact = desk.contacts.get(case.student_id)
        to = desk.recipients(case, texts=self.writer.texts is not None, paper=on_paper(policy, waiting.threshold))
        if contact is None or not to:
            if waiting.occasion is not None:
                # Nobody is to be rung because there was good news that could not be sent.
                return await self._end(connection, case, waiting, "no-contact", now)
            await letters.mark_no_contact(connection, waiting.id)
            metrics.LETTERS.labels("no-contact").inc()
            return Done("no contact")
        if isinstance(decision, NotNow):
            return await self._put_off(
                connection, waiting, replace(waiting, state="held"), decision.until, "outside the school's window", now
            )
        if policy.together and not waiting.released:
            others_at = waits_until(contact, desk.together, desk.contacts, desk.decisions[case.school], school, policy, now)
            if others_at is not None:
                held = replace(waiting, state="held")
                return await self._put_off(connection, waiting, held, others_at, "waits for the family's other letters", now)
        cap = None if waiting.released else desk.caps[case.school]
        if cap is not None and (kept := await self._kept_for_a_person(connection, desk, case, waiting, school, cap, now)):
            return kept
        link = self.linker.address(policy.replies) if self.linker is not None and waiting.occasion is None else None
        sheet = Sheet(waiting.kind, case, school, contact, desk.words[case.school, waiting.kind], link, waiting.about)
        recipients = {delivery_id(waiting.id, recipient.address): recipient for recipient in chosen(policy, to)}
        parcels = [self.writer.write(sheet, recipient, delivery, now) for delivery, recipient in recipients.items()]
        return _Written(item, case, waiting, sheet, policy, cap, parcels, recipients)

    def _decide(self, desk: Desk, case: Case, waiting: Waiting, school: School, policy: Policy, now: datetime) -> Decision:
        calendar = school.calendar()
        due = DueLetter(
            waiting.threshold, _said_at(case, waiting), waiting.released or waiting.state == "on-hold", case.term, waiting.occasion
        )
        held = desk.holds.get((case.student_id, case.term), ())
        term = calendar.term_named(case.term)
        decision = decide(policy, due, term, held, calendar, self.defaults.tell_within, now)
        return in_time(decision, policy, term, calendar, now, waiting.occasion)

    async def _with_places(
        self, connection: AsyncConnection, desk: Desk, written: Sequence[_Written], now: datetime
    ) -> tuple[list[_Written], list[tuple[WorkItem, Outcome]]]:
        """The letters that go, and those past the day's cap, which wait for a person."""
        counted = Counter(one.case.school for one in written if one.cap is not None)
        wishes = {
            school: policies.Wish(desk.schools[school].calendar().today(now), letters, desk.caps[school])
            for school, letters in counted.items()
        }
        places = await policies.take_places(connection, wishes)
        going: list[_Written] = []
        kept: list[tuple[WorkItem, Outcome]] = []
        for one in written:
            if one.cap is None:
                going.append(one)
            elif places[one.case.school] > 0:
                places[one.case.school] -= 1
                going.append(one)
            else:
                kept.append((one.item, await self._keep_back(connection, one.waiting, one.sheet.school, one.cap, now)))
        return going, kept

    async def _kept_for_a_person(
        self, connection: AsyncConnection, desk: Desk, case: Case, waiting: Waiting, school: School, cap: int, now: datetime
    ) -> Outcome | None:
        """The end of the item of a letter that only a person may let go, as far as that is known before it is written; None for any other.

        Besides those past the day's cap, it may be one that left before the database was restored: a person can look into the mailbox.
        """
        restored_at, policy = desk.restored_at, desk.policies[case.school]
        said_at = _said_at(case, waiting)
        if restored_at is None or not may_have_left(policy, self.defaults.hold, said_at, school.calendar(), restored_at):
            if desk.going[case.school] < cap:
                return None
            return await self._keep_back(connection, waiting, school, cap, now)
        today, decisions = school.calendar().today(now), await releases.decisions(connection, school.school)
        if await notices.add_release(
            connection, school.school, today, decisions, self.writer.message_id_domain, now, restored_at=restored_at
        ):
            log.warning("letters.may_have_left", school=school.school, restored_at=restored_at.isoformat())
        return await self._wait_for_release(connection, waiting, now)

    async def _keep_back(self, connection: AsyncConnection, waiting: Waiting, school: School, cap: int, now: datetime) -> Outcome:
        """More letters than the day's cap wait until a person lets them go, who is told of it once."""
        today = school.calendar().today(now)
        await policies.keep_back(connection, school.school, today)
        decisions = await releases.decisions(connection, school.school)
        is_news = await notices.add_release(connection, school.school, today, decisions, self.writer.message_id_domain, now)
        # Where a person lets every letter go, a waiting letter is no alarm.
        if is_news and cap:
            metrics.LETTER_FLOODS.inc()
            log.warning("letters.flood", school=school.school, day=str(today), cap=cap)
        return await self._wait_for_release(connection, waiting, now)

    async def _wait_for_release(self, connection: AsyncConnection, waiting: Waiting, now: datetime) -> Outcome:
        await letters.mark_awaiting_release(connection, waiting, now)
        metrics.LETTERS.labels("awaiting-release").inc()
        return Done("awaiting release")

    async def _end(self, connection: AsyncConnection, case: Case, waiting: Waiting, reason: Past, now: datetime) -> Outcome:
        await letters.mark_past(connection, waiting, reason)
        if waiting.occasion is None:
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


def _said_at(case: Case, waiting: Waiting) -> datetime | None:
    """The time from which a letter has been due: of its crossing's event, or of what it waits for."""
    return waiting.due_at if waiting.threshold is None else said_of(case, waiting.threshold)


def _due_in(in_envelopes: Mapping[UUID, UUID], parcel: Parcel) -> datetime | None:
    """When a delivery looks for itself; None for now. The first of an envelope takes the others along before."""
    envelope = in_envelopes.get(parcel.id)
    if envelope is None or envelope == parcel.id:
        return None
    place = sorted(delivery for delivery, other in in_envelopes.items() if other == envelope).index(parcel.id)
    return parcel.written_at + FOLLOWS_AFTER + STAGGER * place
