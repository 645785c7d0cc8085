"""The events feed: crossings, responses and plans as CloudEvents, by asking for what comes after a cursor, or as a stream."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Header, Query, Request
from fastapi.responses import Response

from services.thresholds.feed.cursors import Cursor
from services.thresholds.feed.pages import PageQuestion
from services.thresholds.feed.reading import require_known
from services.thresholds.feed.streams import EventStream, follow
from services.thresholds.state import State, ThresholdsState
from shared.auth.principal import Principal
from shared.waiting import wait_until_any_set
from shared.web.answers import NamedAnswer
from shared.web.door import Router
from shared.web.headers import accepts
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.server import stopping
from shared.web.service import requires

router = Router(tags=["events"])

STREAM: Final = "text/event-stream"
_VARY: Final = {"Vary": "Accept"}

_EXAMPLE: dict[str, Any] = {
    "items": [
        {
            "specversion": "1.0",
            "id": "6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0",
            "source": "/thresholds",
            "type": "nz.star.threshold.crossed.v1",
            "time": "2026-10-19T02:11:07+00:00",
            "datacontenttype": "application/json",
            "data": {"school": "0999", "student": "12345", "threshold": 5, "direction": "up"},
        }
    ],
    "next": "42-3f9a1c22",
}
_EVENT: dict[str, Any] = {
    "title": "CloudEvent",
    "type": "object",
    "description": "An event, as a CloudEvent in JSON. The schema of `data` is that of its type: `/schemas/{event}.json`.",
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "properties": {
        "specversion": {"type": "string", "description": "Version of CloudEvents.", "examples": ["1.0"]},
        "id": {"type": "string", "description": "Id of the event: the same when it comes again."},
        "source": {"type": "string", "description": "Service that says it.", "examples": ["/thresholds"]},
        "type": {"type": "string", "description": "Name of the event's type.", "examples": ["nz.star.threshold.crossed.v1"]},
        "time": {"type": "string", "format": "date-time", "description": "Time of the event."},
        "data": {"type": "object", "additionalProperties": True, "description": "Data of the event.", "examples": [{"school": "0999"}]},
    },
    "additionalProperties": True,
}
_PAGE: dict[str, Any] = {
    "title": "EventPage",
    "type": "object",
    "description": "Events behind the cursor, oldest first.",
    "required": ["items", "next"],
    "properties": {
        "items": {"type": "array", "items": _EVENT, "description": "The events."},
        "next": {"type": "string", "description": "Cursor to go on from: pass it on as `after`.", "examples": ["42-3f9a1c22"]},
    },
}


@router.get(
    "/v1/events",
    response_class=Response,
    responses={
        200: {
            "description": "Events behind the cursor, oldest first, and the cursor to go on from; as a stream, events as they come.",
            "content": {"application/json": {"schema": _PAGE, "example": _EXAMPLE}, STREAM: {"schema": {"type": "string"}}},
        },
        **refuses("cursor-of-another-history", "too-many-streams"),
    },
    summary="Read crossings, responses and plans, oldest first",
)
async def list_events(
    request: Request,
    state: State,
    caller: Annotated[Principal, requires("events:subscribe")],
    after: Annotated[str | None, Query(description="The `next` of the answer before; without it, from the oldest kept")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Events of an answer at most")] = 100,
    wait: Annotated[float, Query(ge=0, description="Seconds to wait for an event when there is none yet")] = 0,
    last_event_id: Annotated[str | None, Header(description="For a stream: where it broke off; overrides `after`")] = None,
) -> Response:
    """Events of the token's schools behind the cursor. Ask again with `next`: you get every event, and each once.

    With `Accept: text/event-stream` the same events come as a stream (server-sent events) that goes on: `id` is the cursor, `event` the
    event's type, `data` the CloudEvent. `limit` and `wait` mean nothing then.

    410 says that the database was restored to a time before the cursor. Go on from `read_from`, and pass over the ids that you have.
    """
    schools = None if caller.schools is None else tuple(sorted(caller.schools))
    if accepts(request.headers.get("accept"), STREAM):
        return await _stream(request, state, caller, schools, Cursor.read(last_event_id or after))
    cursor = Cursor.read(after)
    stop = stopping(request)
    deadline = asyncio.get_running_loop().time() + min(wait, state.settings.feed_longest_wait.total_seconds())
    while True:
        bell = state.feed_bell.listen()
        page = await state.feed_rounds.page(caller, PageQuestion(cursor, schools, limit))
        left = deadline - asyncio.get_running_loop().time()
        if page.events or left <= 0 or stop.is_set():
            break
        await wait_until_any_set(left, bell, stop)
    return NamedAnswer(page.body, media_type="application/json", headers=_VARY)


async def _stream(request: Request, state: ThresholdsState, caller: Principal, schools: tuple[str, ...] | None, cursor: Cursor) -> Response:
    async with state.engine.connect() as connection:
        # A cursor of another history has an answer of its own: no stream could say it.
        await require_known(connection, cursor)

    async def holds() -> bool:
        try:
            await state.verifier.principal(request.headers.get("authorization"))
        except ProblemError:
            return False
        return True

    place = state.feed_streams.enter(caller.subject)
    pieces = follow(
        state.feed_rounds,
        state.feed_bell,
        caller,
        schools=schools,
        cursor=cursor,
        heartbeat=state.settings.feed_heartbeat,
        stop=stopping(request),
        holds=holds,
    )
    # Proxies would keep the events until there are enough of them.
    return EventStream(pieces, place, headers=_VARY | {"X-Accel-Buffering": "no"})
