"""A school's own settings of STAR."""

from services.thresholds.access.callers import Admin, Reader
from services.thresholds.records.due_days import repository as due_days
from services.thresholds.records.due_days.schemas import DueAfter, StarSettings
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["settings"])


@router.get("/v1/schools/{school}/star-settings", summary="Show a school's own settings of STAR")
async def get_star_settings(school: SchoolInPath, state: State, caller: Reader) -> StarSettings:
    """The school's settings; our defaults until it has set its own."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        after = await due_days.due_after(connection, school)
    return StarSettings(response_due_school_days=DueAfter.of(after))


@router.put("/v1/schools/{school}/star-settings", summary="Set a school's own settings of STAR")
async def put_star_settings(school: SchoolInPath, body: StarSettings, state: State, caller: Admin) -> StarSettings:
    """The settings hold for all records at once. Due days that were set by hand stay."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await due_days.put(connection, school, body.response_due_school_days.by_threshold())
        access = Access(action="change-settings", school=school, fields=["response_due_school_days"])
        await log_access(connection, caller, access, state.clock())
    return body
