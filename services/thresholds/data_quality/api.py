"""The data-quality report of a term: what a school has to mend."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Query
from fastapi.responses import Response

from services.thresholds.access.callers import Reader
from services.thresholds.data_quality import lost_messages
from services.thresholds.data_quality.handler import REPORTED_KEPT_FOR
from services.thresholds.data_quality.issue_counts import Wanted
from services.thresholds.data_quality.report import ISSUE_KINDS, Issue, IssueKind, report
from services.thresholds.data_quality.repository import reported_letters, students
from services.thresholds.data_quality.schemas import DataQualityOut, IssueOut
from services.thresholds.register.repository import rows
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import enrolments
from services.thresholds.roster.repository import students as people
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State, ThresholdsState
from shared.audit.log import Access, log_access
from shared.auth.principal import Part
from shared.events.calendars import calendar_of, codes_in
from shared.identifiers import SchoolNumber, student_id
from shared.offsets import repository as offsets
from shared.web.cursors import PageLimit, decode_cursor
from shared.web.door import Router
from shared.web.openapi.successes import sends
from shared.web.pages import page_of
from shared.web.service import SchoolInPath
from shared.web.spreadsheet import Cell, csv_answer

router = Router(tags=["data quality"])

COLUMNS: Final = ("issue", "student", "date", "count", "detail")


@router.get(
    "/v1/schools/{school}/data-quality",
    response_model=DataQualityOut,
    responses=sends("A page of the report; as CSV, all of it.", "text/csv"),
    summary="List what is missing or doubtful in a school's data",
)
async def get_data_quality(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    term: TermParameter = None,
    format: Annotated[Literal["json", "csv"], Query(description="`csv` is the whole report in one file, without pages")] = "json",
    issue: Annotated[IssueKind | None, Query(description="Only issues of this kind; `counts` has them all")] = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
) -> DataQualityOut | Response:
    """Students are named by their keys only. Staff who look after a part of the school get the report of their own students, as if there
    were no others."""
    caller.require_school(school)
    after = decode_cursor(cursor, parts=4)
    now = state.clock()
    name, issues = await _issues(state, school, caller.part, term, now)
    state.issue_counts.keep(Wanted(school, name, caller.part), len(issues))
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
        items=page.map(lambda entry: _issue_out(school, entry)).items,
        next=page.next,
    )


async def count_issues(state: ThresholdsState, wanted: Wanted) -> int:
    """The number of a report's issues, as they are now."""
    _, issues = await _issues(state, wanted.school, wanted.part, wanted.term, state.clock())
    return len(issues)


async def _issues(
    state: ThresholdsState, school: SchoolNumber, part: Part | None, term: str | None, now: datetime
) -> tuple[str, Sequence[Issue]]:
    """The term's name, and all its issues, those of a part's students only."""
    async with state.engine.connect() as connection:
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        of_term = term_for(calendar, term, now)
        roster = await students.roster(connection, Roll.of(school, of_term, calendar, now))
        marks = await rows.marks(connection, school, of_term.name, None)
        if part is not None:
            own = frozenset(await people.keys_of_part(connection, school, part))
            roster, marks = [row for row in roster if row.student in own], {key: row for key, row in marks.items() if key in own}
        enrolled = await enrolments.of_students(connection, school, {*(row.student for row in roster), *marks})
        # Nobody can say whose data could not be applied: it is the whole school's.
        letters = [] if part is not None else await reported_letters.of_school(connection, school, now - REPORTED_KEPT_FOR, "thresholds")
        gaps = [] if part is not None else await offsets.open_gaps(connection)
        partitions = await offsets.read_partitions(connection) if gaps else {}
    lost = lost_messages.of_school(school, gaps, state.settings.bus, partitions)
    codes = codes_in(sent, of_term.name, state.codes)
    # A large school takes some tenths of a second: others' requests must not wait for it.
    issues = await asyncio.to_thread(
        report, of_term, calendar, codes, now, roster=roster, marks=marks, letters=letters, lost=lost, enrolments=enrolled
    )
    return of_term.name, issues


def _issue_out(school: SchoolNumber, issue: Issue) -> IssueOut:
    identity = student_id(school, issue.student) if issue.student is not None else None
    return IssueOut(issue=issue.kind, student=issue.student, student_id=identity, date=issue.day, count=issue.count, detail=issue.detail)


def _cells(issue: Issue) -> tuple[Cell, ...]:
    return issue.kind, issue.student, issue.day.isoformat() if issue.day else None, issue.count, issue.detail
