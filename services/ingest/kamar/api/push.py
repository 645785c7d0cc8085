"""KAMAR Directory Services: KAMAR pushes a document a message, and is answered in its own envelope whatever happens."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from services.ingest.kamar import envelope
from services.ingest.kamar.envelope import Envelope
from services.ingest.kamar.receiving import Arrival
from services.ingest.kamar.senders import Sender, verified_sender
from services.ingest.state import IngestState
from shared.bus.interface import BusUnavailableError
from shared.db.errors import is_unavailable, sqlstate_of, verdict_of
from shared.web.body import body_pieces
from shared.web.door import Router
from shared.web.headers import basic_credentials, media_type
from shared.web.problems import RETRY_AFTER, ProblemError
from shared.web.state import service_state

router = Router(tags=["KAMAR"])

log = structlog.get_logger()

_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {form: {"schema": {"type": "object"}} for form in ("application/json", "application/xml")},
}

_ANSWER: Final[dict[str, Any]] = {
    "title": "KamarAnswer",
    "type": "object",
    "description": "KAMAR's own form of an answer.",
    "required": [envelope.ROOT],
    "properties": {
        envelope.ROOT: {
            "type": "object",
            "description": "`error` 0 is taken; any other number is not, and `result` says why.",
            "required": ["error", "result"],
            "properties": {
                "error": {"type": "integer"},
                "result": {"type": "string"},
                "service": {"type": "string"},
                "version": {"type": "string"},
            },
            "examples": [{"error": 0, "result": "OK", "service": envelope.SERVICE, "version": envelope.VERSION}],
        }
    },
}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": f"{status.phrase}, in KAMAR's own form",
        "content": {"application/json": {"schema": _ANSWER}, "application/xml": {"schema": {"type": "string"}}},
    }
    for status in (
        HTTPStatus.OK,
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
}


@router.post(
    "/v1/kamar",
    openapi_extra={"requestBody": _BODY, "security": [{"HTTPBasic": []}]},
    response_class=Response,
    responses=_ANSWERS,
    summary="KAMAR Directory Services",
)
async def post_kamar(request: Request) -> Response:
    """HTTP Basic. Takes a document of up to 200 MB, JSON or XML; gzip is read. Every answer is an `SMSDirectoryData`: `error` 0 is taken.

    The document is then stored; it is processed afterwards, and `GET /v1/schools/{school}/kamar-documents` shows the result.
    """
    state: IngestState = service_state(request)
    try:
        # Before a byte of the body is read: nobody but schools can make us store anything.
        sender = await _sender(request, state)
        if sender is None:
            return _answer(request, envelope.failed(HTTPStatus.UNAUTHORIZED), HTTPStatus.UNAUTHORIZED)
        settings = state.settings
        arrival = Arrival(sender, state, state.clock())
        async with asyncio.timeout(settings.kamar_body_timeout.total_seconds()) as waiting:
            taken = await arrival.take(body_pieces(request, settings.kamar_body_limit))
        return _answer(request, taken, HTTPStatus.OK)
    except ProblemError as error:
        return _answer(request, envelope.failed(error.status), error.status, error.headers)
    except ClientDisconnect:
        return _answer(request, envelope.failed(HTTPStatus.BAD_REQUEST), HTTPStatus.BAD_REQUEST)
    except Exception as error:
        status = _status_of(error)
        if isinstance(error, TimeoutError) and waiting.expired():
            status = HTTPStatus.REQUEST_TIMEOUT
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request.failed", route="/v1/kamar", exc_info=error)
        elif verdict_of(error) == "set-up":
            log.error("request.set_up", route="/v1/kamar", sqlstate=sqlstate_of(error), exc_info=error)
        else:
            log.warning("kamar.not_taken", status=int(status), error=type(error).__name__)
        return _answer(request, envelope.failed(status), status)


async def _sender(request: Request, state: IngestState) -> Sender | None:
    """The sender; None, after a while, for a wrong password."""
    given = basic_credentials(request.headers.get("authorization"))
    if given is None:
        return None
    arrived = state.slowing.monotonic()
    username, password = given
    address = request.client.host if request.client is not None else ""
    sender = await verified_sender(state.engine, username, password, state.clock())
    if sender is not None:
        state.slowing.forgive(username, address)
    else:
        await state.slowing.slow(username, address, arrived)
    return sender


def _status_of(error: Exception) -> HTTPStatus:
    away = isinstance(error, BusUnavailableError) or is_unavailable(error)
    return HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR


def _answer(request: Request, content: Envelope, status: int, more: Mapping[str, str] = MappingProxyType({})) -> Response:
    headers = dict(more)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="KAMAR"'
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER
    body, answered_as = envelope.render(content, xml="xml" in media_type(request.headers.get("content-type")))
    return Response(body, status_code=status, media_type=answered_as, headers=headers)
