"""A letter that did not arrive: what is kept of it, and what becomes of its address. The caller holds the lock of the letter's case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.bad_addresses import repository as bad_addresses
from services.notifier.delivery.bounces import repository as bounces
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.deliveries.repository.deliveries import DeliveryKey
from services.notifier.delivery.transports.verdicts import explained
from shared.addresses import address_key
from shared.identifiers import address_id
from shared.telemetry import metrics

log = structlog.get_logger()

COUNTED_FOR: Final = timedelta(days=30)
"""Letters of this period that did not arrive for no clear reason make their address a bad one."""

DID_NOT_ARRIVE: Final = ("hard", "soft", "policy")


@dataclass(frozen=True, slots=True)
class Noted:
    """The news in a report. `came_back`: the letter counted as sent before; `marked`: its address counted as good before."""

    repeated: bool
    came_back: bool = False
    marked: bool = False


async def note(connection: AsyncConnection, key: DeliveryKey, bounce: Bounce, soft_limit: int, now: datetime) -> Noted:
    """Keeps what was said of a delivery, once."""
    place = address_id(key.school, address_key(key.recipient)) if key.recipient is not None else None
    if not await bounces.add(connection, key.id, bounce, place, now):
        return Noted(repeated=True)
    came_back = bounce.kind in DID_NOT_ARRIVE and await deliveries.bounced(connection, key.id, explained(bounce.status), now)
    marked = False
    if place is not None and bounce.kind == "hard":
        cause: bad_addresses.Cause = "answer" if bounce.source == "answer" else "bounce"
        marked = await bad_addresses.mark(connection, key, place, bounce.status, cause, now)
    elif place is not None and bounce.kind == "soft" and await bounces.soft_since(connection, place, now - COUNTED_FOR) >= soft_limit:
        marked = await bad_addresses.mark(connection, key, place, bounce.status, "repeated", now)
    metrics.BOUNCES.labels(bounce.kind).inc()
    if came_back:
        metrics.LETTERS.labels("bounced").inc()
    log.info("delivery.reported", delivery=str(key.id), kind=bounce.kind, status=bounce.status, came_back=came_back, marked=marked)
    return Noted(repeated=False, came_back=came_back, marked=marked)
