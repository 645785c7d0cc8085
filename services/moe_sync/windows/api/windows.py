"""A school's weeks: when each closes or closed, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.schemas import PageQuery
from services.moe_sync.roster.week import Week
from services.moe_sync.state import State
from services.moe_sync.windows.repository import windows
from services.moe_sync.windows.schemas import WindowOut, WindowsOut
from shared.web.cursors import encode_cursor, read_cursor
from shared.web.service import SchoolInPath

router = APIRouter(tags=["uploads"])


@router.get("/v1/schools/{school}/upload-windows", summary="A school's weeks")
async def list_windows(school: SchoolInPath, state: State, caller: Reader, query: Annotated[PageQuery, Query()]) -> WindowsOut:
    """Newest first: when each closes or closed, and what became of it."""
    caller.require_school(school)
    before = read_cursor(query.cursor, _week)
    async with state.engine.connect() as connection:
        existing(await schools.get(connection, school))
        rows = await windows.page(connection, school, before, query.limit + 1)
    more = len(rows) > query.limit
    shown = [WindowOut.model_validate(dict(row)) for row in rows[: query.limit]]
    return WindowsOut(items=shown, next=encode_cursor(rows[query.limit - 1]["week"]) if more else None)


def _week(part: str) -> str:
    return str(Week.parse(part))
