"""A student's attendance explained, and asked about."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader
from services.thresholds.access.permission import permitted_student, unknown_student
from services.thresholds.attendance.nearness import Nearness, nearness
from services.thresholds.attendance.schemas import ApproachingOut, AttendanceOut, StepOut, WhatIfOut, WhatIfQuery
from services.thresholds.attendance.showing import cause_out, day_out, total_out
from services.thresholds.attendance.view import Attendance, attendance
from services.thresholds.attendance.what_if import Supposition, opens, sentence, suppose
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.showing import context_of, hold_out, records_out
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.register.repository import corrections, rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments
from services.thresholds.roster.repository.students import RosterStudent
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import days_to_next, tier_of
from shared.audit.log import Access, log_access
from shared.events.calendars import calendar_of, codes_in
from shared.identifiers import SchoolNumber, student_id
from shared.web.answers import json_answer
from shared.web.door import Router
from shared.web.problem_types import ProblemKind
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["attendance"])


@router.get(
    "/v1/schools/{school}/students/{student}/attendance",
    response_model=AttendanceOut,
    response_model_exclude_none=False,
    summary="Explain a student's term, day by day",
)
async def get_attendance(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Reader,
    term: TermParameter = None,
) -> Response:
    """The student's absences, tier and STAR records, and the marks of each day with the rule that counted them."""
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        of_term = term_for(calendar, term, state.clock())
        kept = await _kept(connection, school, student, of_term, calendar, person)
        history = await corrections.of_row(connection, RowKey(school, of_term.name, student))
        context = await context_of(connection, school, state.clock(), calendar)
        identity = student_id(school, student)
        records = await records_out(connection, context, await star_records.of_student(connection, identity, of_term.name))
        standing = [hold for hold in await holds.of_student(connection, identity, of_term.name) if hold.holds_on(context.today, calendar)]
        access = Access(action="read-attendance", school=school, students=[student], filters={"term": of_term.name})
        await log_access(connection, caller, access, state.clock())
    codes = codes_in(sent, of_term.name, state.codes)
    view = attendance(kept.marks, of_term, kept.calendar, codes, state.clock(), history)
    totals = accumulate(day.count.absent for day in view.days)
    answer = AttendanceOut(
        school=school,
        student=student,
        student_id=identity,
        name=person.name if person else None,
        year_level=person.year_level if person else None,
        groups=person.groups if person else [],
        term=of_term.name,
        **_sums(view),
        approaching=_approaching(nearness(view, of_term, kept.calendar, context.today)),
        causes=[cause_out(cause, half_days, codes) for cause, half_days in view.causes],
        notes=view.differences(),
        days=[day_out(day, total, codes) for day, total in zip(view.days, totals, strict=True)],
        holds=[hold_out(hold, context.today, calendar) for hold in standing],
        star_records=records,
    )
    return json_answer(answer)


@router.get("/v1/schools/{school}/students/{student}/attendance/what-if", summary="Ask what a student's total would be")
async def get_what_if(
    school: SchoolInPath, student: str, state: State, caller: Reader, query: Annotated[WhatIfQuery, Query()]
) -> WhatIfOut:
    """The total of the day's term if the day, or one session of it, had another code (by default `P`). Nothing is changed.

    422 `outside-term`, `closed-day` or `unknown-code`, as for a mark.
    """
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        of_term = calendar.term_on(query.date)
        if of_term is None:
            raise _unsupposable("outside-term", "the school has no term on this day")
        kept = await _kept(connection, school, student, of_term, calendar, person)
        access = Access(action="read-attendance", school=school, students=[student], filters={"term": of_term.name, "what_if": True})
        await log_access(connection, caller, access, state.clock())
    codes = codes_in(sent, of_term.name, state.codes)
    if query.code not in codes:
        raise _unsupposable("unknown-code", "no table of codes has this one")
    if not opens(kept.calendar.opening(query.date), query.session):
        raise _unsupposable("closed-day", "this is not open for the student")
    what = Supposition(query.date, query.session, query.code)
    outcome = suppose(kept.marks, what, of_term, kept.calendar, codes, state.clock())
    return WhatIfOut(
        school=school,
        student=student,
        student_id=student_id(school, student),
        term=of_term.name,
        **query.model_dump(),
        now=total_out(outcome.before),
        then=total_out(outcome.after),
        steps=[StepOut(threshold=step.threshold, direction=step.direction) for step in outcome.steps],
        sentence=sentence(what, outcome, codes),
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A student's marks of a term, and their own calendar."""

    marks: bytes
    calendar: SchoolCalendar


async def _kept(
    connection: AsyncConnection, school: SchoolNumber, student: str, term: Term, calendar: SchoolCalendar, person: RosterStudent | None
) -> _Kept:
    """The marks and the calendar kept of a student. Raises ProblemError 404 for one of whom nothing was sent."""
    row = await rows.get(connection, RowKey(school, term.name, student))
    if person is None and row is None:
        raise unknown_student()
    own = calendar.for_student(await enrolments.get(connection, school, student), term)
    return _Kept(row.marks if row else b"", own)


def _approaching(near: Nearness | None) -> ApproachingOut | None:
    if near is None:
        return None
    return ApproachingOut(threshold=near.threshold, left_half_days=near.left_half_days, on_pace=near.on_pace, sentence=near.sentence)


def _unsupposable(kind: ProblemKind, detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, kind, detail)


def _sums(view: Attendance) -> dict[str, object]:
    return {
        "absent_half_days": view.absent,
        "absent_days": view.absent / 2,
        "tier": tier_of(view.absent),
        "days_to_next": days_to_next(view.absent),
        "attended_half_days": view.attended,
        "excluded_half_days": view.excluded,
        "unmarked_half_days": view.unmarked,
        "open_half_days": view.open,
        "attendance_rate": view.rate,
        "category": view.category,
    }
