"""The events feed: crossings and responses as CloudEvents, by asking for what comes after a cursor."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import Response
from msgspec import Raw
from sqlalchemy import RowMapping

from services.thresholds.repository import feed
from services.thresholds.state import State
from shared.auth.principal import Principal
from shared.events.envelope import as_cloudevent
from shared.waiting import happened
from shared.web.problems import ProblemError
from shared.web.service import requires

router = APIRouter(tags=["events"])

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
    responses={200: {"content": {"application/json": {"example": _EXAMPLE}}}},
    summary="Crossings and responses, oldest first",
)
async def get_events(
    state: State,
    caller: Annotated[Principal, requires("events:subscribe")],
    after: Annotated[str | None, Query(description="The `next` of the answer before; without it, from the oldest kept")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    wait: Annotated[float, Query(ge=0, description="Seconds to wait for an event when there is none yet")] = 0,
) -> Response:
    """Events of the token's schools behind the cursor. Ask again with `next`: nothing is left out, and nothing said twice."""
    position = _position(after)
    schools = None if caller.schools is None else sorted(caller.schools)
    deadline = asyncio.get_running_loop().time() + min(wait, state.settings.feed_longest_wait.total_seconds())
    while True:
        bell = state.feed_bell.listen()
        async with state.engine.connect() as connection:
            rows = await feed.after(connection, position=position, schools=schools, limit=limit)
        left = deadline - asyncio.get_running_loop().time()
        if rows or left <= 0:
            break
        await happened(bell, left)
    body = {"items": [_cloudevent(row) for row in rows], "next": str(rows[-1]["position"] if rows else position)}
    return Response(_encoder.encode(body), media_type="application/json")


def _position(after: str | None) -> int:
    if after is None or after == "":
        return 0
    if not after.isdecimal() or len(after) > 18:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the answer before, unchanged")
    return int(after)


def _cloudevent(row: RowMapping) -> dict[str, object]:
    data: Any = Raw(row["data"].encode())
    return as_cloudevent(row["event_id"], row["source"], row["event_type"], row["time"], data)
