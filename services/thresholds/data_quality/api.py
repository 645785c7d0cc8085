"""The data-quality report of a term: what a school has to mend."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import Query
from fastapi.responses import Response

from services.thresholds.access.callers import SchoolReader
from services.thresholds.data_quality.handler import REPORTED_KEPT_FOR
from services.thresholds.data_quality.report import ISSUE_KINDS, Issue, IssueKind, report
from services.thresholds.data_quality.repository import reported_letters, students
from services.thresholds.data_quality.schemas import DataQualityOut, IssueOut
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State, ThresholdsState
from shared.audit.log import Access, log_access
from shared.events.calendars import calendar_of
from shared.identifiers import SchoolNumber
from shared.web.cursors import PageLimit, decode_cursor
from shared.web.door import Router
from shared.web.pages import page_of
from shared.web.service import SchoolInPath
from shared.web.spreadsheet import Cell, csv_answer

router = Router(tags=["data quality"])

COLUMNS: Final = ("issue", "student", "date", "count", "detail")


@router.get(
    "/v1/schools/{school}/data-quality",
    response_model=DataQualityOut,
    responses={HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="List what is missing or doubtful in a school's data",
)
async def get_data_quality(
    school: SchoolInPath,
    state: State,
    caller: SchoolReader,
    term: TermParameter = None,
    format: Annotated[Literal["json", "csv"], Query(description="`csv` is the whole report in one file, without pages")] = "json",
    issue: Annotated[IssueKind | None, Query(description="Only issues of this kind; `counts` has them all")] = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
) -> DataQualityOut | Response:
    """Students are named by their keys only."""
    caller.require_school(school)
    after = decode_cursor(cursor, parts=4)
    now = state.clock()
    name, issues = await _issues(state, school, term, now)
    listed = [entry for entry in issues if issue is None or entry.kind == issue]
    behind = [entry for entry in listed if format == "csv" or after is None or entry.key > tuple(after)]
    page = page_of(behind, len(behind) if format == "csv" else limit, lambda entry: entry.key)
    shown = [entry.student for entry in page.items if entry.student is not None]
    access = Access(action="read-data-quality", school=school, students=shown, filters={"term": name, "issue": issue})
    async with state.engine.begin() as connection:
        await log_access(connection, caller, access, now)
    if format == "csv":
        return csv_answer(f"data-quality-{school}-{name}.csv", COLUMNS, map(_cells, listed))
    counts = Counter(entry.kind for entry in issues)
    return DataQualityOut(
        school=school,
        term=name,
        as_of=now,
        counts={kind: counts[kind] for kind in ISSUE_KINDS},
        items=page.map(_issue_out).items,
        next=page.next,
    )


async def _issues(state: ThresholdsState, school: SchoolNumber, term: str | None, now: datetime) -> tuple[str, Sequence[Issue]]:
    """The term's name, and all its issues."""
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        of_term = term_for(calendar, term, now)
        roster = await students.roster(connection, school)
        rows = await students.marks(connection, school, of_term.name)
        enrolled = await enrolments.of_students(connection, school, {*(row.student for row in roster), *(row.student for row in rows)})
        letters = await reported_letters.of_school(connection, school, now - REPORTED_KEPT_FOR, "thresholds")
    codes = state.codes.with_classes(sent.code_classes)
    # A large school takes some tenths of a second: others' requests must not wait for it.
    issues = await asyncio.to_thread(report, of_term, calendar, codes, now, roster=roster, rows=rows, letters=letters, enrolments=enrolled)
    return of_term.name, issues


def _issue_out(issue: Issue) -> IssueOut:
    return IssueOut(issue=issue.kind, student=issue.student, date=issue.day, count=issue.count, detail=issue.detail)


def _cells(issue: Issue) -> tuple[Cell, ...]:
    return issue.kind, issue.student, issue.day.isoformat() if issue.day else None, issue.count, issue.detail
