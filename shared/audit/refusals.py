"""Refusals on record: somebody asked for a student's things who has no right to them."""

from typing import cast

import structlog
from fastapi import Request

from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import is_student_key, school_number, uuid_or_none
from shared.web.problems import ProblemError
from shared.web.state import ServiceState, service_state

log = structlog.get_logger()


async def note_refusal(request: Request, error: ProblemError) -> None:
    """Writes the line, once the answer has gone: so it takes no longer than the answer for what does not exist.

    A refusal is one of a row that the caller may not see (`error.row`), or one of a student whom the path names. The line is in the log of
    the student's school.
    """
    access = _refused(request, error)
    if access is None:
        return
    state = cast(ServiceState, service_state(request))
    try:
        caller: Principal = await state.verifier.principal(request.headers.get("authorization"))
        async with state.engine.begin() as connection:
            await log_access(connection, caller, access, state.clock())
    except Exception as failure:
        # Nothing was shown: the refusal stands without its line.
        log.error("audit.refusal_not_written", error=type(failure).__name__)


def _refused(request: Request, error: ProblemError) -> Access | None:
    named = request.path_params
    filters = {"operation": f"{request.method} {getattr(request.scope.get('route'), 'path', '')}", "why": error.kind}
    row = error.row
    if row is not None and row.school is not None:
        who = getattr(row, "student_id", None)
        return Access(
            action="refused",
            school=row.school,
            student_ids=[] if who is None else [who],
            record_id=uuid_or_none(named.get("record_id")),
            filters=filters,
        )
    student = named.get("student")
    if error.status != 403 or student is None or not is_student_key(student):
        return None
    try:
        return Access(action="refused", school=school_number(named["school"]), students=[student], filters=filters)
    except ValueError:
        return None
