"""The upload that a path names."""

from http import HTTPStatus
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.uploads.repository import upload_log
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


async def upload_of(connection: AsyncConnection, upload: UUID, caller: Principal) -> RowMapping:
    """An upload that the caller may see. Raises ProblemError 404, or 403 for another school's."""
    row = await upload_log.get(connection, upload)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-upload", "there is no such upload")
    caller.require_school(SchoolNumber(row["school"]))
    return row
