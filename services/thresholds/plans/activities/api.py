"""A school's own list of response activities."""

from typing import Annotated

from fastapi import Query

from services.thresholds.access.callers import Admin, Reader
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.activities.activity import with_retired
from services.thresholds.plans.activities.offering import offered
from services.thresholds.plans.activities.schemas import ActivitiesIn, ActivityOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.schemas import ThresholdParameter
from shared.web.service import SchoolInPath

router = Router(tags=["activities"])


@router.get("/v1/schools/{school}/activities", summary="List the response activities that can be recorded")
async def list_activities(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    threshold: Annotated[ThresholdParameter | None, Query(description="Only those that are offered on records of this threshold")] = None,
) -> Page[ActivityOut]:
    """The school's list in its order, retired activities included. With `threshold`, you get the activities that the published plan names
    there, in the plan's order; if no plan is published, those that the list offers there."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        own = await activities.of_school(connection, school)
        plan = await plans.published(connection, school) if threshold is not None else None
    listed = own if threshold is None else offered(own, plan, threshold)
    return Page(items=[ActivityOut.of(activity) for activity in listed])


@router.put("/v1/schools/{school}/activities", summary="Send the school's own list of response activities")
async def put_activities(school: SchoolInPath, body: ActivitiesIn, state: State, caller: Admin) -> Page[ActivityOut]:
    """Send the whole list, in the order in which it is offered. An activity that you leave out is retired if a response names it."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await schools.lock(connection, [school])
        before = await activities.of_school(connection, school)
        after = with_retired([entry.entry() for entry in body.items], before, await activities.used(connection, school))
        await activities.put(connection, school, after)
        changed = sorted({activity.activity for activity in set(before) ^ set(after)})
        await log_access(connection, caller, Access(action="change-activities", school=school, fields=changed), state.clock())
    return Page(items=[ActivityOut.of(activity) for activity in after])
