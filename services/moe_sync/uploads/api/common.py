"""What the endpoints share: who may call them, and what they look up first."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.school import School
from services.moe_sync.uploads.repository import upload_log
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError
from shared.web.service import requires

Reader = Annotated[Principal, requires("star:read")]
Runner = Annotated[Principal, requires("uploads:run")]
Admin = Annotated[Principal, requires("uploads:run", role="admin")]
"""Who decides how a school's uploads go, and carries them."""


def known(school: School | None) -> School:
    """The school. Raises ProblemError 404 for one that has not been sent."""
    if school is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet")
    return school


async def upload_of(connection: AsyncConnection, upload: UUID, caller: Principal) -> RowMapping:
    """An upload that the caller may see. Raises ProblemError 404, or 403 for another school's."""
    row = await upload_log.get(connection, upload)
    if row is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-upload", "there is no such upload")
    caller.require_school(SchoolNumber(row["school"]))
    return row
