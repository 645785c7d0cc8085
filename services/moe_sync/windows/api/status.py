"""The state of all uploads in one answer."""

from services.moe_sync.roster.access import Reader
from services.moe_sync.state import State
from services.moe_sync.uploads.repository import upload_log
from services.moe_sync.windows import repository as windows
from services.moe_sync.windows.leader import OVERDUE_AFTER, SCHEDULE
from services.moe_sync.windows.schemas import LeaderOut, StatusOut
from shared.leases import repository as leases
from shared.web.door import Router

router = Router(tags=["status"])


@router.get("/v1/upload-status", summary="State of the uploads")
async def get_upload_status(state: State, caller: Reader) -> StatusOut:
    """The worker that schedules, the late windows and the waiting uploads; counted for the token's schools."""
    now = state.clock()
    counted = None if caller.schools is None else sorted(caller.schools)
    async with state.engine.connect() as connection:
        lease = await leases.holding(connection, SCHEDULE)
        overdue = await windows.overdue(connection, now - OVERDUE_AFTER, counted)
        tally = await upload_log.tally(connection, counted)
    return StatusOut(
        leader=LeaderOut.model_validate(lease, from_attributes=True) if lease is not None and lease.is_current else None,
        windows_overdue=overdue,
        pending=tally["pending"],
        sending=tally["sending"],
        outcome_unknown=tally["outcome_unknown"],
        adapters=sorted(state.settings.adapters),
        default_adapter=state.settings.default_adapter,
    )
