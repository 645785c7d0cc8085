"""An envelope that came back to the school: a person says so."""

import uuid
from http import HTTPStatus
from typing import Annotated, Final

import structlog

from services.notifier.contacts.repository import contacts
from services.notifier.delivery.bounces.recording import record
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.deliveries.schemas import ChangedDelivery
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import requires
from shared.web.visible import visible

log = structlog.get_logger()

router = Router(tags=["bounces"])

NOT_THERE: Final = "5.1.6"
"""RFC 3463: the mailbox has moved, and nobody knows where. It is the nearest that the mail servers' codes have to "return to sender"."""


@router.post(
    "/v1/deliveries/{delivery}/returned",
    summary="Record that an envelope came back",
    responses=refuses("not-posted"),
)
async def return_delivery(
    delivery: uuid.UUID, state: State, caller: Annotated[Principal, requires("star:write", role="manage")]
) -> ChangedDelivery:
    """The letter counts as `bounced`, and no letter is posted to that home until the school sends another address or clears this one. The
    same said twice changes nothing."""
    now = state.clock()
    async with state.engine.begin() as connection:
        missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-delivery", "there is no such delivery, or it is another school's")
        found = visible(await deliveries.find(connection, delivery_id=delivery), caller, missing)
        # Before the case is locked: contacts, cases, addresses is everybody's order.
        await contacts.index_again(connection, found.student_id)
        key = await deliveries.lock(connection, delivery)
        if key.channel != "paper" or key.status not in ("sent", "bounced"):
            raise ProblemError(HTTPStatus.CONFLICT, "not-posted", "only a letter that was posted comes back in its envelope")
        recorded = await record(connection, key, Bounce("hard", NOT_THERE, "person", now), state.settings.soft_bounces, now)
        await log_access(connection, caller, Access(action="return-letter", school=key.school, student_ids=[key.student_id]), now)
        sent = await deliveries.get(connection, delivery)
    assert sent is not None
    if not recorded.repeated:
        log.info("delivery.returned", delivery=str(delivery), by=caller.subject)
    return ChangedDelivery(id=delivery, status=sent.status, message_id=sent.message_id, resend_of=sent.resend_of)
