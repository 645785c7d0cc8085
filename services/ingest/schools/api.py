"""A school tells who it is and when it is open."""

from http import HTTPStatus
from typing import Annotated

from services.ingest.schools import repository as schools
from services.ingest.schools.schemas import School, SchoolIn
from services.ingest.state import State
from shared.auth.principal import Principal
from shared.events.catalogue import SCHOOL_UPDATED
from shared.events.envelope import Event, new_event_id
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["schools"])


@router.put("/v1/schools/{school}", response_model_by_alias=True, summary="Send a school: calendar, timetable, contact")
async def put_school(
    school: SchoolInPath, body: SchoolIn, state: State, caller: Annotated[Principal, requires("roster:write", role="admin")]
) -> School:
    """Replaces the stored school and answers it. Totals that a new calendar changes are recalculated.

    Once days have been marked, a timetable does not change those that are over, unless it is dated so: see `slots_from`.
    """
    caller.require_school(school)
    stored = School.model_validate(body.model_dump() | {"school": school})
    async with state.engine.begin() as connection:
        before = await schools.marked_school(connection, school)
        if before is not None:
            try:
                stored = stored.after(before, stored.calendar().today(state.clock()))
            except ValueError as error:
                raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", str(error)) from error
        updated_at = await schools.put_school(connection, stored, state.clock())
        data = stored.event(updated_at)
        await outbox.add(connection, [Event(SCHOOL_UPDATED, new_event_id(), "/ingest", updated_at, school, data).encode()])
    await state.calendars.newest(school)
    return stored


@router.get("/v1/schools/{school}", summary="The school as it was sent last")
async def get_school(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("roster:write")]) -> School:
    """The stored school."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        stored = await schools.school(connection, school)
    if stored is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    return stored
