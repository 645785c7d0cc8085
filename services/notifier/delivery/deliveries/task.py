"""Sending a letter to one recipient, until it is sent, will never be, or must not be any more."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.contacts.contact import Contact
from services.notifier.contacts.correspondents import Decisions, may_receive
from services.notifier.contacts.recipients import Channel
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.delivery.bounces import repository as bounces
from services.notifier.delivery.bounces.recording import record
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.deliveries.announcing import say_sent
from services.notifier.delivery.deliveries.delivery import DeliveryKey, DueDelivery, KeptBack
from services.notifier.delivery.deliveries.enveloping import FOLLOWS_AFTER, STAGGER, in_one_envelope
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.interface import Parcel, Transport
from services.notifier.delivery.transports.outcomes import Away, Deferred, Full, Ours, Refused, Undelivered, Unwanted
from services.notifier.delivery.transports.rate import LONGEST_WAIT
from shared.addresses import address_key
from shared.clock import Clock
from shared.telemetry import metrics
from shared.worklist import repository as worklist
from shared.worklist.repository import Settlement, WorkItem
from shared.worklist.tasks import Backoff, Done, Failed, Outcome, Retry

log = structlog.get_logger()

MOST_REFUSALS: Final = 100

# Half a minute is a greylisting server's usual patience. A hundred attempts, an hour apart in the end, are about three days, which
# outlasts a weekend's outage.
BACKOFF: Final = Backoff(timedelta(seconds=30), timedelta(hours=1), most_attempts=MOST_REFUSALS)

FULL_PAUSE: Final = timedelta(hours=4)
FULL_FOR: Final = timedelta(days=5)
"""How long a mailbox may stay full before its letter is given up: what RFC 5321, section 4.5.4.1, has servers try for."""

DELIVER_WITHIN: Final = timedelta(days=14)
"""How long a letter is tried while our own side, or the other's, is out of order. After that the letter is out of date."""

MARGIN: Final = timedelta(minutes=1)
"""The time that the lease leaves beyond the transport's own bound, so that no second attempt begins while one can still succeed."""

SOFT_LIMIT: Final = 3

FRESH: Final = 1.0
"""Seconds for which a look at what is to be sent holds. A delivery that has waited longer for its turn is looked at once more, so that a
letter that was withdrawn meanwhile does not go."""

MOMENTS: Final = (0.0, 0.05, 0.1, 0.2, 0.4)
"""Seconds between looks at letters of an envelope that somebody is at: whoever it is finds out that they go with another, and is done.
Together they are less than `FRESH`."""

MOST_REMEMBERED: Final = 1_000
"""E-mails of which it is known, until their attempts are kept, which letters were in them: more than are ever under way."""

AHEAD: Final = 2
"""Deliveries that are claimed, for each that can be on its way: the next are at hand when some have gone."""


CloseLetter = Callable[[AsyncConnection, DeliveryKey, datetime], Awaitable[None]]
"""Ends the letter of a settled delivery, if nothing of it went out or still can, because it was withdrawn or its recipients are none any
more. The delivery's case is locked."""


RenewDelivery = Callable[[AsyncConnection, uuid.UUID], Awaitable[None]]
"""Writes a delivery anew by what is so now, or keeps it back."""


FinishParcel = Callable[[Parcel], Awaitable[Parcel]]
"""Puts into a parcel that goes what it is not kept with."""


IsOver = Callable[[AsyncConnection, DueDelivery, datetime], Awaitable[bool]]
"""Whether it is too late for a letter about the delivery's term."""


async def as_kept(parcel: Parcel) -> Parcel:
    """The parcel goes as it is kept."""
    return parcel


async def never_over(connection: AsyncConnection, due: DueDelivery, now: datetime) -> bool:
    """No term is over."""
    return False


@dataclass(frozen=True, slots=True)
class DeliveryTask:
    """One attempt after another, each on record before it begins. No transaction is open while the other side is spoken to."""

    engine: AsyncEngine
    transports: Mapping[Channel, Transport]
    close_letter: CloseLetter
    renew: RenewDelivery
    send_within: timedelta
    clock: Clock
    backoff: Backoff = BACKOFF
    soft_limit: int = SOFT_LIMIT
    is_over: IsOver = never_over
    finish: FinishParcel = as_kept
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    taken_along: dict[uuid.UUID, Sequence[WorkItem]] = field(default_factory=dict)
    kind: ClassVar[str] = deliveries.WORK_KIND

    @property
    def lease(self) -> timedelta:
        """The bound on one attempt."""
        return self.send_within + LONGEST_WAIT + MARGIN

    async def perform(self, item: WorkItem) -> Outcome:
        """Sends what was written, and is still so; unless it was withdrawn, or its address turned out to be a bad one."""
        async with self.engine.connect() as connection:
            due = (await deliveries.to_send(connection, [item.id])).get(item.id)
        if due is not None and due.is_stale:
            async with self.engine.begin() as connection:
                await self.renew(connection, item.id)
        async with self.engine.connect() as connection:
            due = (await deliveries.to_send(connection, [item.id])).get(item.id) if due is not None and due.is_stale else due
            is_bad = due is not None and await bad_addresses.is_bad(connection, due.school, due.parcel.recipient)
            may_go = due is None or await self._may_go(connection, due)
            over = due is not None and await self.is_over(connection, due, self.clock())
        if due is None:
            async with self.engine.begin() as connection:
                if await deliveries.is_sent(connection, item.id):
                    return Done("went with another letter to the family")
                await self._cancel(connection, item)
            return Done("withdrawn, not sent")
        if over:
            async with self.engine.begin() as connection:
                await self._keep_back(connection, item, "term-over")
            return Done("its term is over, not sent")
        if not may_go:
            async with self.engine.begin() as connection:
                await self._keep_back(connection, item, "no-correspondent")
            return Done("the recipient must not be written to any more, not sent")
        if is_bad:
            return Failed("a bad address: letters came back from it, and nothing was sent")
        if due.envelope is not None:
            return await self._send_together(item, due, due.envelope)
        return await self._send(due)

    async def perform_all(self, items: Sequence[WorkItem]) -> AsyncIterator[tuple[WorkItem, Outcome]]:
        """Looks at all of them at once, and sends as many side by side as there are places; each outcome comes when it is there."""
        looked = time.monotonic()
        ready = await self._ready(items)
        attempts = [asyncio.create_task(self._in_turn(item, ready.get(item.id), looked)) for item in items]
        try:
            for attempt in asyncio.as_completed(attempts):
                yield await attempt
        finally:
            for unfinished in attempts:
                unfinished.cancel()
            await asyncio.gather(*attempts, return_exceptions=True)

    async def _in_turn(self, item: WorkItem, due: DueDelivery | None, looked: float) -> tuple[WorkItem, Outcome]:
        try:
            async with self.places:
                waited = time.monotonic() - looked
                if waited > LONGEST_WAIT.total_seconds():
                    # Its lease is for the attempt: it is claimed anew for another one.
                    return item, Retry("waited too long for a place", timedelta(0), counts=False)
                return item, await (self._send(due) if due is not None and waited < FRESH else self.perform(item))
        except Exception as error:
            log.warning("work.raised", kind=item.kind, item=str(item.id), attempt=item.attempt, error=type(error).__name__)
            return item, Retry(type(error).__name__)

    async def _ready(self, items: Sequence[WorkItem]) -> dict[uuid.UUID, DueDelivery]:
        """The deliveries that can be sent as they are, and may be; each of the others is looked at by itself."""
        async with self.engine.connect() as connection:
            found = await deliveries.to_send(connection, [item.id for item in items])
            keys = {(due.school, address_key(due.parcel.recipient)) for due in found.values()}
            bad = await bad_addresses.among_schools(connection, keys)
            people = await contacts.contacts_of(connection, {due.student_id for due in found.values()})
            decided = await decisions.of_schools(connection, {due.school for due in found.values()})
            over: dict[tuple[str, str, str | None], bool] = {}
            for due in found.values():
                if (due.school, due.term, due.occasion) not in over:
                    over[due.school, due.term, due.occasion] = await self.is_over(connection, due, self.clock())
        return {
            id_: due
            for id_, due in found.items()
            if not due.is_stale
            and due.envelope is None
            and not over[due.school, due.term, due.occasion]
            and (due.school, address_key(due.parcel.recipient)) not in bad
            and _may_go(due, people.get(due.student_id), decided[due.school])
        }

    async def _send_together(self, item: WorkItem, due: DueDelivery, envelope: uuid.UUID) -> Outcome:
        """Sends the letters of an envelope that may go in one e-mail, if this is the first of them. Each of the others is claimed before it
        is looked at, so that nobody else sends it, or takes it back, meanwhile."""
        async with self.engine.connect() as connection:
            first, *others = await deliveries.in_envelope(connection, envelope) or [item.id]
        if first != item.id:
            return Retry("goes with another letter to the family", FOLLOWS_AFTER, counts=False)
        claimed = await self._claim_along(others)
        self._remember(item, claimed)
        fit = {one.id: found for one in claimed if (found := await self._to_take_along(one.id)) is not None}
        if unfit := [one for one in claimed if one.id not in fit]:
            now = self.clock()
            async with self.engine.begin() as connection:
                again = [Settlement(one, "retry", now, "does not go with another letter to the family") for one in unfit]
                await worklist.settle_all(connection, again, now)
                await worklist.wake(connection, self.kind)
            self._remember(item, [one for one in claimed if one.id in fit])
        return await self._send(due, [found.parcel for found in fit.values()])

    async def _claim_along(self, others: Sequence[uuid.UUID]) -> list[WorkItem]:
        """Claims other letters of an envelope, in their order. One that somebody is at is looked at again in a moment."""
        claimed: dict[uuid.UUID, WorkItem] = {}
        for pause in MOMENTS:
            if len(claimed) == len(others):
                break
            await asyncio.sleep(pause)
            left = [id_ for id_ in others if id_ not in claimed]
            async with self.engine.begin() as connection:
                found = await worklist.claim_these(connection, left, self.lease, now=self.clock(), early=True)
            claimed |= {one.id: one for one in found}
        return [claimed[id_] for id_ in others if id_ in claimed]

    def _remember(self, first: WorkItem, along: Sequence[WorkItem]) -> None:
        """Notes which letters are in the first one's e-mail. It is forgotten late: what can't be kept at once is kept again."""
        self.taken_along[first.lease] = along
        for old in list(self.taken_along)[:-MOST_REMEMBERED]:
            del self.taken_along[old]

    async def _to_take_along(self, delivery_id: uuid.UUID) -> DueDelivery | None:
        """Another delivery of an envelope as it is now; None for one that may not go, which finds that out when its own turn comes."""
        for _ in range(2):
            async with self.engine.connect() as connection:
                due = (await deliveries.to_send(connection, [delivery_id])).get(delivery_id)
                if due is None or not await self._may_go(connection, due) or await self.is_over(connection, due, self.clock()):
                    return None
            if not due.is_stale:
                return due
            async with self.engine.begin() as connection:
                await self.renew(connection, delivery_id)
        return None

    async def _send(self, due: DueDelivery, along: Sequence[Parcel] = ()) -> Outcome:
        transport = self.transports.get(due.parcel.channel)
        if transport is None:
            outcome: Outcome = Ours(f"no way out for the channel {due.parcel.channel}")
        else:
            outcome = await transport.send(in_one_envelope([await self.finish(parcel) for parcel in (due.parcel, *along)]))
        _warn(due, outcome)
        return self._judged(due, outcome)

    async def settle_all(self, connection: AsyncConnection, ended: Sequence[tuple[WorkItem, Outcome]]) -> None:
        """Keeps what became of the deliveries, and of their letters where those were withdrawn during the attempts."""
        along = {item.id: self.taken_along.get(item.lease, ()) for item, _ in ended}
        keys = await deliveries.lock_all(connection, [one.id for item, _ in ended for one in (item, *along[item.id])])
        for item, outcome in ended:
            await self._settle_along(connection, keys, item, along[item.id], outcome)
        gone = [item.id for item, outcome in ended if isinstance(outcome, Done)]
        gone += [one.id for item, outcome in ended if isinstance(outcome, Done) for one in along[item.id]]
        if gone:
            sent = await deliveries.sent(connection, gone, self.clock())
            await say_sent(connection, sent, self.clock())
            metrics.LETTERS.labels("sent").inc(len(sent))
            for at in await deliveries.crossed_at(connection, sent):
                metrics.CROSSING_TO_LETTER.observe(max((self.clock() - at).total_seconds(), 0))
        for item, outcome in ended:
            await self._settle(connection, keys[item.id], item, outcome)

    async def _settle_along(
        self,
        connection: AsyncConnection,
        keys: Mapping[uuid.UUID, DeliveryKey],
        first: WorkItem,
        along: Sequence[WorkItem],
        outcome: Outcome,
    ) -> None:
        """Ends the attempts at the letters in the first one's envelope. If it did not go, they wait: for its next attempt, or, where it has
        none, for their own."""
        if not along:
            return
        now = self.clock()
        if isinstance(outcome, Done):
            await deliveries.went_with(connection, first.id, [one.id for one in along])
            await bounces.copy(connection, first.id, [one.id for one in along])
            went = [Settlement(one, "done", detail="went with another letter to the family") for one in along]
            await worklist.settle_all(connection, went, now)
            return
        wait = FOLLOWS_AFTER if isinstance(outcome, Retry) else timedelta(0)
        why = Retry("the e-mail that it was in did not go", counts=False)
        again = [Settlement(one, "retry", now + wait + STAGGER * place, why.detail) for place, one in enumerate(along)]
        kept = await worklist.settle_all(connection, again, now)
        for one in along:
            if one.id in kept:
                await self._settle(connection, keys[one.id], one, why)

    async def _settle(self, connection: AsyncConnection, key: DeliveryKey, item: WorkItem, outcome: Outcome) -> None:
        match outcome:
            case Failed(detail):
                if await deliveries.failed(connection, item.id, detail):
                    metrics.LETTERS.labels("failed").inc()
                    if isinstance(outcome, Undelivered):
                        bounce = Bounce(outcome.bounce, outcome.code, "answer")
                        await record(connection, key, bounce, self.soft_limit, self.clock())
                    await self.close_letter(connection, key, self.clock())
            case Retry():
                if isinstance(outcome, Deferred):
                    await deliveries.refused(connection, item.id)
                reason = await deliveries.withdrawal_of(connection, item.id)
                if reason is not None:
                    await worklist.cancel(connection, item.id, self.clock())
                    await deliveries.cancelled(connection, item.id, reason)
                    await self.close_letter(connection, key, self.clock())

    def _judged(self, due: DueDelivery, outcome: Outcome) -> Outcome:
        """The outcome, unless the letter has been tried for long enough: how long is decided here, and not by the number of attempts."""
        tried_for = self.clock() - due.parcel.written_at
        match outcome:
            case Full(detail):
                if tried_for >= FULL_FOR:
                    return Refused(f"given up after {tried_for.days} days: {detail}", "5.2.2")
                return Full(detail, FULL_PAUSE, counts=False)
            case Deferred(detail) if due.refusals + 1 >= MOST_REFUSALS:
                return Refused(f"given up after {due.refusals + 1} attempts: {detail}", "4.4.7")
            case Away(detail) | Ours(detail) if tried_for >= DELIVER_WITHIN:
                return Failed(f"given up after {tried_for.days} days: {detail}")
        return replace(outcome, counts=False) if isinstance(outcome, Deferred | Away | Ours) else outcome

    async def _may_go(self, connection: AsyncConnection, due: DueDelivery) -> bool:
        """Whether the recipient is still one to write to: the roster may have changed since the letter was written."""
        contact = await contacts.contact(connection, due.student_id)
        return _may_go(due, contact, await decisions.of(connection, due.school))

    async def _keep_back(self, connection: AsyncConnection, item: WorkItem, reason: KeptBack) -> None:
        key = await deliveries.lock(connection, item.id)
        if await deliveries.cancelled(connection, item.id, reason):
            metrics.LETTERS.labels("kept-back").inc()
            log.info("delivery.kept_back", delivery=str(item.id), school=key.school, reason=reason)
            await self.close_letter(connection, key, self.clock())

    async def _cancel(self, connection: AsyncConnection, item: WorkItem) -> None:
        key = await deliveries.lock(connection, item.id)
        reason = await deliveries.withdrawal_of(connection, item.id)
        if reason is not None:
            await deliveries.cancelled(connection, item.id, reason)
        await self.close_letter(connection, key, self.clock())


def _may_go(due: DueDelivery, contact: Contact | None, decided: Decisions) -> bool:
    """Nothing is known of a student who has left: what was written about them is withdrawn by itself."""
    return contact is None or may_receive(due.parcel.recipient, contact.caregivers, decided, elsewhere=contact.elsewhere)


def _warn(due: DueDelivery, outcome: Outcome) -> None:
    """The trouble that a person has to look at, or mend."""
    channel = due.parcel.channel
    match outcome:
        case Ours(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "set-up").inc()
            log.error("delivery.misconfigured", channel=channel, delivery=str(due.parcel.id), detail=detail)
        case Away(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "away").inc()
            log.warning("delivery.away", channel=channel, delivery=str(due.parcel.id), detail=detail)
        case Unwanted(detail):
            metrics.DELIVERY_TROUBLE.labels(channel, "policy").inc()
            log.warning("delivery.unwanted", channel=channel, delivery=str(due.parcel.id), detail=detail)
