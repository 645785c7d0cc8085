"""The e-mails that went to staff: copies of letters, digests, reviews of plans, alarms."""

import uuid
from typing import Annotated

from services.notifier.staff_mail.repository import notices
from services.notifier.staff_mail.schemas import NoticeOut
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath, requires

router = Router(tags=["e-mails to staff"])


@router.get("/v1/schools/{school}/notices", summary="E-mails to staff, and what became of each")
async def list_notices(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[NoticeOut]:
    """Newest first. `no-contact`: the school has no contact address; it goes as soon as it has one. `cancelled`: it was not needed any
    more."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.connect() as connection:
        rows = await notices.page(connection, school, before=before, most=limit + 1)
    return page_of(rows, limit, lambda row: (row["created_at"], row["id"])).map(NoticeOut.model_validate)
