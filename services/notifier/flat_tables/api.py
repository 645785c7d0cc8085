"""The table of a school's letters as a download."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from services.notifier.flat_tables import reading
from services.notifier.flat_tables.dictionary import LETTERS
from services.notifier.state import State
from shared.auth.principal import Principal
from shared.flat_tables.answering import TABLE_ANSWERS, TableQuery, table_answer
from shared.web.door import Router
from shared.web.service import SchoolInPath, requires

router = Router(tags=["tables"])


@router.get(
    "/v1/schools/{school}/tables/letters",
    response_class=Response,
    responses=TABLE_ANSWERS,
    summary="Download letters as a flat table",
)
async def download_letters(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read")], query: Annotated[TableQuery, Query()]
) -> Response:
    """One row for each delivery, and for each letter without one; no address and no words. Without `term` you get all of them."""
    caller.require_school(school)
    return await table_answer(state, caller, school, LETTERS, reading.letters(school, query.term), query)
