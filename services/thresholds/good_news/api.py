"""The good news of a school's students, and certificates to print."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader
from services.thresholds.good_news.gathering import Found, good_news
from services.thresholds.good_news.news import CLEAR_DAYS, sentence
from services.thresholds.good_news.printing import certificates_pdf, term_in_words
from services.thresholds.good_news.schemas import CertificatesQuery, GoodNewsOut, GoodNewsQuery, NewsQuery
from services.thresholds.pages.pdf import MEDIA_TYPE, UnprintableError
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import students
from services.thresholds.state import State, ThresholdsState
from shared.attendance.calendar import SchoolCalendar, Term
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber
from shared.key_holders import repository as key_holders
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["good news"])

PATH: Final = "/v1/schools/{school}/good-news"

_PDF: Final = sends("The certificates as a document to print, a page each.", MEDIA_TYPE)


@router.get(PATH, summary="List the good news of a school's students")
async def list_good_news(school: SchoolInPath, state: State, caller: Reader, query: Annotated[NewsQuery, Query()]) -> Page[GoodNewsOut]:
    """Students without an absence in the term, and students who reached a threshold and have been at school since, by name. Days
    that nobody marked are no good news: a student whose last mark is older than three school days is not back on track."""
    now = state.clock()
    async with state.engine.begin() as connection:
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        term = term_for(calendar, query.term, now)
        found = await _found(connection, state, caller, school, (term, calendar), query, query.clear_days, now)
        await _log(connection, caller, school, found, query, now)
    is_over = calendar.today(now) > term.end
    return Page(items=[_out(one, term, is_over=is_over) for one in found])


@router.get(
    f"{PATH}/certificates.pdf",
    response_class=Response,
    responses=_PDF | refuses("term-running", "no-certificates", "unprintable"),
    summary="Print certificates of a term without absence",
)
async def print_certificates(school: SchoolInPath, state: State, caller: Reader, query: Annotated[CertificatesQuery, Query()]) -> Response:
    """A page for each student who missed no half day of a term that is over, by name: of the students whom you name, or of all. There is no
    certificate for a student with half days that nobody has marked."""
    now = state.clock()
    async with state.engine.begin() as connection:
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        term = term_for(calendar, query.term, now)
        last = max(calendar.school_days(term), default=term.end)
        if calendar.ended_through(now) < last:
            raise ProblemError(HTTPStatus.CONFLICT, "term-running", f"the term's last school day is {last}: certificates come after it")
        outward = await key_holders.outward(connection, school)
        found = [
            one
            for one in await _found(connection, state, caller, school, (term, calendar), query, CLEAR_DAYS, now)
            if one.news.kind == "full-term"
            and not one.news.unmarked
            and (not query.student or outward.get(one.student, one.student) in query.student)
        ]
        if not found:
            detail = "none of these students has been at school for every half day of the term, all of them marked"
            raise ProblemError(HTTPStatus.NOT_FOUND, "no-certificates", detail)
        await _log(connection, caller, school, found, query, now)
    pdf = await asyncio.to_thread(_printed, found, sent, term, now)
    headers = {"Content-Disposition": disposition("inline", f"certificates-{school}-{term.name}.pdf"), "Cache-Control": "no-store"}
    return Response(pdf, media_type=MEDIA_TYPE, headers=headers)


def _printed(found: Sequence[Found], sent: SchoolUpdated, term: Term, now: datetime) -> bytes:
    try:
        return certificates_pdf(found, sent.name, term_in_words(term.name), now)
    except UnprintableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unprintable", str(error)) from error


async def _found(
    connection: AsyncConnection,
    state: ThresholdsState,
    caller: Principal,
    school: SchoolNumber,
    of_term: tuple[Term, SchoolCalendar],
    query: GoodNewsQuery,
    clear_days: int,
    now: datetime,
) -> list[Found]:
    only = None if caller.part is None else await students.keys_of_part(connection, school, caller.part)
    found = await good_news(connection, school, *of_term, state.keeper, clear_days, now, only)
    return [
        one
        for one in found
        if query.year_level in (None, one.person.year_level) and (query.group is None or query.group in one.person.groups)
    ]


async def _log(
    connection: AsyncConnection, caller: Principal, school: SchoolNumber, found: Sequence[Found], query: GoodNewsQuery, now: datetime
) -> None:
    filters = {"term": query.term, "year_level": query.year_level, "group": query.group}
    access = Access(action="read-good-news", school=school, students=[one.student for one in found], filters=filters)
    await log_access(connection, caller, access, now)


def _out(one: Found, term: Term, *, is_over: bool) -> GoodNewsOut:
    reached = one.reached.threshold if one.reached is not None else None
    return GoodNewsOut(
        student=one.student,
        student_id=one.student_id,
        name=one.person.name,
        year_level=one.person.year_level,
        groups=one.person.groups,
        news=one.news.kind,
        since=one.first,
        school_days=one.news.days,
        unmarked_half_days=one.news.unmarked,
        sentence=sentence(one.person.name, one.news, one.first, term_in_words(term.name), is_over=is_over, reached=reached),
    )
