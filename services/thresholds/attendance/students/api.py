"""A school's students: listed, and counted."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader
from services.thresholds.attendance.glance import Glancer
from services.thresholds.attendance.students import repository as listing
from services.thresholds.attendance.students.repository import StudentFilter
from services.thresholds.attendance.students.schemas import (
    RecordNumbers,
    SchoolSummaryOut,
    StudentOut,
    StudentQuery,
    SummariesQuery,
    SummaryOut,
    TierNumbers,
)
from services.thresholds.attendance.students.showing import page_out, students_out
from services.thresholds.records.showing import context_of
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.repository import DueBefore
from services.thresholds.register.kept_days import numbers_of
from services.thresholds.roster.days import not_kept
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import cursor_keys, enrolments, schools
from services.thresholds.roster.repository import students as roster
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State, ThresholdsState
from shared.attendance.tiers import THRESHOLDS, TIERS
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of, codes_in
from shared.identifiers import SchoolNumber, student_id
from shared.web.cursors import read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["attendance"])

NEAR: Final = 2
"""Half days below the next threshold that the summary counts as near."""


@router.get("/v1/schools/{school}/students", response_model=Page[StudentOut], summary="List a school's students")
async def list_students(school: SchoolInPath, state: State, caller: Reader, query: Annotated[StudentQuery, Query()]) -> Response:
    """All students of whom the school has sent a roster entry or marks, with the term's total and the last ten school days. The list
    of a term that is over has those who were there, with the year level and the groups that they had."""
    async with state.engine.begin() as connection:
        seal = await cursor_keys.seal_for(connection, f"students by {query.sort}")
        after = seal.decode(query.cursor, parts=2)
        glancer = await _glancer(connection, state, school, query.term)
        which = _filter(glancer, school, caller, query)
        left = await not_kept(connection, school, glancer.term, glancer.calendar, state.keeper, glancer.now)
        rows = await listing.page(connection, which, query.sort, (after[0], after[1]) if after else None, query.limit + 1, left)
        page = page_of(rows, query.limit, lambda row: (row["order_key"], row["student"]), seal.encode)
        ids = {row["student"]: row["student_id"] or student_id(school, row["student"]) for row in page.items}
        beside = await listing.beside(connection, which, ids)
        dated = [student for student, more in beside.items() if more.has_dates]
        own = await enrolments.of_students(connection, school, dated) if dated else {}
        # The log names the filters, never a name that somebody looked for.
        filters = {"term": which.term, "searched": bool(query.q) or None}
        filters |= query.model_dump(mode="json", exclude_none=True, exclude={"term", "q", "student", "sort", "limit", "cursor"})
        access = Access(action="list-students", school=school, students=ids, filters=filters)
        await log_access(connection, caller, access, state.clock())
    calendars = {student: glancer.calendar.for_student(enrolment, glancer.term) for student, enrolment in own.items()}
    glances = {row["student"]: glancer.look(row["days"], calendars.get(row["student"], glancer.calendar)) for row in page.items}
    shown = students_out(page.items, ids, glances, beside, glancer)
    return Response(page_out(shown, page.next), media_type="application/json")


@router.get("/v1/schools/{school}/summary", summary="Count a school's students and STAR records")
async def get_school_summary(school: SchoolInPath, state: State, caller: Reader, term: TermParameter = None) -> SummaryOut:
    """The numbers of the students whom the caller may see, by tier, and of their STAR records by status."""
    async with state.engine.connect() as connection:
        return await _summary(connection, state, school, caller, term)


@router.get("/v1/summaries", summary="Count the students and STAR records of your schools")
async def list_school_summaries(state: State, caller: Reader, query: Annotated[SummariesQuery, Query()]) -> Page[SchoolSummaryOut]:
    """The summary of each school that the token holds for, in its current or last term, by number; `summary` is null for a school none of
    whose terms has begun."""
    after = read_cursor(query.cursor, str)
    own = None if caller.schools is None else sorted(caller.schools)
    async with state.engine.connect() as connection:
        page = page_of(
            await schools.page(connection, own, after, query.limit + 1, region=query.region), query.limit, lambda one: one.school
        )
        items = []
        for sent in page.items:
            begun = calendar_of(sent).current_or_last_term(calendar_of(sent).today(state.clock())) is not None
            school = SchoolNumber(sent.school)
            summary = await _summary(connection, state, school, caller, None) if begun else None
            items.append(SchoolSummaryOut(school=sent.school, name=sent.name, region=sent.region, summary=summary))
    return Page(items=items, next=page.next)


async def _summary(
    connection: AsyncConnection, state: ThresholdsState, school: SchoolNumber, caller: Principal, term: str | None
) -> SummaryOut:
    glancer = await _glancer(connection, state, school, term)
    which = _filter(glancer, school, caller, StudentQuery())
    levels = {row["level"]: row for row in await listing.numbers(connection, which, NEAR)}
    context = await context_of(connection, school, state.clock(), glancer.calendar)
    of_students = None if caller.part is None else await roster.of_part(connection, school, caller.part)
    due = DueBefore(context.today, {threshold: context.due.crossed_before(threshold, context.today) for threshold in THRESHOLDS})
    records = await star_records.numbers(connection, school, which.term, due, of_students)
    since = max((day for day in glancer.calendar.school_days(glancer.term, until=context.today) if day < context.today), default=None)
    reached = await star_records.reached(connection, school, which.term, since or context.today, of_students)
    whole = levels.values() if caller.part is None else await listing.numbers(connection, replace(which, part=None), NEAR)
    tiers = {tier: levels[level]["students"] if level in levels else 0 for level, tier in enumerate(TIERS)}
    return SummaryOut(
        school=school,
        term=which.term,
        students=sum(tiers.values()),
        tiers=TierNumbers.model_validate(tiers),
        near=sum(row["near"] for row in levels.values()),
        reached=reached,
        of_school=sum(row["students"] for row in whole),
        issues=state.issue_counts.number(school, which.term, caller.part),
        records=RecordNumbers.model_validate(dict(records)),
    )


async def _glancer(connection: AsyncConnection, state: ThresholdsState, school: SchoolNumber, term: str | None) -> Glancer:
    sent = await known_school(connection, school)
    calendar = calendar_of(sent)
    now: datetime = state.clock()
    of_term = term_for(calendar, term, now)
    return Glancer(term=of_term, calendar=calendar, codes=codes_in(sent, of_term.name, state.codes), keeper=state.keeper, now=now)


def _filter(glancer: Glancer, school: SchoolNumber, caller: Principal, query: StudentQuery) -> StudentFilter:
    return StudentFilter(
        school=school,
        term=glancer.term.name,
        term_end=glancer.term.end,
        roll=Roll.of(school, glancer.term, glancer.calendar, glancer.now),
        today=glancer.calendar.today(glancer.now),
        part=caller.part,
        level=TIERS.index(query.tier) if query.tier else None,
        year_level=query.year_level,
        group=query.group,
        words=(query.q or "").split(),
        near=None if query.near_days is None else int(query.near_days * 2),
        unanswered=query.unanswered,
        on_hold=query.on_hold,
        students=query.student or None,
        mostly=None if query.mostly is None else numbers_of(query.mostly),
        rising=query.rising,
        crossed=(query.crossed_from, query.crossed_to),
        last=glancer.runs(glancer.last_days),
        before=glancer.runs(glancer.days_before),
    )
