"""The rights that the endpoints need, and the school that a path names."""

from http import HTTPStatus
from typing import Annotated

from services.moe_sync.roster.school import School
from shared.auth.principal import Principal
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
