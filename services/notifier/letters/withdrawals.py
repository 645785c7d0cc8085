"""Taking back a letter that was written, as far as it has not gone out. The caller holds the lock of the letter's case."""

import uuid
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.case import Case, Draft, Withdrawal, released
from services.notifier.letters.repository import cases, letters
from shared.telemetry import metrics
from shared.worklist import repository as worklist

log = structlog.get_logger()


async def withdraw(connection: AsyncConnection, case: Case, letter_id: uuid.UUID, reason: Withdrawal, draft: Draft, now: datetime) -> Case:
    """Cancels the deliveries that nobody is at; one that is being attempted is cancelled when that attempt fails.

    When nothing of the letter went out, what it told of besides gets a letter of its own.
    """
    if not await letters.withdraw(connection, letter_id, reason):
        return case
    for delivery_id in await deliveries.waiting_of(connection, letter_id):
        if await worklist.cancel(connection, delivery_id, now):
            await deliveries.cancelled(connection, delivery_id, reason)
    return await close(connection, case, letter_id, draft, now)


async def close(connection: AsyncConnection, case: Case, letter_id: uuid.UUID, draft: Draft, now: datetime) -> Case:
    """Cancels a withdrawn letter once all its deliveries are settled and none of them went out."""
    reason = await letters.close_withdrawn(connection, letter_id)
    if reason is None:
        return case
    metrics.LETTERS.labels("cancelled").inc()
    log.info("letter.cancelled", letter=str(letter_id), reason=reason)
    if reason != "retracted":
        return case
    after = released(case, letter_id, draft)
    await cases.save(connection, case, after, now)
    return after
