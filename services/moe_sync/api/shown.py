"""Uploads as the API shows them."""

from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.document import decode_document
from services.moe_sync.repository import uploads
from services.moe_sync.schemas import AttemptOut, CountsOut, RejectOut, SentRecord, SentResponse, UploadListed, UploadOut

MOST_ATTEMPTS: Final = 100

NO_ADDRESS: Final = "no address to send to: STAR_MINISTRY_URL is not set"


async def shown(connection: AsyncConnection, upload: UUID, *, address_known: bool) -> UploadOut | None:
    """An upload with its items, rejects and attempts; None when there is none of that id."""
    row = await uploads.get(connection, upload)
    if row is None:
        return None
    rejects = await uploads.rejects_of(connection, upload)
    document = decode_document(row["body"])
    records = [SentRecord(**msgspec.structs.asdict(record), reject=rejects.get(record.id)) for record in document.records]
    responses = [SentResponse(**msgspec.structs.asdict(response), reject=rejects.get(response.id)) for response in document.responses]
    return UploadOut(
        **_summary(row, address_known=address_known),
        items=[*records, *responses],
        rejects=[RejectOut(item=item, reason=reason) for item, reason in rejects.items()],
        attempts=[AttemptOut.model_validate(attempt) for attempt in await uploads.attempts_of(connection, upload, MOST_ATTEMPTS)],
    )


def listed(row: RowMapping, *, address_known: bool) -> UploadListed:
    """An upload in a list."""
    return UploadListed(**_summary(row, address_known=address_known), rejected=row["rejected"])


def _summary(row: RowMapping, *, address_known: bool) -> dict[str, Any]:
    unsent = row["status"] in {"pending", "sending"}
    same = ("id", "school", "term", "week", "number", "status", "created_at", "sent_at", "receipt")
    return {
        **{name: row[name] for name in same},
        "idempotency_key": str(row["id"]),
        "counts": CountsOut(records=row["records"], responses=row["responses"]),
        "reason": NO_ADDRESS if unsent and not address_known else row["reason"],
    }
