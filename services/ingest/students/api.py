"""A school tells who its students and their caregivers are."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Response
from fastapi.responses import JSONResponse

from services.ingest.answers import BatchAnswer
from services.ingest.state import IngestState, State
from services.ingest.students.batch import StudentBatch
from services.ingest.students.keeping import forget, keep
from services.ingest.students.schemas import StudentsIn
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, is_student_key
from shared.web.door import MIB, Router, takes
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["students"])


@router.put(
    "/v1/schools/{school}/students",
    status_code=HTTPStatus.ACCEPTED,
    response_model=BatchAnswer,
    dependencies=[takes(8 * MIB, item_by_item=True)],
    summary="Add or replace students",
)
async def put_students(
    school: SchoolInPath, body: StudentsIn, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> JSONResponse:
    """Adds or replaces these students; others stay. Students that can't be taken are listed with their place and reason.

    Where a student who is there already comes without `caregivers`, theirs stay; where a caregiver comes without `notify`, `status` or
    `role`, those stay: nothing that restricts contact gets lost because it was left out.
    """
    caller.require_school(school)
    await _require_known(school, state)
    batch = StudentBatch()
    for index, item in enumerate(body.students):
        batch.take(index, item)
    answer = BatchAnswer(accepted=len(batch.accepted), rejected=batch.rejected).model_dump()
    if not batch.accepted:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-accepted", "none of the students could be accepted", extra=answer)
    async with state.engine.begin() as connection:
        await keep(connection, school, batch.accepted, state.clock)
        access = Access(action="change-students", school=school, students=[student.student for student in batch.accepted])
        await log_access(connection, caller, access, state.clock())
    return JSONResponse(answer, status_code=HTTPStatus.ACCEPTED)


@router.delete("/v1/schools/{school}/students/{student}", status_code=HTTPStatus.NO_CONTENT, summary="A student has left")
async def delete_student(
    school: SchoolInPath, student: str, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> Response:
    """Deletes the student's name and caregivers everywhere; the register keeps the marks as long as the law requires."""
    caller.require_school(school)
    await _require_known(school, state)
    if not is_student_key(student):
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "there is no such student")
    async with state.engine.begin() as connection:
        await forget(connection, school, student)
        await log_access(connection, caller, Access(action="remove-student", school=school, students=[student]), state.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _require_known(school: SchoolNumber, state: IngestState) -> None:
    if await state.calendars.of(school) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
