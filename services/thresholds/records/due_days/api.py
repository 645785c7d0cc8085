"""A school's own settings of STAR."""

from typing import Annotated

from fastapi import APIRouter

from services.thresholds.access.audit import Access, note
from services.thresholds.records.due_days import repository as star_settings
from services.thresholds.records.due_days.schemas import DueAfter, StarSettings
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from shared.auth.principal import Principal
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["settings"])


@router.get("/v1/schools/{school}/star-settings", summary="A school's own settings of STAR")
async def get_settings(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]
) -> StarSettings:
    """What holds for the school; ours, where it has set nothing."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        after = await star_settings.due_after(connection, school)
    return StarSettings(response_due_school_days=DueAfter.of(after))


@router.put("/v1/schools/{school}/star-settings", summary="Set a school's own settings of STAR")
async def put_settings(
    school: SchoolInPath, body: StarSettings, state: State, caller: Annotated[Principal, requires("star:write", role="admin")]
) -> StarSettings:
    """They hold for all records at once, but for due days that were set by hand."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await known_school(connection, school)
        await star_settings.put(connection, school, body.response_due_school_days.by_threshold())
        access = Access(action="change-settings", school=school, fields=["response_due_school_days"])
        await note(connection, caller, access, state.clock())
    return body
