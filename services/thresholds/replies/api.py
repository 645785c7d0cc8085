"""Families' replies: listed with the student, and settled by the person who has seen to one."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader, Responder
from services.thresholds.casework import repository as casework
from services.thresholds.casework.listing import ListOfStudent, read_page
from services.thresholds.casework.piece import Piece
from services.thresholds.casework.student import day_at, permitted_piece
from services.thresholds.replies.reply import KeptReply, ReplyStatus
from services.thresholds.replies.schemas import ReplyChange, ReplyOut
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.moments import repository as moments
from shared.web.door import Router
from shared.web.pages import Page

router = Router(tags=["casework"])


@router.get("/v1/schools/{school}/students/{student}/replies", summary="List a family's replies to letters")
async def list_student_replies(wanted: ListOfStudent, state: State, caller: Reader) -> Page[ReplyOut]:
    """Newest first, of all keys that the student has had."""
    async with state.engine.begin() as connection:
        page = await read_page(connection, state, caller, "reply", "read-replies", wanted)
        items = [await _out(connection, piece) for piece in page.items]
    return Page(items=items, next=page.next)


@router.patch("/v1/replies/{reply_id}", summary="Settle a family's reply, or put it back on the list of work")
async def change_reply(reply_id: UUID, body: ReplyChange, state: State, caller: Responder) -> ReplyOut:
    """A person has rung, helped or corrected: the reply stays on record, and no longer waits."""
    async with state.engine.begin() as connection:
        piece = await permitted_piece(connection, caller, "reply", reply_id, lock=True)
        now = await moments.next_of(connection, piece.school, state.clock())
        if piece.status != body.status:
            calendar = await calendar_for(connection, piece.school)
            due_on = None if body.status == "settled" else day_at(calendar, piece.at)
            piece = replace(piece, status=body.status, due_on=due_on, version=piece.version + 1, updated_at=now)
            await casework.change(connection, piece, caller.subject)
        access = Access(action="settle-reply", school=piece.school, students=[piece.student], record_id=piece.record_id, fields=["status"])
        await log_access(connection, caller, access, now)
        return await _out(connection, piece)


async def _out(connection: AsyncConnection, piece: Piece) -> ReplyOut:
    status: ReplyStatus = "settled" if piece.status == "settled" else "waiting"
    newest = (await casework.versions(connection, piece.id))[-1] if status == "settled" else None
    return ReplyOut(
        id=piece.id,
        school=piece.school,
        student=piece.student,
        student_id=piece.student_id,
        term=piece.term,
        **KeptReply.model_validate(piece.document).model_dump(),
        record=piece.record_id,
        replied_at=piece.at,
        status=status,
        settled_by=newest.saved_by if newest is not None else None,
        settled_at=newest.saved_at if newest is not None else None,
    )
