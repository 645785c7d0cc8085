"""Families' replies: listed with the student, and settled by the person who has seen to one."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader, Responder
from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Piece
from services.thresholds.casework.student import child_of, day_at, permitted_piece
from services.thresholds.replies.reply import KeptReply, ReplyStatus
from services.thresholds.replies.schemas import ReplyChange, ReplyOut
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.schemas import QueryText
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.moments import repository as moments
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["casework"])


@router.get("/v1/schools/{school}/students/{student}/replies", summary="List a family's replies to letters")
async def list_student_replies(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Reader,
    term: Annotated[QueryText | None, Query(description="All terms by default", examples=["2026-T4"])] = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
) -> Page[ReplyOut]:
    """Newest first, of all keys that the student has had."""
    before = read_cursor(cursor, moment, UUID)
    async with state.engine.begin() as connection:
        child = await child_of(connection, caller, school, student)
        pieces = await casework.page(connection, "reply", child.ids, term, before, limit + 1)
        page = page_of(pieces, limit, lambda piece: (piece.at, piece.id))
        items = [await _out(connection, piece) for piece in page.items]
        access = Access(action="read-replies", school=school, students=[student], filters={"term": term})
        await log_access(connection, caller, access, state.clock())
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
        term=piece.term,
        **KeptReply.model_validate(piece.document).model_dump(),
        record=piece.record_id,
        replied_at=piece.at,
        status=status,
        settled_by=newest.saved_by if newest is not None else None,
        settled_at=newest.saved_at if newest is not None else None,
    )
