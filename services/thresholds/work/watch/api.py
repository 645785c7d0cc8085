"""The runs of days that a school wants to hear of."""

from services.thresholds.access.callers import Admin, Reader
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from services.thresholds.work.watch import repository as watches
from services.thresholds.work.watch.runs import Watch
from services.thresholds.work.watch.schemas import WatchSettings
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["settings"])


@router.get("/v1/schools/{school}/watch", summary="Show the runs of days that a school wants to hear of")
async def get_watch(school: SchoolInPath, state: State, caller: Reader) -> WatchSettings:
    """All of it is off until the school has set it."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        watch = await watches.of_school(connection, school)
    return WatchSettings.model_validate(watch, from_attributes=True)


@router.put("/v1/schools/{school}/watch", summary="Set the runs of days that a school wants to hear of")
async def put_watch(school: SchoolInPath, body: WatchSettings, state: State, caller: Admin) -> WatchSettings:
    """It holds at once, for the list of work. A run that you leave out is off."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await watches.put(connection, school, Watch(**body.model_dump()))
        access = Access(action="change-settings", school=school, fields=body.model_dump().keys())
        await log_access(connection, caller, access, state.clock())
    return body
