"""What happened to a STAR record and its responses."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from services.thresholds.access.audit import Access, note
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.schemas import Changed, HistoryList, HistoryStep
from services.thresholds.records.permission import permitted_record
from services.thresholds.state import State
from shared.auth.principal import Principal
from shared.web.service import requires

router = APIRouter(tags=["STAR records"])


@router.get("/v1/star-records/{record_id}/history", summary="Everything that happened to a STAR record")
async def get_history(record_id: UUID, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]) -> HistoryList:
    """Oldest first, withdrawn responses included. Nothing in it can be changed. Holds have their own list, at the student."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id)
        steps = await history.of_record(connection, record_id)
        access = Access(action="read-history", school=record["school"], students=[record["student"]], record_id=record_id)
        await note(connection, caller, access, state.clock())
    return HistoryList(
        items=[
            HistoryStep(
                at=step["at"],
                by=step["subject"],
                action=step["action"],
                response=step["response_id"],
                changes={name: Changed(before=before, after=after) for name, (before, after) in step["changes"].items()},
            )
            for step in steps
        ]
    )
