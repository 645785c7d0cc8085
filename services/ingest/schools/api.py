"""A school tells who it is and when it is open."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from services.ingest.changes.effect import ChangeQuery, EffectShown
from services.ingest.schools import repository as schools
from services.ingest.schools.changing import judged
from services.ingest.schools.repository import StoredSchool
from services.ingest.schools.schemas import School, SchoolIn
from services.ingest.state import IngestState, State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.catalogue import SCHOOL_UPDATED
from shared.events.envelope import Event, new_event_id
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["schools"])


class SchoolQuery(ChangeQuery):
    """The way to send a school."""

    corrects: list[str] = Field(
        default=[], max_length=40, description="Terms that are over, and are to be counted by what is sent now", examples=[["2026-T4"]]
    )


@router.put(
    "/v1/schools/{school}",
    response_model_by_alias=True,
    summary="Send a school: calendar, timetable, contact",
    response_description="The school as it is stored; with `dry_run`, the effect that the change would have.",
    responses=refuses("confirm-change", "effect-unknown"),
)
async def put_school(
    school: SchoolInPath,
    body: SchoolIn,
    state: State,
    caller: Annotated[Principal, requires("roster:write", role="admin")],
    query: Annotated[SchoolQuery, Query()],
) -> School | EffectShown:
    """Replaces the stored school and answers it. Totals that a new calendar changes are recalculated.

    Terms that are over stay as they were counted, whether they are sent or not: their dates, closed days, timetables and choices. To
    mend the calendar of a term that is over, send it, and name it in `corrects`. Once days have been marked, a timetable does not change
    those that are over, unless it is dated so: see `slots_from`.

    A change that would move much is answered with 409 (`confirm-change`) and its effect, and made with `?confirm=`; `?dry_run=true` only
    says what the change would do.
    """
    caller.require_school(school)
    sent = School.model_validate(body.model_dump() | {"school": school})
    while True:
        async with state.engine.connect() as connection:
            before = await schools.stored(connection, school)
            roll = await schools.roll(connection, school)
        stored = _following(sent, before, query.corrects, state)
        judgement = await judged(
            before.read() if before else None,
            stored,
            sent.calendar().terms,
            marked=before is not None and before.marked,
            based_on=before.updated_at if before else state.clock(),
            roll=roll,
            asking=state.asking,
        )
        if query.dry_run:
            return EffectShown(effect=judgement.effect)
        judgement.require_confirmed(query.confirm)
        async with state.engine.begin() as connection:
            if await schools.stored(connection, school, lock=True) != before:
                # Somebody else has changed it while the effect was computed.
                continue
            updated_at = await schools.put_school(connection, stored, state.clock())
            data = stored.event(updated_at)
            await outbox.add(connection, [Event(SCHOOL_UPDATED, new_event_id(), "/ingest", updated_at, school, data).encode()])
            access = Access(action="change-school", school=school, fields=_changed(before, stored))
            await log_access(connection, caller, access, updated_at)
        await state.calendars.newest(school)
        return stored


def _changed(before: StoredSchool | None, after: School) -> list[str]:
    """The fields that differ."""
    old = {} if before is None else before.read().model_dump(exclude_defaults=True)
    new = after.model_dump(exclude_defaults=True, exclude={"school"})
    return [name for name in {**old, **new} if name != "school" and old.get(name) != new.get(name)]


def _following(sent: School, before: StoredSchool | None, corrects: Sequence[str], state: IngestState) -> School:
    """The school as it will be stored. Raises ProblemError 422."""
    if before is None:
        return sent
    if sent.staff is None:
        # Student management systems send schools, and know nothing of the staff who respond.
        sent = sent.model_copy(update={"staff": before.read().staff})
    now = state.clock()
    try:
        if before.marked:
            return sent.after(before.read(), sent.calendar().today(now)).beside(before.read(), now, corrects)
        # Nothing has been counted by what was stored: what is sent counts.
        return sent.beside(before.read(), now, [term.term for term in sent.terms])
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", str(error)) from error


@router.get("/v1/schools/{school}", summary="The school as it was sent last")
async def get_school(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("roster:write")]) -> School:
    """The stored school."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        stored = await schools.school(connection, school)
    if stored is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    return stored
