"""The state of each of a school's records and responses with the Ministry."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.moe_sync.items import repository as items
from services.moe_sync.items.schemas import ItemOut, ItemsQuery
from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.state import State
from shared.audit.log import Access, log_access
from shared.web.cursors import read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["uploads"])


@router.get("/v1/schools/{school}/upload-items", summary="The state of records and responses")
async def list_upload_items(school: SchoolInPath, state: State, caller: Reader, query: Annotated[ItemsQuery, Query()]) -> Page[ItemOut]:
    """The items that the Ministry has accepted, has rejected (with the reason) or has not been sent yet. `record` shows one record and its
    responses."""
    caller.require_school(school)
    after = read_cursor(query.cursor, UUID)
    async with state.engine.begin() as connection:
        existing(await schools.get(connection, school))
        rows = await items.page(connection, school, record=query.record, state=query.state, after=after, limit=query.limit + 1)
        page = page_of(rows, query.limit, lambda row: row["id"])
        access = Access(action="list-upload-items", school=school, record_id=query.record)
        await log_access(connection, caller, access, state.clock())
    return page.map(lambda row: ItemOut.model_validate({**row, "record": row["record_id"]}))
