"""A person at the school takes back a letter whose days were corrected after it went."""

import uuid
from http import HTTPStatus
from typing import Annotated

from services.notifier.contacts.repository import bad_addresses
from services.notifier.delivery.deliveries.correcting import WHY
from services.notifier.delivery.deliveries.repeating import id_for, made_before
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.deliveries.schemas import ChangedDelivery, WithReason
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.repository import cases, corrections, policies
from services.notifier.letters.writing import LetterWriter
from services.notifier.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import requires
from shared.web.visible import visible

router = Router(tags=["deliveries"])


@router.post(
    "/v1/deliveries/{delivery}/correct",
    status_code=HTTPStatus.CREATED,
    summary="Take back a letter whose days were corrected",
    responses=refuses(
        "key-used",
        "bad-address",
        "not-correctable",
        "erased",
        "corrected-already",
        "nothing-to-correct",
        "never-corrected",
        "recipient-gone",
        "term-over",
    ),
)
async def correct_delivery(
    delivery: uuid.UUID,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="manage")],
    body: WithReason | None = None,
    idempotency_key: IdempotencyKey = None,
) -> ChangedDelivery:
    """A short letter of correction to the same address, now and once: it names the days that do not count, and the total as it is. It is
    refused while every day that the letter tells of still counts."""
    now = state.clock()
    reason = body.reason if body is not None else None
    id_ = id_for("correction", delivery, idempotency_key)
    async with state.engine.begin() as connection:
        missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-delivery", "there is no such delivery, or it is another school's")
        key = visible(await deliveries.find(connection, delivery_id=delivery), caller, missing)
        await deliveries.lock(connection, delivery)
        if (before := await made_before(connection, id_, reason)) is not None:
            return before
        case = (await cases.lock(connection, [(key.student_id, key.term)]))[key.student_id, key.term]
        sent = await corrections.get(connection, delivery)
        assert sent is not None
        if (await policies.current(connection, key.school)).correct == "never":
            raise ProblemError(HTTPStatus.CONFLICT, "never-corrected", WHY["never-corrected"])
        if sent.recipient is not None and await bad_addresses.is_bad(connection, key.school, sent.recipient):
            raise ProblemError(HTTPStatus.CONFLICT, "bad-address", "letters came back from this address: ring the family")
        corrector = Corrector(LetterWriter(state.letters, None, state.settings.message_id_domain), state.settings.policy_defaults)
        made = await corrector.correct(connection, case, sent, by=caller.subject, because=reason, due_at=None, now=now, id_=id_)
        if isinstance(made, str):
            raise ProblemError(HTTPStatus.CONFLICT, made, WHY[made])
        await log_access(connection, caller, Access(action="correct-letter", school=key.school, student_ids=[key.student_id]), now)
    return ChangedDelivery(id=made.id, status="waiting", message_id=made.message_id)
