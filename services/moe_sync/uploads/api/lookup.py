"""The upload that a path names."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.repository.upload_log import WholeUpload
from shared.auth.principal import Principal
from shared.web.problems import ProblemError
from shared.web.visible import visible


async def upload_of(connection: AsyncConnection, upload: UUID, caller: Principal) -> WholeUpload:
    """An upload of the caller's schools. Raises ProblemError 404."""
    missing = ProblemError(HTTPStatus.NOT_FOUND, "unknown-upload", "there is no such upload")
    # Its school first: a document of megabytes is read for nobody else.
    visible(await upload_log.owner_of(connection, upload), caller, missing)
    stored = await upload_log.get(connection, upload)
    if stored is None:
        raise missing
    return stored
