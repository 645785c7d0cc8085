"""What came through KAMAR's door, and what of it could not be applied."""

import uuid
from datetime import date, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.ingest.kamar.repository import documents, refusals
from services.ingest.state import State
from shared.auth.principal import Principal
from shared.web.cursors import encode_cursor, moment, number, read_cursor
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["KAMAR"])

MOST: Final = 500

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
        rows = await documents.page(connection, school, read_cursor(cursor, number(18)), limit + 1)
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
        rows = await refusals.page(connection, school, read_cursor(cursor, moment, uuid.UUID), limit + 1)
    items = [RefusalOut.model_validate(row) for row in rows[:limit]]
    return RefusalsOut(items=items, next=encode_cursor(items[-1].at.isoformat(), str(items[-1].id)) if len(rows) > limit else None)
