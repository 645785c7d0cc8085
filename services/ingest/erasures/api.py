"""A school has one student's personal data erased everywhere."""

from http import HTTPStatus
from typing import Annotated

from services.ingest.erasures.beginning import NamesSomebodyError, begin
from services.ingest.erasures.schemas import ErasureBegun, ErasureIn
from services.ingest.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import is_student_key
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["erasure"])


@router.post(
    "/v1/schools/{school}/students/{student}/erasure",
    status_code=HTTPStatus.ACCEPTED,
    summary="Erase a student's personal data everywhere",
    responses=refuses("names-somebody"),
)
async def erase_student(
    school: SchoolInPath, student: str, body: ErasureIn, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> ErasureBegun:
    """Erases names, contacts, letters, notes and reasons of the student here and in every other service. Nobody can take it back.

    The register and the STAR records stay, without a name, as long as the law asks. `GET` the same path at each service for what it
    removed. Take the student off in your own system first: a student who is sent again is a new one.
    """
    caller.require_school(school)
    if await state.calendars.of(school) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    if not is_student_key(student):
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "there is no such student")
    try:
        async with state.engine.begin() as connection:
            erased, *_ = await begin(connection, school, student, body.why, state.clock())
            await log_access(connection, caller, Access(action="erase-student", school=school, students=[student]), state.clock())
    except NamesSomebodyError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "names-somebody", str(error)) from error
    return ErasureBegun(school=school, student=student, student_id=erased.student_id, erased_at=erased.erased_at)
