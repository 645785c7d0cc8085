"""Posting marks: the hot path. Validates, publishes, and answers once the bus has every accepted mark."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import Request
from fastapi.responses import Response
from msgspec import Raw

from services.ingest.answers import BatchAnswer
from services.ingest.marks.batch import MOST_MARKS, Batch, Rejection, roll_decoder
from services.ingest.marks.posting import post, roll_messages
from services.ingest.state import IngestState
from shared.attendance.calendar import SchoolCalendar
from shared.identifiers import SchoolNumber
from shared.telemetry import metrics
from shared.web.body import read_body
from shared.web.door import Router, asks, known_school_number
from shared.web.headers import media_type
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.state import service_state

router = Router(tags=["marks"])

NDJSON: Final = "application/x-ndjson"
SOURCE: Final = "rest"

_HALF_DAYS_SCHEMA: Final[dict[str, Any]] = {
    "title": "HalfDaysIn",
    "type": "object",
    "description": "The system's own count of the day, instead of session or slot.",
    "required": ["unjustified", "justified", "present"],
    "properties": {name: {"type": "integer", "minimum": 0, "maximum": 2} for name in ("unjustified", "justified", "present")},
}
_MARK_SCHEMA: Final[dict[str, Any]] = {
    "title": "MarkIn",
    "type": "object",
    "description": "A mark: one code for one student in one session or slot of a day. It has `session`, `slot` or `half_days`.",
    "required": ["student", "date", "recorded_at"],
    "additionalProperties": False,
    "properties": {
        "student": {"type": "string", "maxLength": 64},
        "date": {"type": "string", "format": "date"},
        "recorded_at": {"type": "string", "format": "date-time", "description": "With an offset; the latest wins"},
        "session": {"enum": ["AM", "PM"]},
        "slot": {"type": "integer", "minimum": 1, "maximum": 20},
        "minutes": {"type": "integer", "minimum": 1, "description": "How much of the slot the code covers; all of it by default"},
        "code": {"type": ["string", "null"], "description": "null takes the mark back"},
        "half_days": {"anyOf": [_HALF_DAYS_SCHEMA, {"type": "null"}]},
    },
    "example": {"student": "12345", "date": "2026-10-13", "session": "AM", "code": "M", "recorded_at": "2026-10-13T09:05:00+13:00"},
}
_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "title": "MarksIn",
                "type": "object",
                "description": "A batch of marks.",
                "required": ["marks"],
                "additionalProperties": False,
                "properties": {"marks": {"type": "array", "minItems": 1, "maxItems": MOST_MARKS, "items": _MARK_SCHEMA}},
            }
        },
        NDJSON: {"schema": _MARK_SCHEMA},
    },
}

_encoder = msgspec.json.Encoder()


@router.post(
    "/v1/schools/{school}/marks",
    status_code=HTTPStatus.ACCEPTED,
    response_model=BatchAnswer,
    responses=refuses("nothing-accepted", "unsupported-media-type"),
    openapi_extra={"requestBody": _BODY, "security": [{"HTTPBearer": []}]},
    summary="Post attendance marks",
)
@asks("marks:write", role="respond")
async def post_marks(request: Request, school: str) -> Response:
    """Takes up to 5,000 marks as JSON, or any number as NDJSON within the size limit; gzip is read.

    202: every accepted mark is on the bus, with all acks; refused ones are listed with their place and reason. 422: nothing could be
    accepted. Any other answer: nothing counts, send it again; repeats do no harm.
    """
    # By hand what dependencies do elsewhere: they would take longer than all the rest of a single mark's way.
    state: IngestState = service_state(request)
    number = known_school_number(school)
    calendar = await state.calendars.of(number)
    if calendar is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    items = _items(await read_body(request, state.settings.body_limit), media_type(request.headers.get("content-type"), "application/json"))
    batch = _sort(items, calendar, state)
    if batch.refused_by_calendar:
        newest = await state.calendars.newest(number)
        if newest is not None and newest != calendar:
            batch = _sort(items, newest, state)
    await _publish(number, batch, state)
    return _answer(batch)


def _items(body: bytes, form: str) -> list[Raw]:
    if form == NDJSON:
        return [Raw(line) for line in body.splitlines() if line.strip()]
    if form != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", f"send application/json or {NDJSON}")
    try:
        return roll_decoder.decode(body).marks
    except msgspec.ValidationError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "malformed-json", str(error)) from error


def _sort(items: Iterable[Raw], calendar: SchoolCalendar, state: IngestState) -> Batch:
    batch = Batch(calendar, state.codes, state.clock(), state.settings.clock_skew)
    batch.take_all(items)
    return batch


async def _publish(school: SchoolNumber, batch: Batch, state: IngestState) -> None:
    if not batch.accepted:
        return
    await state.calendars.note_marked(school, batch.now)
    await post(state.publisher, list(roll_messages(school, SOURCE, batch.now, batch.accepted)))


def _answer(batch: Batch) -> Response:
    metrics.MARKS.labels(SOURCE, "accepted").inc(len(batch.accepted))
    for rejection in batch.rejected:
        metrics.MARKS.labels(SOURCE, rejection.reason).inc()
    if not batch.accepted:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "nothing-accepted",
            "none of the marks could be accepted",
            extra={"accepted": 0, "rejected": [_as_json(rejection) for rejection in batch.rejected]},
        )
    body = _encoder.encode({"accepted": len(batch.accepted), "rejected": [_as_json(rejection) for rejection in batch.rejected]})
    return Response(body, status_code=HTTPStatus.ACCEPTED, media_type="application/json")


def _as_json(rejection: Rejection) -> dict[str, object]:
    return {"index": rejection.index, "reason": rejection.reason, "detail": rejection.detail}
