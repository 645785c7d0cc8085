"""The history of a STAR record and its responses."""

from uuid import UUID

from services.thresholds.access.callers import Reader
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.schemas import Changed, HistoryStep
from services.thresholds.records.permission import permitted_record
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.pages import Page

router = Router(tags=["STAR records"])


@router.get("/v1/star-records/{record_id}/history", summary="List everything that happened to a STAR record")
async def get_star_record_history(record_id: UUID, state: State, caller: Reader) -> Page[HistoryStep]:
    """Oldest first, withdrawn responses included. Nobody can change it. Holds have a list of their own, at the student."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id)
        steps = await history.of_record(connection, record_id)
        access = Access(action="read-history", school=record.school, students=[record.student], record_id=record_id)
        await log_access(connection, caller, access, state.clock())
    return Page(
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
