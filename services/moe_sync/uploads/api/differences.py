"""The changes that an upload makes to the Ministry's copy, item by item."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Query
from sqlalchemy import RowMapping

from services.moe_sync.items.item import decode_record, decode_response
from services.moe_sync.roster.access import Reader
from services.moe_sync.roster.schemas import PageQuery
from services.moe_sync.state import State
from services.moe_sync.uploads.api.lookup import upload_of
from services.moe_sync.uploads.api.on_record import log_upload
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.schemas import DifferenceOut
from shared.web.cursors import read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of

router = Router(tags=["uploads"])


@router.get("/v1/uploads/{upload}/diff", summary="The changes that an upload makes to the Ministry's copy")
async def get_upload_diff(upload: UUID, state: State, caller: Reader, query: Annotated[PageQuery, Query()]) -> Page[DifferenceOut]:
    """Each item beside the version that the Ministry had accepted before; `before` is null for an item that it did not have."""
    after = read_cursor(query.cursor, UUID)
    async with state.engine.begin() as connection:
        stored = await upload_of(connection, upload, caller)
        await log_upload(connection, caller, "read-upload", stored, state.clock())
        rows = await upload_log.differences(connection, upload, after, query.limit + 1)
    return page_of(rows, query.limit, lambda row: row["item_id"]).map(_difference)


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
    fields: dict[str, Any] = msgspec.to_builtins(decode_record(content) if kind == "record" else decode_response(content))
    return fields
