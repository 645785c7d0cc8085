"""A page of a student's pieces, and the look at it put on record."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Kind, Piece
from services.thresholds.casework.student import child_of
from services.thresholds.schemas import QueryText
from services.thresholds.state import ThresholdsState
from shared.audit.log import Access, Action, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, moment, read_cursor
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath


@dataclass(frozen=True, slots=True)
class OfStudent:
    """The parameters of each list of a student's casework."""

    school: SchoolInPath
    student: str
    term: Annotated[QueryText | None, Query(description="All terms by default", examples=["2026-T4"])] = None
    limit: PageLimit = 100
    cursor: str | None = None


ListOfStudent = Annotated[OfStudent, Depends()]


async def read_page(
    connection: AsyncConnection,
    state: ThresholdsState,
    caller: Principal,
    kind: Kind,
    action: Action,
    wanted: OfStudent,
    *,
    include_withdrawn: bool = True,
) -> Page[Piece]:
    """The pieces of all keys that the student has had, newest first, with a line in the audit log.

    Raises ProblemError 404 for a student of whom nothing is known, 403 outside the caller's part, 422 for a cursor that is not ours.
    """
    before = read_cursor(wanted.cursor, moment, UUID)
    child = await child_of(connection, caller, wanted.school, wanted.student)
    pieces = await casework.page(connection, kind, child.ids, wanted.term, before, wanted.limit + 1, include_withdrawn=include_withdrawn)
    access = Access(action=action, school=wanted.school, students=[wanted.student], filters={"term": wanted.term})
    await log_access(connection, caller, access, state.clock())
    return page_of(pieces, wanted.limit, lambda piece: (piece.at, piece.id))
