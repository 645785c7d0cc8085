"""Keeps what the Ministry, or a person who carried an upload there, says became of it; in the caller's transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.adapters.interface import Received, Refused, Rejected
from services.moe_sync.items import repository as items
from services.moe_sync.roster.repository import schools
from services.moe_sync.uploads.document import decode_document, encode_document, has_nsn, without_nsn
from services.moe_sync.uploads.repository import sending, uploads
from services.moe_sync.uploads.repository.sending import Answered
from shared.identifiers import uuid_or_none

log = structlog.get_logger()

ALREADY_ACCEPTED: Final = "already-accepted"
NOT_ACCEPTED: Final = "not-accepted"


async def keep_answer(
    connection: AsyncConnection,
    upload: uuid.UUID,
    answer: Received | Refused,
    now: datetime,
    *,
    marked_by: str | None = None,
    note: str | None = None,
) -> Answered | None:
    """Settles an upload and puts its school's next one on the worklist; None when it was settled before."""
    school = await sending.school_of(connection, upload)
    if school is None:
        return None
    # From here on no upload of the school is being built or sealed.
    await schools.lock(connection, school)
    status: Answered = answer.status if isinstance(answer, Received) else "refused"
    body = await sending.answered(
        connection,
        upload,
        status,
        receipt=answer.receipt if isinstance(answer, Received) else None,
        reason=answer.detail if isinstance(answer, Refused) else None,
        now=now,
        marked_by=marked_by,
        note=note,
    )
    if body is None:
        return None
    await items.lock_of_upload(connection, upload)
    if isinstance(answer, Received):
        if answer.rejects:
            await _keep_rejects(connection, upload, answer.rejects)
        await items.accept(connection, upload)
        await items.correct(connection, upload, _of_code(answer.rejects, ALREADY_ACCEPTED), known=True)
        await items.correct(connection, upload, _of_code(answer.rejects, NOT_ACCEPTED), known=False)
    else:
        # Nothing of it counts as said: its items go with the next upload.
        await items.recall(connection, upload)
    document = decode_document(body)
    if has_nsn(document):
        # They were needed on the way only.
        await sending.redact(connection, upload, encode_document(without_nsn(document)))
    await uploads.queue_next(connection, [school], now)
    return status


async def _keep_rejects(connection: AsyncConnection, upload: uuid.UUID, rejects: Sequence[Rejected]) -> None:
    reasons = {item: reject.reason for reject in rejects if (item := uuid_or_none(reject.item)) is not None}
    held = await sending.reject(connection, upload, reasons)
    if held < len(rejects):
        log.warning("upload.rejects_unknown", upload=str(upload), rejects=len(rejects), held=held)


def _of_code(rejects: Sequence[Rejected], code: str) -> list[uuid.UUID]:
    return [item for reject in rejects if reject.code == code and (item := uuid_or_none(reject.item)) is not None]
