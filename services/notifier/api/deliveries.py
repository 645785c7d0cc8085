"""A school sees what was sent to whom, what failed, and what is about to go."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from services.notifier.repository import listing
from services.notifier.repository.listing import Place
from services.notifier.schemas import Attempt, Deliveries, Delivery, Status
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, decode_cursor, encode_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["deliveries"])


@router.get("/v1/schools/{school}/deliveries", summary="Letters to caregivers, and every attempt at each")
async def list_deliveries(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    student: Annotated[str | None, Query(description="The school's own key of a student", max_length=64)] = None,
    status: Status | None = None,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Deliveries:
    """Newest first. `held`: waits in case the crossing is taken back. `no-contact`: due, and no caregiver has a usable address;
    it goes as soon as one has. `waiting`: written, and being sent. Then `sent`, `failed` or `cancelled`."""
    caller.require_school(school)
    before = _place(cursor)
    async with state.engine.connect() as connection:
        rows = await listing.page(connection, school, student=student, status=status, before=before, most=limit + 1)
        attempts = await listing.attempts(connection, [row["id"] for row in rows])
    items = [Delivery(**row, attempts=[Attempt.model_validate(attempt) for attempt in attempts.get(row["id"], [])]) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Deliveries(items=items, next=None if last is None else encode_cursor(last["created_at"].isoformat(), str(last["id"])))


def _place(cursor: str | None) -> Place | None:
    parts = decode_cursor(cursor, parts=2)
    if parts is None:
        return None
    try:
        return Place(datetime.fromisoformat(parts[0]), uuid.UUID(parts[1]))
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the page before, unchanged") from error
