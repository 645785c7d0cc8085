"""The progress of a school's recalculations."""

from typing import Final

from services.thresholds.access.callers import SchoolReader
from services.thresholds.recalculation.repository import recalculations
from services.thresholds.recalculation.schemas import RecalculationOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from shared.web.door import Router
from shared.web.pages import Page
from shared.web.service import SchoolInPath

router = Router(tags=["attendance"])

MOST: Final = 20


@router.get("/v1/schools/{school}/recalculations", summary="List the recalculations after changes of the calendar")
async def list_recalculations(school: SchoolInPath, state: State, caller: SchoolReader) -> Page[RecalculationOut]:
    """The latest twenty, newest first. Marks flow meanwhile; totals are right row by row."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        latest = await recalculations.of_school(connection, school, MOST)
    return Page(items=[RecalculationOut.model_validate(recalculation) for recalculation in latest])
