"""What came through KAMAR's door, and what of it could not be applied."""

import uuid
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.ingest.repository import documents, refusals
from services.ingest.state import State
from shared.auth.principal import Principal
from shared.web.cursors import decode_cursor, encode_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["KAMAR"])

MOST: Final = 500
LONGEST_NUMBER: Final = 18

Limit = Annotated[int, Query(ge=1, le=MOST)]


class KamarDocumentOut(BaseModel):
    """A document. `counts` are the elements of each section, and what became of them; `refused` is by reason."""

    id: uuid.UUID
    sync: str
    received_at: datetime
    state: Literal["waiting", "done", "failed", "refused"]
    bytes: int
    counts: dict[str, int]
    refused: dict[str, int]
    error: str | None
    settled_at: datetime | None


class KamarDocumentsOut(BaseModel):
    """A page of documents, newest first."""

    items: list[KamarDocumentOut]
    next: str | None


class RefusalOut(BaseModel):
    """What could not be applied: `count` marks or records of a student and day, or of the document where there is no student."""

    id: uuid.UUID
    document: uuid.UUID
    student: str | None
    day: date | None
    reason: str
    detail: str
    count: int
    at: datetime


class RefusalsOut(BaseModel):
    """A page of refusals, newest first."""

    items: list[RefusalOut]
    next: str | None


@router.get("/v1/schools/{school}/kamar-documents", summary="What KAMAR has sent")
async def list_documents(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("roster:write")],
    cursor: str | None = None,
    limit: Limit = 50,
) -> KamarDocumentsOut:
    """The school's documents and what became of them. Their content is not kept."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        rows = await documents.page(connection, school, _before_number(cursor), limit + 1)
    items = [KamarDocumentOut.model_validate(row) for row in rows[:limit]]
    return KamarDocumentsOut(items=items, next=encode_cursor(str(rows[limit - 1]["number"])) if len(rows) > limit else None)


@router.get("/v1/schools/{school}/refusals", summary="What of KAMAR's documents could not be applied")
async def list_refusals(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    cursor: str | None = None,
    limit: Limit = 50,
) -> RefusalsOut:
    """With the reason, so that it can be mended in KAMAR and sent again."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        rows = await refusals.page(connection, school, _before(cursor), limit + 1)
    items = [RefusalOut.model_validate(row) for row in rows[:limit]]
    return RefusalsOut(items=items, next=encode_cursor(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)


def _before_number(cursor: str | None) -> int | None:
    parts = decode_cursor(cursor, parts=1)
    if parts is None:
        return None
    if not (parts[0].isascii() and parts[0].isdigit() and len(parts[0]) <= LONGEST_NUMBER):
        raise _bad_cursor()
    return int(parts[0])


def _before(cursor: str | None) -> tuple[datetime, uuid.UUID] | None:
    parts = decode_cursor(cursor, parts=2)
    if parts is None:
        return None
    try:
        at, row = datetime.fromisoformat(parts[0]), uuid.UUID(parts[1])
    except ValueError as error:
        raise _bad_cursor() from error
    if at.tzinfo is None:
        raise _bad_cursor()
    return at, row


def _bad_cursor() -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-cursor", "pass on the `next` of the page before, unchanged")
