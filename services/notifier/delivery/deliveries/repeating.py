"""A delivery that a person asks for is made once, however often the request comes under its key."""

import uuid
from http import HTTPStatus
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.deliveries.schemas import ChangedDelivery
from shared.identifiers import sent_id
from shared.web.problems import ProblemError

Kind = Literal["resend", "correction"]


def id_for(kind: Kind, delivery: uuid.UUID, key: str | None) -> uuid.UUID | None:
    """The id of what a request makes of a delivery under its key; None without one."""
    return None if key is None else sent_id(kind, delivery, key)


async def made_before(connection: AsyncConnection, id_: uuid.UUID | None, reason: str | None) -> ChangedDelivery | None:
    """The delivery that the same request made before, as it is now; None if it comes for the first time. The caller holds the lock.

    Raises ProblemError 409 if the key came with another reason. A reason that was erased since is not compared.
    """
    made = None if id_ is None else await deliveries.get(connection, id_)
    if made is None:
        return None
    if made.asked_because not in (None, reason):
        raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another reason")
    return ChangedDelivery(id=made.id, status=made.status, message_id=made.message_id, resend_of=made.resend_of)
