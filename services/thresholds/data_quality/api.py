"""What a school has to mend in its data of a term."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from services.thresholds.data_quality.handler import KEPT_FOR
from services.thresholds.data_quality.report import KINDS, Issue, Kind, Place, report
from services.thresholds.data_quality.repository import dead_letters
from services.thresholds.data_quality.repository import marks as data_quality
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.state import State, ThresholdsState
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.identifiers import SchoolNumber
from shared.web.cursors import PageLimit, decode_cursor, encode_cursor
from shared.web.service import SchoolInPath, requires
from shared.web.spreadsheet import csv_answer

router = APIRouter(tags=["data quality"])


class IssueOut(BaseModel):
    """Something to mend: of a student, or of the whole school. `count` is in half days (`unmarked`), periods (`unmarked-period`), or
    else marks or records."""

    issue: Kind
    student: str | None
    date: date | None
    count: int
    detail: str


class DataQualityOut(BaseModel):
    """A page of what is missing or doubtful. `counts` says how many issues of each kind there are, on whatever page."""

    school: str
    term: str
    as_of: datetime
    counts: dict[Kind, int]
    items: list[IssueOut]
    next: str | None


COLUMNS = ("issue", "student", "date", "count", "detail")


@router.get(
    "/v1/schools/{school}/data-quality",
    response_model=DataQualityOut,
    responses={HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="What is missing or doubtful in a school's data",
)
async def get_data_quality(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read")],
    term: Annotated[str | None, Query(description="The current or last term by default", examples=["2026-T4"])] = None,
    format: Annotated[Literal["json", "csv"], Query(description="`csv` is the whole report in one file, without pages")] = "json",
    issue: Annotated[Kind | None, Query(description="Only issues of this kind; `counts` has them all")] = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
) -> DataQualityOut | Response:
    """Students are told by their keys; there is no name in it."""
    caller.require_school(school)
    after = _place(cursor)
    now = state.clock()
    name, issues = await _issues(state, school, term, now)
    wanted = [found for found in issues if issue is None or found.kind == issue]
    if format == "csv":
        return csv_answer(f"data-quality-{school}-{name}.csv", COLUMNS, map(_cells, wanted))
    page = [found for found in wanted if after is None or found.place > after]
    counts = Counter(found.kind for found in issues)
    return DataQualityOut(
        school=school,
        term=name,
        as_of=now,
        counts={kind: counts[kind] for kind in KINDS},
        items=[_shown(found) for found in page[:limit]],
        next=encode_cursor(*page[limit - 1].place) if len(page) > limit else None,
    )


async def _issues(state: ThresholdsState, school: SchoolNumber, term: str | None, now: datetime) -> tuple[str, Sequence[Issue]]:
    async with state.engine.connect() as connection:
        known = await known_school(connection, school)
        calendar = calendar_of(known)
        wanted = term_for(calendar, term, state.clock())
        roster = await data_quality.roster(connection, school)
        rows = await data_quality.marks(connection, school, wanted.name)
        letters = await dead_letters.of_school(connection, school, now - KEPT_FOR, "thresholds")
    codes = state.codes.with_classes(known.code_classes)
    # A large school takes some tenths of a second: others' requests must not wait for it.
    issues = await asyncio.to_thread(report, wanted, calendar, codes, now, roster=roster, rows=rows, letters=letters)
    return wanted.name, issues


def _place(cursor: str | None) -> Place | None:
    parts = decode_cursor(cursor, parts=4)
    return None if parts is None else (parts[0], parts[1], parts[2], parts[3])


def _shown(found: Issue) -> IssueOut:
    return IssueOut(issue=found.kind, student=found.student, date=found.day, count=found.count, detail=found.detail)


def _cells(found: Issue) -> tuple[str | int | None, ...]:
    return found.kind, found.student, found.day.isoformat() if found.day else None, found.count, found.detail
