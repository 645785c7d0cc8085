"""How far a school's records and responses have come, week by week and one by one."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from sqlalchemy import RowMapping

from services.moe_sync.items import repository as items
from services.moe_sync.roster.repository import schools
from services.moe_sync.schemas import DifferenceOut, DifferencesOut, ItemOut, ItemsOut, ItemsQuery, UploadsQuery, WindowOut, WindowsOut
from services.moe_sync.state import State
from services.moe_sync.uploads.api.common import Reader, known, upload_of
from services.moe_sync.uploads.document import decode_record, decode_response
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.windows.repository import windows
from services.moe_sync.windows.week import Week
from shared.web.cursors import encode_cursor, read_cursor
from shared.web.service import SchoolInPath

router = APIRouter(tags=["uploads"])


@router.get("/v1/schools/{school}/upload-items", summary="How far records and responses have come")
async def list_items(school: SchoolInPath, state: State, caller: Reader, query: Annotated[ItemsQuery, Query()]) -> ItemsOut:
    """What the Ministry has taken, rejected (and why) or not been told yet. `record` shows one record and its responses."""
    caller.require_school(school)
    after = read_cursor(query.cursor, UUID)
    async with state.engine.connect() as connection:
        known(await schools.get(connection, school))
        rows = await items.page(connection, school, record=query.record, state=query.state, after=after, limit=query.limit + 1)
    more = len(rows) > query.limit
    shown = [ItemOut.model_validate({**row, "record": row["record_id"]}) for row in rows[: query.limit]]
    return ItemsOut(items=shown, next=encode_cursor(str(rows[query.limit - 1]["id"])) if more else None)


@router.get("/v1/schools/{school}/upload-windows", summary="A school's weeks")
async def list_windows(school: SchoolInPath, state: State, caller: Reader, query: Annotated[UploadsQuery, Query()]) -> WindowsOut:
    """Newest first: when each closes or closed, and what became of it."""
    caller.require_school(school)
    before = read_cursor(query.cursor, _week)
    async with state.engine.connect() as connection:
        known(await schools.get(connection, school))
        rows = await windows.page(connection, school, before, query.limit + 1)
    more = len(rows) > query.limit
    shown = [WindowOut.model_validate(dict(row)) for row in rows[: query.limit]]
    return WindowsOut(items=shown, next=encode_cursor(rows[query.limit - 1]["week"]) if more else None)


@router.get("/v1/uploads/{upload}/diff", summary="What an upload changes")
async def diff(upload: UUID, state: State, caller: Reader, query: Annotated[UploadsQuery, Query()]) -> DifferencesOut:
    """Each item beside what the Ministry had taken of it from the uploads before; `before` is null for what it did not have."""
    after = read_cursor(query.cursor, UUID)
    async with state.engine.connect() as connection:
        await upload_of(connection, upload, caller)
        rows = await upload_log.differences(connection, upload, after, query.limit + 1)
    more = len(rows) > query.limit
    shown = [_difference(row) for row in rows[: query.limit]]
    return DifferencesOut(items=shown, next=encode_cursor(str(rows[query.limit - 1]["item_id"])) if more else None)


def _difference(row: RowMapping) -> DifferenceOut:
    now, before = _content(row["kind"], row["now_content"]), _content(row["kind"], row["before_content"])
    assert now is not None
    return DifferenceOut(
        item=row["item_id"],
        kind=row["kind"],
        record=row["record_id"],
        change=row["change"],
        before=before,
        after=now,
        fields=[] if before is None else [name for name in now if now[name] != before.get(name)],
        before_upload=row["before_upload"],
        before_week=row["before_week"],
        reject=row["reject"],
    )


def _content(kind: str, content: str | None) -> dict[str, Any] | None:
    if content is None:
        return None
    said: dict[str, Any] = msgspec.to_builtins(decode_record(content) if kind == "record" else decode_response(content))
    return said


def _week(part: str) -> str:
    return str(Week.parse(part))
