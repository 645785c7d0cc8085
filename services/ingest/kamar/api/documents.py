"""KAMAR's pushes, and the parts of them that could not be applied."""

import uuid
from typing import Annotated

from services.ingest.kamar.repository import documents, refusals
from services.ingest.kamar.schemas import KamarDocumentOut, RefusalOut
from services.ingest.state import State
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, moment, number, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath, requires

router = Router(tags=["KAMAR"])


@router.get("/v1/schools/{school}/kamar-documents", summary="KAMAR's pushes")
async def list_kamar_documents(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("roster:write")],
    cursor: str | None = None,
    limit: PageLimit = 50,
) -> Page[KamarDocumentOut]:
    """The school's documents and what became of them. Their content is not kept."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        rows = await documents.page(connection, school, read_cursor(cursor, number(18)), limit + 1)
    return page_of(rows, limit, lambda row: row["number"]).map(KamarDocumentOut.model_validate)


@router.get("/v1/schools/{school}/refusals", summary="Marks and students of KAMAR's pushes that were refused")
async def list_kamar_refusals(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    cursor: str | None = None,
    limit: PageLimit = 50,
) -> Page[RefusalOut]:
    """Each with its reason, so that it can be corrected in KAMAR and sent again."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        rows = await refusals.page(connection, school, read_cursor(cursor, moment, uuid.UUID), limit + 1)
        page = page_of(rows, limit, lambda row: (row["at"], row["id"])).map(RefusalOut.model_validate)
        students = [refusal.student for refusal in page.items if refusal.student is not None]
        await log_access(connection, caller, Access(action="read-refusals", school=school, students=students), state.clock())
    return page
