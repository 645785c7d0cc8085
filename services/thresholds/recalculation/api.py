"""How far a school's recalculations have come."""

from typing import Annotated

from fastapi import APIRouter

from services.thresholds.recalculation.repository import recalculations
from services.thresholds.recalculation.schemas import RecalculationList, RecalculationOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.state import State
from shared.auth.principal import Principal
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["attendance"])

SHOWN = 20


@router.get("/v1/schools/{school}/recalculations", summary="Rows being folded again after a calendar changed")
async def list_recalculations(school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read")]) -> RecalculationList:
    """The latest twenty, newest first. Marks flow meanwhile; totals are right row by row."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await known_school(connection, school)
        found = await recalculations.of_school(connection, school, SHOWN)
    return RecalculationList(items=[RecalculationOut.model_validate(dict(row)) for row in found])
