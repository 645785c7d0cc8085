"""A school's own list of response activities."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.thresholds.access.audit import Access, note
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import with_retired
from services.thresholds.plans.activities.offering import offered
from services.thresholds.plans.activities.schemas import ActivitiesIn, ActivityList, ActivityOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.schemas import ThresholdAsked
from services.thresholds.state import State
from shared.auth.principal import Principal
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["activities"])


@router.get("/v1/schools/{school}/activities", summary="The response activities that can be recorded")
async def list_activities(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    threshold: Annotated[ThresholdAsked | None, Query(description="Only those that are offered on records of this threshold")] = None,
) -> ActivityList:
    """The school's list in its order, with those that it has retired. For a threshold: what its published plan names there, in the
    plan's order; without a published plan, what the list itself offers there."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        found = await activities.of_school(connection, school)
        plan = await plans.published(connection, school) if threshold is not None else None
    wanted = found if threshold is None else offered(found, plan, threshold)
    return ActivityList(items=[ActivityOut.of(activity) for activity in wanted])


@router.put("/v1/schools/{school}/activities", summary="Send the school's own list of response activities")
async def put_activities(
    school: SchoolInPath, body: ActivitiesIn, state: State, caller: Annotated[Principal, requires("star:write", role="admin")]
) -> ActivityList:
    """The whole list, in the order in which it is offered. What it leaves out stays on it as retired if a response names it."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await schools.lock(connection, [school])
        before = await activities.of_school(connection, school)
        after = with_retired([entry.entry() for entry in body.items], before, await activities.used(connection, school))
        await activities.put(connection, school, after)
        changed = sorted({activity.activity for activity in set(before) ^ set(after)})
        await note(connection, caller, Access(action="change-activities", school=school, fields=changed), state.clock())
    return ActivityList(items=[ActivityOut.of(activity) for activity in after])
