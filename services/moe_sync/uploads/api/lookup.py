"""The upload that a path names."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.uploads.repository.upload_log import WholeUpload
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


async def upload_of(connection: AsyncConnection, upload: UUID, caller: Principal) -> WholeUpload:
    """An upload that the caller may see. Raises ProblemError 404, or 403 for another school's."""
    stored = await upload_log.get(connection, upload)
    if stored is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-upload", "there is no such upload")
    caller.require_school(SchoolNumber(stored.school))
    return stored
