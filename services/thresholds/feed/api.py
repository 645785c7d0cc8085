"""The events feed: crossings, responses and plans as CloudEvents, by asking for what comes after a cursor, or as a stream."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import Header, Query, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.feed import repository as feed
from services.thresholds.feed.archive import cloudevent_of
from services.thresholds.feed.on_record import log_events
from services.thresholds.feed.streams import EventStream, follow
from services.thresholds.state import State, ThresholdsState
from shared.auth.principal import Principal
from shared.waiting import wait_until_any_set
from shared.web.door import Router
from shared.web.headers import accepts
from shared.web.problems import ProblemError
from shared.web.server import stopping
from shared.web.service import requires

router = Router(tags=["events"])

STREAM: Final = "text/event-stream"
_VARY: Final = {"Vary": "Accept"}

_encoder = msgspec.json.Encoder()
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
    "next": "42",
}


@router.get(
    "/v1/events",
    response_class=Response,
    responses={200: {"content": {"application/json": {"example": _EXAMPLE}, STREAM: {"schema": {"type": "string"}}}}},
    summary="Read crossings, responses and plans, oldest first",
)
async def get_events(
    request: Request,
    state: State,
    caller: Annotated[Principal, requires("events:subscribe")],
    after: Annotated[str | None, Query(description="The `next` of the answer before; without it, from the oldest kept")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    wait: Annotated[float, Query(ge=0, description="Seconds to wait for an event when there is none yet")] = 0,
    last_event_id: Annotated[str | None, Header(description="For a stream: where it broke off; overrides `after`")] = None,
) -> Response:
    """Events of the token's schools behind the cursor. Ask again with `next`: you get every event, and each once.

    With `Accept: text/event-stream` the same events come as a stream (server-sent events) that goes on: `id` is the cursor, `event` the
    event's type, `data` the CloudEvent. `limit` and `wait` mean nothing then.
    """
    schools = None if caller.schools is None else sorted(caller.schools)
    if accepts(request.headers.get("accept"), STREAM):
        return _stream(request, state, caller, schools, _position(last_event_id or after))
    position = _position(after)
    stop = stopping(request)
    deadline = asyncio.get_running_loop().time() + min(wait, state.settings.feed_longest_wait.total_seconds())
    while True:
        bell = state.feed_bell.listen()
        async with state.engine.begin() as connection:
            rows = await feed.after(connection, position=position, schools=schools, limit=limit)
            await log_events(connection, caller, rows, state.clock())
        left = deadline - asyncio.get_running_loop().time()
        if rows or left <= 0 or stop.is_set():
            break
        await wait_until_any_set(left, bell, stop)
    body = {"items": [cloudevent_of(row) for row in rows], "next": str(rows[-1]["position"] if rows else position)}
    return Response(_encoder.encode(body), media_type="application/json", headers=_VARY)


def _stream(request: Request, state: ThresholdsState, caller: Principal, schools: Sequence[str] | None, position: int) -> Response:
    async def holds() -> bool:
        try:
            await state.verifier.principal(request.headers.get("authorization"))
        except ProblemError:
            return False
        return True

    async def shown(connection: AsyncConnection, rows: Sequence[RowMapping]) -> None:
        await log_events(connection, caller, rows, state.clock())

    place = state.feed_streams.enter(caller.subject)
    pieces = follow(
        state.engine,
        state.feed_bell,
        schools=schools,
        position=position,
        heartbeat=state.settings.feed_heartbeat,
        stop=stopping(request),
        holds=holds,
        shown=shown,
    )
    # Proxies would keep the events until there are enough of them.
    return EventStream(pieces, place, headers=_VARY | {"X-Accel-Buffering": "no"})


def _position(after: str | None) -> int:
    if after is None or after == "":
        return 0
    if not after.isdecimal() or len(after) > 18:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the answer before, unchanged")
    return int(after)
