"""How far each of a school's records and responses has come."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.moe_sync.items import repository as items
from services.moe_sync.items.schemas import ItemOut, ItemsOut, ItemsQuery
from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.state import State
from shared.web.cursors import encode_cursor, read_cursor
from shared.web.service import SchoolInPath

router = APIRouter(tags=["uploads"])


@router.get("/v1/schools/{school}/upload-items", summary="How far records and responses have come")
async def list_items(school: SchoolInPath, state: State, caller: Reader, query: Annotated[ItemsQuery, Query()]) -> ItemsOut:
    """What the Ministry has taken, rejected (and why) or not been told yet. `record` shows one record and its responses."""
    caller.require_school(school)
    after = read_cursor(query.cursor, UUID)
    async with state.engine.connect() as connection:
        existing(await schools.get(connection, school))
        rows = await items.page(connection, school, record=query.record, state=query.state, after=after, limit=query.limit + 1)
    more = len(rows) > query.limit
    shown = [ItemOut.model_validate({**row, "record": row["record_id"]}) for row in rows[: query.limit]]
    return ItemsOut(items=shown, next=encode_cursor(str(rows[query.limit - 1]["id"])) if more else None)
