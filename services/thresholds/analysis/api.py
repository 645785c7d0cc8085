"""The analysis of a school's term, and the patterns of its students."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.audit import Access, log_access
from services.thresholds.analysis import repository
from services.thresholds.analysis.counting import HalfDays
from services.thresholds.analysis.disclosure import FEWEST
from services.thresholds.analysis.effects import WARNING, WINDOW
from services.thresholds.analysis.findings import Analysis
from services.thresholds.analysis.patterns import RULES, Pattern, StudentPattern
from services.thresholds.analysis.report import Question, analyse, find_patterns, half_days_of
from services.thresholds.analysis.repository import RosterRow
from services.thresholds.analysis.schemas import AnalysisOut, PatternPage, StudentPatternOut
from services.thresholds.analysis.sets import Student
from services.thresholds.analysis.tables import SheetName, long_sheet, tables
from services.thresholds.analysis.timeline import NeighbourRows, first_days, last_days, terms_beside, terms_reached
from services.thresholds.analysis.weeks import CrossedRecords, best_and_worst
from services.thresholds.plans.activities.activity import STANDARD
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.schemas import QueryText
from services.thresholds.state import State, ThresholdsState
from shared.attendance.calendar import SchoolCalendar, Term
from shared.auth.principal import MOST_YEAR, Part, Principal
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber, student_id
from shared.web.cursors import PageLimit, decode_cursor, encode_cursor
from shared.web.service import SchoolInPath, requires
from shared.web.spreadsheet import csv_answer

router = APIRouter(tags=["analysis"])

Reader = Annotated[Principal, requires("star:read", by_group=True)]
TermAsked = Annotated[str | None, Query(description="The current or last term by default", examples=["2026-T4"])]
YearAsked = Annotated[int | None, Query(ge=0, le=MOST_YEAR, description="Only students of this year level")]
GroupAsked = Annotated[QueryText | None, Query(description="Only students of this group")]
FormatAsked = Annotated[
    Literal["json", "csv"] | None, Query(description="`csv` is a file for a spreadsheet; so is what `Accept: text/csv` gets")
]
Accepted = Annotated[str | None, Header(include_in_schema=False)]

CSV: Final[dict[int | str, dict[str, Any]]] = {HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}}

NOTES: Final = (
    f"Numbers about fewer than {FEWEST} students, and numbers that would give such a number away, are put together with others or null.",
    "Totals by week are as of each week's end, counted from the marks as they stand now: a mark that was corrected later counts as it is"
    " now.",
    "Crossings are the term's STAR records, by the day on which the threshold was reached; withdrawn ones by the day on which corrected"
    " marks took them back. A record that was withdrawn and opened again counts as crossed once.",
    "Students who are no longer on the roll are left out; the data-quality report lists marks of students who are not on it.",
    "Rates are of the half days marked as attended or absent. A student's year level and groups are those of now, whatever they were.",
)

PATTERN_COLUMNS: Final = ("student", "name", "year level", "groups", "pattern", "detail")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was read for a request: the school, the question, its half days, and the names behind it."""

    school: SchoolUpdated
    question: Question
    half_days: HalfDays
    names: Mapping[str, str]


@router.get(
    "/v1/schools/{school}/analysis",
    response_model=AnalysisOut,
    responses=CSV,
    summary="A school's term analysed, with small groups put together",
)
async def get_analysis(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    term: TermAsked = None,
    year_level: YearAsked = None,
    group: GroupAsked = None,
    format: FormatAsked = None,
    part: Annotated[SheetName | None, Query(description="Of a file: this table only; without it, all as one long table")] = None,
    accept: Accepted = None,
) -> Response:
    """Nobody can be picked out of it. A caller who looks after a part of the school gets the analysis of that part."""
    caller.require_school(school)
    now = state.clock()
    _, question, analysis = await analysed(state, caller, school, term, year_level, group, now)
    if _wants_csv(format, accept):
        parts = tables(analysis)
        table = parts[part] if part else long_sheet(parts)
        name = "-".join(["analysis", school, question.term.name, *([part] if part else [])])
        return csv_answer(f"{name}.csv", table.header, table.rows)
    # As JSON at once: checking a long answer a second time, on the loop, would take longer than making it.
    return Response(_shown(school, question, analysis).model_dump_json(by_alias=True), media_type="application/json")


@router.get(
    "/v1/schools/{school}/analysis/patterns",
    response_model=PatternPage,
    responses=CSV,
    summary="Patterns in students' absences, by student",
)
async def list_patterns(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    term: TermAsked = None,
    pattern: Annotated[Pattern | None, Query(description="Only this pattern")] = None,
    year_level: YearAsked = None,
    group: GroupAsked = None,
    format: FormatAsked = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
    accept: Accepted = None,
) -> PatternPage | Response:
    """For the staff who look after them: students by name. The audit log keeps who was shown."""
    caller.require_school(school)
    after = decode_cursor(cursor, parts=2)
    now = state.clock()
    asked = await _asked(state, school, caller.part, term, year_level, group, now, with_effects=False)
    students, found = await asyncio.to_thread(find_patterns, asked.question, asked.half_days)
    wanted = sorted(
        (_one(school, students[one.student], one, asked.names) for one in found if pattern is None or one.pattern == pattern),
        key=lambda item: (item.student, item.pattern),
    )
    as_file = _wants_csv(format, accept)
    behind = [item for item in wanted if as_file or after is None or (item.student, item.pattern) > (after[0], after[1])]
    page = behind if as_file else behind[:limit]
    filters = {"term": asked.question.term.name, "pattern": pattern, "year_level": year_level, "group": group}
    access = Access(action="read-analysis", school=school, students=[item.student for item in page], filters=filters)
    async with state.engine.begin() as connection:
        await log_access(connection, caller, access, now)
    if as_file:
        return csv_answer(f"patterns-{school}-{asked.question.term.name}.csv", PATTERN_COLUMNS, map(_cells, page))
    return PatternPage(
        school=school,
        term=asked.question.term.name,
        as_of=now,
        rules=dict(RULES),
        items=page,
        next=encode_cursor(page[-1].student, page[-1].pattern) if len(behind) > limit else None,
    )


async def analysed(
    state: ThresholdsState,
    caller: Principal,
    school: SchoolNumber,
    term: str | None,
    year_level: int | None,
    group: str | None,
    now: datetime,
) -> tuple[SchoolUpdated, Question, Analysis]:
    """The school, what is asked about, and its analysis, for whoever is shown it. Raises ProblemError 404 for an unknown school or term."""
    asked = await _asked(state, school, caller.part, term, year_level, group, now, with_effects=True)
    # A large school takes some hundredths of a second: others' requests must not wait for it.
    return asked.school, asked.question, await asyncio.to_thread(analyse, asked.question, asked.half_days)


async def _asked(
    state: ThresholdsState,
    school: SchoolNumber,
    part: Part | None,
    term: str | None,
    year_level: int | None,
    group: str | None,
    now: datetime,
    *,
    with_effects: bool,
) -> _Asked:
    """Reads what there is to analyse, as of one moment. Raises ProblemError 404 for an unknown school or term."""
    async with state.engine.connect() as connection:
        await repository.one_moment(connection)
        known = await known_school(connection, school)
        calendar = calendar_of(known)
        wanted = term_for(calendar, term, state.clock())
        roster = [row for row in await repository.roster(connection, school) if _looked_after(row, part)]
        # Without a part, students who were not sent, or have left, are there too.
        only = None if part is None else [row.student for row in roster]
        rows = await repository.marks(connection, school, wanted.name, only)
        students = [Student(row.student, row.year_level, frozenset(row.groups), True) for row in roster]
        students += [Student(key, None, frozenset(), False) for key in sorted(rows.keys() - {row.student for row in roster})]
        question = Question(
            term=wanted,
            calendar=calendar,
            codes=state.codes.with_classes(known.code_classes),
            now=now,
            students=students,
            rows=[rows.get(student.student, b"") for student in students],
            whole_school=part is None,
            year_level=year_level,
            group=group,
        )
        async with asyncio.TaskGroup() as both:
            # Half days are counted while the rest is being read: each takes about as long.
            counting = both.create_task(asyncio.to_thread(half_days_of, question))
            if with_effects:
                question = await _with_effects(connection, question, school, only, on_roll=bool(roster))
    return _Asked(known, question, counting.result(), {row.student: f"{row.given_name} {row.family_name}" for row in roster})


async def _with_effects(
    connection: AsyncConnection, question: Question, school: SchoolNumber, only: Sequence[str] | None, *, on_roll: bool
) -> Question:
    """The question with the crossings, the responses, and what the weeks around these need of other terms."""
    term, calendar = question.term, question.calendar
    crossed: Sequence[CrossedRecords] = ()
    if question.whole_school:
        found = await repository.crossings(connection, school, term.name, calendar.timezone, on_roll=on_roll)
        crossed = [CrossedRecords(*row) for row in found]
    names = [one.name for one in (term, *terms_beside(calendar, term)) if one is not None]
    responses = await repository.responses(connection, school, names)
    days = {row.occurred_on for row in responses}
    beside = await _beside(connection, school, calendar, term, calendar.today(question.now), days, question.students, only)
    return replace(question, crossed=crossed, responses=responses, beside=beside)


async def _beside(
    connection: AsyncConnection,
    school: SchoolNumber,
    calendar: SchoolCalendar,
    term: Term,
    today: date,
    activities: Iterable[date],
    students: Sequence[Student],
    only: Sequence[str] | None,
) -> NeighbourRows:
    """What the weeks around activities need of the terms before and after."""
    before, after = terms_reached(calendar, term, today, activities)
    if before is None and after is None:
        return NeighbourRows()

    async def rows_of(beside: Term | None, days: Sequence[date]) -> list[bytes] | None:
        if beside is None or not days:
            return None
        if calendar.blanks_are_truant:
            # Blanks count from a student's first mark of the term on: the whole row is needed to know that.
            found = await repository.marks(connection, school, beside.name, only)
        elif beside is before:
            found = await repository.last_marks(connection, school, beside.name, only, days[0])
        else:
            found = await repository.first_marks(connection, school, beside.name, only, days[-1])
        return [found.get(student.student, b"") for student in students]

    return NeighbourRows(
        await rows_of(before, last_days(calendar, before) if before else ()),
        await rows_of(after, first_days(calendar, after, today) if after else ()),
    )


def _looked_after(row: RosterRow, part: Part | None) -> bool:
    return part is None or part.holds(row.year_level, frozenset(row.groups))


def _wants_csv(format: str | None, accept: str | None) -> bool:
    return format == "csv" if format else "text/csv" in (accept or "")


def _shown(school: SchoolNumber, question: Question, analysis: Analysis) -> AnalysisOut:
    week = best_and_worst([week.absence_rate for week in analysis.weeks])
    day = best_and_worst([day.absence_rate for day in analysis.weekdays])
    effects = [{**_plain(effect), "label": STANDARD.get(effect.activity, effect.activity)} for effect in analysis.effects]
    return AnalysisOut.model_validate(
        {
            **_plain(analysis),
            "school": school,
            "term": question.term.name,
            "as_of": question.now,
            "year_level": question.year_level,
            "group": question.group,
            "fewest_students": FEWEST,
            "best_week": analysis.weeks[week[0]].week if week else None,
            "worst_week": analysis.weeks[week[1]].week if week else None,
            "best_weekday": analysis.weekdays[day[0]].weekday if day else None,
            "worst_weekday": analysis.weekdays[day[1]].weekday if day else None,
            "effects": {"warning": WARNING, "school_days": WINDOW, "items": effects},
            "notes": list(NOTES),
        }
    )


def _plain(data: Any) -> dict[str, Any]:
    return {name: getattr(data, name) for name in data.__slots__}


def _one(school: SchoolNumber, student: Student, found: StudentPattern, names: Mapping[str, str]) -> StudentPatternOut:
    return StudentPatternOut(
        student=student.student,
        student_id=student_id(school, student.student),
        name=names.get(student.student),
        year_level=student.year_level,
        groups=sorted(student.groups),
        pattern=found.pattern,
        detail=found.detail,
        numbers=dict(found.numbers),
    )


def _cells(item: StudentPatternOut) -> tuple[str | int | None, ...]:
    return item.student, item.name, item.year_level, ", ".join(item.groups), item.pattern, item.detail
