"""What went to staff: copies of letters, digests, reviews of plans, alarms."""

import uuid
from typing import Annotated

from fastapi import APIRouter

from services.notifier.letters.schemas import Notice, Notices
from services.notifier.staff_mail.repository import notices
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, encode_cursor, moment, read_cursor
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["e-mails to staff"])


@router.get("/v1/schools/{school}/notices", summary="E-mails to staff, and what became of each")
async def list_notices(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Notices:
    """Newest first. `no-contact`: the school has no contact address; it goes as soon as it has one. `cancelled`: it had become needless."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        rows = await notices.page(connection, school, before=before, most=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Notices(
        items=[Notice.model_validate(row) for row in rows[:limit]],
        next=None if last is None else encode_cursor(last["created_at"].isoformat(), str(last["id"])),
    )
