"""The analysis of a school's term, and the patterns of its students."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Header, Query
from fastapi.responses import Response

from services.thresholds.access.callers import Reader
from services.thresholds.analysis.analysing import Question, analyse, find_patterns
from services.thresholds.analysis.behind import students_behind
from services.thresholds.analysis.findings import Analysis
from services.thresholds.analysis.gathering import gather
from services.thresholds.analysis.patterns import RULES, Pattern
from services.thresholds.analysis.schemas import (
    AnalysisOut,
    PatternPage,
    StudentBehindOut,
    StudentBehindPage,
    StudentPatternOut,
)
from services.thresholds.analysis.selection import AskedFigure, Selected, Selection
from services.thresholds.analysis.sheets import SheetName, long_sheet, sheets
from services.thresholds.analysis.weeks import week_of
from services.thresholds.state import State, ThresholdsState
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber, student_id
from shared.web.answers import json_answer
from shared.web.cursors import PageLimit, decode_cursor, number, read_cursor
from shared.web.door import Router
from shared.web.headers import accepts
from shared.web.openapi.successes import sends
from shared.web.pages import page_of
from shared.web.service import SchoolInPath
from shared.web.spreadsheet import Cell, csv_answer

router = Router(tags=["analysis"])

FormatParameter = Annotated[
    Literal["json", "csv"] | None, Query(description="`csv` is a file for a spreadsheet; so is what `Accept: text/csv` gets")
]
Accept = Annotated[str | None, Header(include_in_schema=False)]

PATTERN_COLUMNS: Final = ("student", "name", "year level", "groups", "pattern", "detail")
BEHIND_COLUMNS: Final = ("student", "name", "year level", "groups", "half days absent", "half days marked", "category")


@router.get(
    "/v1/schools/{school}/analysis",
    response_model=AnalysisOut,
    responses=sends("The term in figures; as CSV, one of its tables, or all of them as one.", "text/csv"),
    summary="Analyse a school's term, with small groups put together",
)
async def get_analysis(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    selected: Selection,
    format: FormatParameter = None,
    part: Annotated[SheetName | None, Query(description="The one table to have in a file; by default all, as one long table")] = None,
    accept: Accept = None,
) -> Response:
    """No student can be picked out of it. A caller who looks after a part of the school gets the analysis of that part."""
    caller.require_school(school)
    _, question, analysis = await analysed(state, caller, school, selected, state.clock())
    if _wants_csv(format, accept):
        by_name = sheets(analysis)
        sheet = by_name[part] if part else long_sheet(by_name)
        name = "-".join(["analysis", school, question.term.name, *([part] if part else [])])
        return csv_answer(f"{name}.csv", sheet.header, sheet.rows)
    return json_answer(AnalysisOut.of(school, question, analysis))


@router.get(
    "/v1/schools/{school}/analysis/patterns",
    response_model=PatternPage,
    responses=sends("A page of patterns, by student; as CSV, all of them.", "text/csv"),
    summary="List patterns in students' absences, by student",
)
async def list_attendance_patterns(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    selected: Selection,
    pattern: Annotated[Pattern | None, Query(description="Only this pattern")] = None,
    format: FormatParameter = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
    accept: Accept = None,
) -> PatternPage | Response:
    """Students by name, for the staff who look after them. The audit log keeps whom you were shown."""
    caller.require_school(school)
    after = decode_cursor(cursor, parts=2)
    now = state.clock()
    gathered = await gather(state, school, caller.part, selected, now, with_effects=False)
    students, patterns = await asyncio.to_thread(find_patterns, gathered.question, gathered.half_days)
    items = [
        StudentPatternOut.of(student_id(school, students[shown.student].student), students[shown.student], shown, gathered.names)
        for shown in patterns
        if pattern is None or shown.pattern == pattern
    ]
    items.sort(key=lambda item: (item.student, item.pattern))
    as_file = _wants_csv(format, accept)
    behind = [item for item in items if as_file or after is None or (item.student, item.pattern) > (after[0], after[1])]
    page = page_of(behind, len(behind) if as_file else limit, lambda item: (item.student, item.pattern))
    term = gathered.question.term.name
    filters = {"term": term, "pattern": pattern, "year_level": selected.year_level, "group": selected.group}
    access = Access(action="read-analysis", school=school, students=[item.student for item in page.items], filters=filters)
    async with state.engine.begin() as connection:
        await log_access(connection, caller, access, now)
    if as_file:
        return csv_answer(f"patterns-{school}-{term}.csv", PATTERN_COLUMNS, map(_cells, page.items))
    return PatternPage(school=school, term=term, as_of=now, rules=dict(RULES), items=page.items, next=page.next)


@router.get(
    "/v1/schools/{school}/analysis/students",
    response_model=StudentBehindPage,
    responses=sends("A page of the students behind a figure; as CSV, all of them.", "text/csv"),
    summary="List the students behind a figure of the analysis",
)
async def list_students_behind(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    selected: Selection,
    figure: AskedFigure,
    format: FormatParameter = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
    accept: Accept = None,
) -> StudentBehindPage | Response:
    """Students by name, for the staff who look after them: the same whom the analysis counts, who was away most first. The audit log
    keeps whom you were shown."""
    caller.require_school(school)
    after = read_cursor(cursor, number(), str)
    now = state.clock()
    gathered = await gather(state, school, caller.part, selected, now, with_effects=False)
    question = gathered.question
    behind = await asyncio.to_thread(students_behind, question, figure.figure, gathered.half_days)
    as_file = _wants_csv(format, accept)
    left = [one for one in behind if as_file or after is None or (-one.absent_half_days, one.student.student) > (-after[0], after[1])]
    page = page_of(left, len(left) if as_file else limit, lambda one: (one.absent_half_days, one.student.student))
    ids = {one.student.student: student_id(school, one.student.student) for one in page.items}
    items = [StudentBehindOut.of(ids[one.student.student], one, gathered.names.get(one.student.student)) for one in page.items]
    term = question.term.name
    filters = {"term": term, "year_level": selected.year_level, "group": selected.group, **asdict(figure)}
    access = Access(action="read-analysis", school=school, students=ids, filters=filters)
    async with state.engine.begin() as connection:
        await log_access(connection, caller, access, now)
    if as_file:
        return csv_answer(f"students-{school}-{term}.csv", BEHIND_COLUMNS, map(_cells_behind, items))
    starts_on, ends_on = week_of(question.term, question.calendar.today(now), figure.week) or (None, None)
    return StudentBehindPage(
        school=school, term=term, as_of=now, starts_on=starts_on, ends_on=ends_on, students=len(behind), items=items, next=page.next
    )


async def analysed(
    state: ThresholdsState, caller: Principal, school: SchoolNumber, selected: Selected, now: datetime
) -> tuple[SchoolUpdated, Question, Analysis]:
    """The school, the question about it, and its analysis. Raises ProblemError 404 for an unknown school or term."""
    gathered = await gather(state, school, caller.part, selected, now, with_effects=True)
    # A large school takes some hundredths of a second: others' requests must not wait for it.
    return gathered.school, gathered.question, await asyncio.to_thread(analyse, gathered.question, gathered.half_days)


def _wants_csv(format: str | None, accept: str | None) -> bool:
    return format == "csv" if format else accepts(accept, "text/csv")


def _cells_behind(item: StudentBehindOut) -> tuple[Cell, ...]:
    half_days = item.absent_half_days, item.counted_half_days
    return item.student, item.name, item.year_level, ", ".join(item.groups), *half_days, item.category


def _cells(item: StudentPatternOut) -> tuple[Cell, ...]:
    return item.student, item.name, item.year_level, ", ".join(item.groups), item.pattern, item.detail
