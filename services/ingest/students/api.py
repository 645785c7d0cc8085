"""A school tells who its students and their caregivers are."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import JSONResponse

from services.ingest.answers import BatchAnswer
from services.ingest.changes.effect import EffectShown
from services.ingest.state import IngestState, State
from services.ingest.students.batch import StudentBatch
from services.ingest.students.judging import RosterQuery, require_whole
from services.ingest.students.keeping import forget
from services.ingest.students.schemas import StudentsIn
from services.ingest.students.taking import take
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, is_student_key
from shared.turns import in_turns
from shared.web.door import MIB, Router, takes
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["students"])


@router.put(
    "/v1/schools/{school}/students",
    status_code=HTTPStatus.ACCEPTED,
    response_model=BatchAnswer,
    responses={
        HTTPStatus.OK: {"model": EffectShown, "description": "The effect, for `dry_run`"},
        **refuses("confirm-change", "effect-unknown", "nothing-accepted", "incomplete-roster"),
    },
    dependencies=[takes(8 * MIB, item_by_item=True)],
    summary="Add or replace students",
)
async def put_students(
    school: SchoolInPath,
    body: StudentsIn,
    state: State,
    caller: Annotated[Principal, requires("roster:write", role="admin")],
    query: Annotated[RosterQuery, Query()],
) -> JSONResponse:
    """Adds or replaces these students; others stay. Students that can't be taken are listed with their place and reason.

    Where a student who is there already comes without `caregivers`, theirs stay; where a caregiver comes without `notify`, `status` or
    `role`, those stay: nothing that restricts contact gets lost because it was left out.

    With `full=true` the list is the whole roster: students whom it leaves out have left. Then all of it is taken, or nothing. A list that
    takes a tenth of the school off the roll, or changes many totals, is answered with 409 (`confirm-change`) and its effect, and taken with
    `?confirm=`; `?dry_run=true` only says what it would do.
    """
    caller.require_school(school)
    await _require_known(school, state)
    batch = StudentBatch()
    async for index, item in in_turns(enumerate(body.students)):
        batch.take(index, item)
    answer = BatchAnswer(accepted=len(batch.accepted), rejected=batch.rejected).model_dump()
    if not batch.accepted:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-accepted", "none of the students could be accepted", extra=answer)
    require_whole(query, batch.rejected, answer | {"accepted": 0})
    effect = await take(state, caller, school, batch.accepted, query)
    if query.dry_run:
        return JSONResponse(EffectShown(effect=effect).model_dump())
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
        await forget(connection, school, [student])
        await log_access(connection, caller, Access(action="remove-student", school=school, students=[student]), state.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _require_known(school: SchoolNumber, state: IngestState) -> None:
    if await state.calendars.of(school) is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
