"""The rights that the endpoints need, and the school that a path names."""

from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import schools
from services.moe_sync.roster.school import School
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError
from shared.web.service import requires

Reader = Annotated[Principal, requires("star:read")]
Runner = Annotated[Principal, requires("uploads:run", role="manage")]
Admin = Annotated[Principal, requires("uploads:run", role="admin")]
"""Decides how a school's uploads go, and carries them."""


def existing(school: School | None) -> School:
    """The school. Raises ProblemError 404 for a school that has not been sent."""
    if school is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet")
    return school


async def zone_of(connection: AsyncConnection, school: SchoolNumber) -> ZoneInfo:
    """The school's time zone. Raises ProblemError 404 for a school that has not been sent."""
    return existing(await schools.get(connection, school)).zone
