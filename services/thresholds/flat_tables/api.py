"""The tables of a school as downloads."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response

from services.thresholds.access.callers import SchoolReader
from services.thresholds.flat_tables import reading
from services.thresholds.flat_tables.dictionary import CROSSINGS, RESPONSES, STUDENT_TERMS
from services.thresholds.state import State
from shared.flat_tables.answering import TABLE_ANSWERS, TableQuery, table_answer
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["tables"])


@router.get(
    "/v1/schools/{school}/tables/student-terms",
    response_class=Response,
    responses=TABLE_ANSWERS,
    summary="Download students' terms as a flat table",
)
async def download_student_terms(
    school: SchoolInPath, state: State, caller: SchoolReader, query: Annotated[TableQuery, Query()]
) -> Response:
    """One row for each student and term, as of now. Without `term` you get all terms that have begun."""
    caller.require_school(school)
    pages = reading.student_terms(school, query.term, state.clock(), state.codes, state.keeper)
    return await table_answer(state, caller, school, STUDENT_TERMS, pages, query)


@router.get(
    "/v1/schools/{school}/tables/crossings",
    response_class=Response,
    responses=TABLE_ANSWERS,
    summary="Download STAR records as a flat table",
)
async def download_crossings(school: SchoolInPath, state: State, caller: SchoolReader, query: Annotated[TableQuery, Query()]) -> Response:
    """One row for each threshold that a student reached in a term. Without `term` you get all of them."""
    caller.require_school(school)
    return await table_answer(state, caller, school, CROSSINGS, reading.crossings(school, query.term, state.clock()), query)


@router.get(
    "/v1/schools/{school}/tables/responses",
    response_class=Response,
    responses=TABLE_ANSWERS,
    summary="Download responses as a flat table",
)
async def download_responses(school: SchoolInPath, state: State, caller: SchoolReader, query: Annotated[TableQuery, Query()]) -> Response:
    """One row for each response that stands. Without `term` you get those of all terms."""
    caller.require_school(school)
    return await table_answer(state, caller, school, RESPONSES, reading.responses(school, query.term, state.clock()), query)
