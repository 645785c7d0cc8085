"""One piece read, and the look at it put on record."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework.piece import Kind, Piece
from services.thresholds.casework.student import permitted_piece
from services.thresholds.state import ThresholdsState
from shared.audit.log import Access, Action, Filter, log_access
from shared.auth.principal import Principal


async def read_piece(
    connection: AsyncConnection,
    state: ThresholdsState,
    caller: Principal,
    kind: Kind,
    piece_id: UUID,
    action: Action,
    filters: dict[str, Filter | None] | None = None,
) -> Piece:
    """The piece, with a line in the audit log. Raises ProblemError 404 where there is none that the caller may see."""
    piece = await permitted_piece(connection, caller, kind, piece_id)
    access = Access(action=action, school=piece.school, students=[piece.student], filters=filters)
    await log_access(connection, caller, access, state.clock())
    return piece
