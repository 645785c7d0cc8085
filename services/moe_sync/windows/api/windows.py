"""A school's weeks: the close of each, and the state of its newest upload."""

from typing import Annotated

from fastapi import Query

from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.schemas import PageQuery
from services.moe_sync.roster.week import Week
from services.moe_sync.state import State
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.schemas import WindowOut
from shared.web.cursors import read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["uploads"])


@router.get("/v1/schools/{school}/upload-windows", summary="A school's weeks")
async def list_upload_windows(school: SchoolInPath, state: State, caller: Reader, query: Annotated[PageQuery, Query()]) -> Page[WindowOut]:
    """Newest first: the close of each week, and the state of its newest upload."""
    caller.require_school(school)
    before = read_cursor(query.cursor, _week)
    async with state.engine.connect() as connection:
        existing(await schools.get(connection, school))
        rows = await windows.page(connection, school, before, query.limit + 1)
    return page_of(rows, query.limit, lambda row: row["week"]).map(lambda row: WindowOut.model_validate(dict(row)))


def _week(part: str) -> str:
    return str(Week.parse(part))
