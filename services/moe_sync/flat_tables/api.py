"""The table of a school's uploads as a download."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from services.moe_sync.flat_tables import reading
from services.moe_sync.flat_tables.dictionary import UPLOADS
from services.moe_sync.roster.access import Reader, existing
from services.moe_sync.roster.repository import schools
from services.moe_sync.state import State
from shared.flat_tables.answering import TABLE_ANSWERS, TableQuery, table_answer
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["tables"])


@router.get(
    "/v1/schools/{school}/tables/uploads",
    response_class=Response,
    responses=TABLE_ANSWERS,
    summary="Download uploads as a flat table",
)
async def download_uploads(school: SchoolInPath, state: State, caller: Reader, query: Annotated[TableQuery, Query()]) -> Response:
    """One row for each upload; no student is in it. Without `term` you get all of them."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        existing(await schools.get(connection, school))
    return await table_answer(state, caller, school, UPLOADS, reading.uploads(school, query.term), query)
