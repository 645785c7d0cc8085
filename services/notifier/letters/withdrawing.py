"""Takes back a letter that was written, as far as it has not gone out."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.delivery import DeliveryKey, Withdrawal
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.case import Case, Draft, released
from services.notifier.letters.repository import cases, letters, policies
from shared.telemetry import metrics
from shared.worklist import repository as worklist

log = structlog.get_logger()


async def withdraw(connection: AsyncConnection, case: Case, letter_id: uuid.UUID, reason: Withdrawal, draft: Draft, now: datetime) -> Case:
    """Cancels the deliveries of a locked case's letter that nobody is at; one that is being attempted is cancelled when that attempt fails.

    When nothing of the letter went out, the other crossings that it was about get a letter of their own.
    """
    if not await letters.withdraw(connection, letter_id, reason):
        return case
    for delivery_id in await deliveries.waiting_of(connection, letter_id, reason):
        if await worklist.cancel(connection, delivery_id, now):
            await deliveries.cancelled(connection, delivery_id, reason)
    return await _close(connection, case, letter_id, draft, now)


@dataclass(frozen=True, slots=True)
class LetterCloser:
    """Ends a withdrawn letter when its last delivery is settled: what the task of deliveries calls. `hold` is the service's own."""

    hold: timedelta

    async def __call__(self, connection: AsyncConnection, key: DeliveryKey, now: datetime) -> None:
        """Ends the delivery's letter, if nothing of it went out or still can, because it was withdrawn or its recipients are none any more:
        its crossings get another letter, to those who are recipients then."""
        place = key.student_id, key.term
        case = (await cases.lock(connection, [place]))[place]
        hold = (await policies.current(connection, case.school)).hold
        due_at = now + (self.hold if hold is None else hold)
        await _close(connection, case, key.letter_id, Draft(uuid.uuid4(), uuid.uuid4(), due_at), now)


async def _close(connection: AsyncConnection, case: Case, letter_id: uuid.UUID, draft: Draft, now: datetime) -> Case:
    reason: str | None = await letters.close_withdrawn(connection, letter_id)
    if reason is None and await letters.close_unaddressed(connection, letter_id):
        reason = "no-correspondent"
    if reason is None:
        return case
    metrics.LETTERS.labels("cancelled").inc()
    log.info("letter.cancelled", letter=str(letter_id), reason=reason)
    if reason == "student-left":
        return case
    after = released(case, letter_id, draft)
    await cases.save(connection, case, after, now)
    return after
