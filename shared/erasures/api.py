"""The outcome of an erasure in a service, over REST. The same router in every service."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, cast

from fastapi import Request
from pydantic import BaseModel

from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.erasures import repository as erasures
from shared.identifiers import is_student_key, student_id
from shared.web.door import Router
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires
from shared.web.state import ServiceState, service_state


class ErasureOut(BaseModel):
    """An erasure as this service has it.

    `applied_at` is null until its worker has applied it. `removed` counts what is gone, `kept` what the law keeps without a name, by kind.
    """

    school: str
    student: str
    student_id: uuid.UUID
    erased_at: datetime
    applied_at: datetime | None
    removed: dict[str, int]
    kept: dict[str, int]


def erasures_router() -> Router:
    """The route."""
    router = Router(tags=["erasure"])

    @router.get("/v1/schools/{school}/students/{student}/erasure", summary="Show an erasure, and what was removed here")
    async def get_erasure(
        school: SchoolInPath, student: str, request: Request, caller: Annotated[Principal, requires("roster:write", role="admin")]
    ) -> ErasureOut:
        """The last erasure of a student, as this service has applied it. Each of the four services answers for itself."""
        caller.require_school(school)
        state = cast(ServiceState, service_state(request))
        async with state.engine.begin() as connection:
            erasure = await erasures.get(connection, student_id(school, student)) if is_student_key(student) else None
            if erasure is None:
                raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-erasure", "no erasure of this student has come here")
            await log_access(connection, caller, Access(action="read-erasure", school=school, students=[student]), state.clock())
        return ErasureOut(
            school=erasure.school,
            student=erasure.student,
            student_id=erasure.student_id,
            erased_at=erasure.erased_at,
            applied_at=erasure.applied_at,
            removed=dict(erasure.removed),
            kept=dict(erasure.kept),
        )

    return router
