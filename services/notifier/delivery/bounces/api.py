"""Mail servers and providers report what became of letters that had left."""

import uuid
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.notifier.delivery.bounces.recording import record, record_along
from services.notifier.delivery.bounces.report import NotAReportError, kind_of, read_report
from services.notifier.delivery.bounces.repository import Bounce
from services.notifier.delivery.bounces.schemas import BouncePosted, BounceTaken
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.identifiers import uuid_or_none
from shared.web.body import read_body
from shared.web.door import Router
from shared.web.headers import media_type
from shared.web.openapi.refusals import refuses
from shared.web.openapi.schemas import REF
from shared.web.problems import ProblemError
from shared.web.service import requires
from shared.web.text import refuse_unstorable_json
from shared.web.visible import visible

log = structlog.get_logger()

router = Router(tags=["bounces"])

MOST_BYTES: Final = 2 * 1024 * 1024
"""A report returns the whole letter at most, and ours are small."""

REPORTS: Final = ("message/rfc822", "message/global")

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": BouncePosted.model_json_schema(ref_template=REF + "{model}")},
            **{
                report: {"schema": {"type": "string", "description": "A delivery status notification (RFC 3464, RFC 6533), as it came"}}
                for report in REPORTS
            },
        },
    }
}


@router.post(
    "/v1/bounces",
    summary="Report a letter that came back, or arrived",
    openapi_extra=_BODY,
    responses=refuses("unknown-message"),
)
async def report_bounce(request: Request, state: State, caller: Annotated[Principal, requires("ops", role="admin")]) -> BounceTaken:
    """A report as the mail server wrote it (`message/rfc822`), or a few fields as JSON. The same report twice changes nothing.

    `hard`: the letter counts as `bounced`, and nothing is written to its address until it is cleared. `soft` and `policy`: the letter
    counts as `bounced`; several soft ones within 30 days make the address a bad one. `delayed` and `delivered` are kept, and change
    nothing.
    """
    content_type = media_type(request.headers.get("content-type"))
    body = await read_body(request, MOST_BYTES)
    if content_type in REPORTS:
        message_id, envelope_id, bounce = _from_report(body)
    elif content_type == "application/json":
        refuse_unstorable_json(body)
        message_id, envelope_id, bounce = _from_webhook(body)
    else:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-type", "send message/rfc822 or application/json")
    now = state.clock()
    async with state.engine.begin() as connection:
        missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-message", "no letter of ours, or of this token's schools, has that id")
        delivery = visible(await deliveries.find(connection, delivery_id=envelope_id, message_id=message_id), caller, missing)
        keys = await deliveries.lock_all(connection, await deliveries.of_one_envelope(connection, delivery.id))
        key = keys[delivery.id]
        along = {id_: keys[id_] for id_ in await deliveries.taken_along(connection, delivery.id)}
        recorded = await record(connection, key, bounce, state.settings.soft_bounces, now)
        await record_along(connection, along, bounce, now)
    return BounceTaken(delivery=key.id, kind=bounce.kind, status=bounce.status, repeated=recorded.repeated, address_marked=recorded.marked)


def _from_report(body: bytes) -> tuple[str | None, uuid.UUID | None, Bounce]:
    try:
        report = read_report(body)
    except NotAReportError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "not-a-report", str(error)) from error
    return report.message_id, uuid_or_none(report.envelope_id), Bounce(report.kind, report.status, "report", report.said_at)


def _from_webhook(body: bytes) -> tuple[str | None, uuid.UUID | None, Bounce]:
    try:
        posted = BouncePosted.model_validate_json(body)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        for entry in errors:
            entry["loc"] = ("body", *entry["loc"])
        raise RequestValidationError(errors) from error
    message_id = posted.message_id if posted.message_id.startswith("<") else f"<{posted.message_id}>"
    return message_id, None, Bounce(kind_of(posted.action, posted.status), posted.status, "webhook", posted.at)
