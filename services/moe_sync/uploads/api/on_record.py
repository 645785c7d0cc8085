"""The audit log's line for an upload: the students of its document."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.document import Document, decode_document
from services.moe_sync.uploads.repository.upload_log import WholeUpload
from shared.audit.log import Access, Action, log_access
from shared.auth.principal import Principal


async def log_upload(connection: AsyncConnection, caller: Principal, action: Action, upload: WholeUpload, now: datetime) -> None:
    """Writes the line of a request that showed an upload, or said that it went."""
    await log_document(connection, caller, action, upload.school, decode_document(upload.body), now)


async def log_document(
    connection: AsyncConnection, caller: Principal, action: Action, school: str, document: Document, now: datetime
) -> None:
    """The same of a document that is not kept."""
    access = Access(
        action=action,
        school=school,
        students=[record.student for record in document.records],
        student_ids=[response.student_id for response in document.responses],
        filters={"week": document.week},
    )
    await log_access(connection, caller, access, now)
