"""The effect of a bounce on its delivery, and on the address. The caller holds the lock of the letter's case."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.postal import written_key
from services.notifier.contacts.repository import bad_addresses
from services.notifier.contacts.repository.bad_addresses import Cause
from services.notifier.delivery.bounces import repository as bounces
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.deliveries.announcing import say_came_back
from services.notifier.delivery.deliveries.delivery import DeliveryKey
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.verdicts import explained
from shared.identifiers import address_id
from shared.telemetry import metrics

log = structlog.get_logger()

COUNTED_FOR: Final = timedelta(days=30)
"""How long a letter that did not arrive, for no clear reason, counts against its address."""

ENVELOPE_RETURNED: Final = "envelope-returned"
"""The reason of a letter on paper that came back by post."""

DID_NOT_ARRIVE: Final = ("hard", "soft", "policy")


@dataclass(frozen=True, slots=True)
class Recorded:
    """The changes of a bounce. `repeated`: nothing, it was known; `marked`: its address counted as good before."""

    repeated: bool
    marked: bool = False


async def record(connection: AsyncConnection, key: DeliveryKey, bounce: Bounce, soft_limit: int, now: datetime) -> Recorded:
    """Keeps a bounce, once; its delivery counts as bounced if it had been sent. A hard bounce, or `soft_limit` soft ones within
    `COUNTED_FOR`, mark the address as bad."""
    address = address_id(key.school, written_key(key.recipient)) if key.recipient is not None else None
    if not await bounces.add(connection, key.id, bounce, address, now):
        return Recorded(repeated=True)
    came_back = bounce.kind in DID_NOT_ARRIVE and await deliveries.bounced(connection, key.id, _reason(bounce), now)
    cause: Cause | None = None
    if bounce.kind == "hard":
        cause = "answer" if bounce.source == "answer" else "bounce"
    elif bounce.kind == "soft" and address is not None:
        cause = "repeated" if await bounces.soft_since(connection, address, now - COUNTED_FOR) >= soft_limit else None
    marked = (
        key.recipient is not None
        and cause is not None
        and await bad_addresses.mark(
            connection, key.school, key.channel, key.recipient, status=bounce.status, cause=cause, delivery_id=key.id, now=now
        )
    )
    metrics.BOUNCES.labels(bounce.kind).inc()
    if came_back:
        await say_came_back(connection, key.id, key.school, key.student_id, now)
        metrics.LETTERS.labels("bounced").inc()
    log.info("delivery.reported", delivery=str(key.id), kind=bounce.kind, status=bounce.status, came_back=came_back, marked=marked)
    return Recorded(repeated=False, marked=marked)


async def record_along(connection: AsyncConnection, along: Mapping[uuid.UUID, DeliveryKey], bounce: Bounce, now: datetime) -> None:
    """Keeps a bounce of an e-mail for the other letters that it held: they came back as well. The address is judged by the first alone."""
    for delivery, key in along.items():
        is_news = await bounces.add(connection, delivery, bounce, None, now)
        if is_news and bounce.kind in DID_NOT_ARRIVE and await deliveries.bounced(connection, delivery, explained(bounce.status), now):
            await say_came_back(connection, delivery, key.school, key.student_id, now)
            metrics.LETTERS.labels("bounced").inc()
            log.info("delivery.reported", delivery=str(delivery), kind=bounce.kind, status=bounce.status, came_back=True, marked=False)


def _reason(bounce: Bounce) -> str:
    return ENVELOPE_RETURNED if bounce.source == "person" else explained(bounce.status)
