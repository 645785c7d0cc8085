"""Uploads as the API shows them."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import preferences
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.uploads.document import RecordEntry, ResponseEntry, decode_document
from services.moe_sync.uploads.effective_adapter import EffectiveAdapter, effective_adapter
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.repository.upload_log import CountedUpload, UploadRow
from services.moe_sync.uploads.schemas import (
    ChangesOut,
    CountsOut,
    RejectOut,
    SentRecord,
    SentResponse,
    UploadAttemptOut,
    UploadListed,
    UploadOut,
)

MOST_ATTEMPTS: Final = 100


async def shown(connection: AsyncConnection, upload: UUID, settings: MoeSyncSettings) -> UploadOut | None:
    """An upload with its items, rejects and attempts; None when there is none of that id."""
    stored = await upload_log.get(connection, upload)
    if stored is None:
        return None
    adapter = effective_adapter(await preferences.get(connection, stored.school), settings)
    rejects = await upload_log.rejects_of(connection, upload)
    document = decode_document(stored.body)
    records = [SentRecord(**_plain(record), reject=rejects.get(record.id)) for record in document.records]
    responses = [SentResponse(**_plain(response), reject=rejects.get(response.id)) for response in document.responses]
    return UploadOut(
        **_summary(stored, adapter),
        items=[*records, *responses],
        rejects=[RejectOut(item=item, reason=reason) for item, reason in rejects.items()],
        attempts=[UploadAttemptOut.model_validate(attempt) for attempt in await upload_log.attempts_of(connection, upload, MOST_ATTEMPTS)],
    )


def listed(stored: CountedUpload, adapter: EffectiveAdapter) -> UploadListed:
    """An upload in a list."""
    return UploadListed(**_summary(stored, adapter), rejected=stored.rejected)


def _plain(entry: RecordEntry | ResponseEntry) -> dict[str, Any]:
    """An entry without a national student number: those are in the files alone."""
    return {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "nsn"}


def _summary(stored: UploadRow, adapter: EffectiveAdapter) -> dict[str, Any]:
    unsent = stored.status in {"pending", "sending"}
    same = ("id", "school", "term", "week", "number", "status", "created_at", "sent_at", "receipt", "outcome_unknown", "checksum")
    return {
        **{name: getattr(stored, name) for name in (*same, "adapter", "marked_by", "note")},
        "idempotency_key": str(stored.id),
        "counts": CountsOut(records=stored.records, responses=stored.responses),
        "changes": ChangesOut(new=stored.new, amended=stored.amended, withdrawn=stored.withdrawn),
        "digest": stored.digest.hex(),
        "reason": adapter.holdup if unsent and adapter.holdup is not None else stored.reason,
    }
