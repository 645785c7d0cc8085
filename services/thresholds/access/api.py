"""The audit log: who saw or changed what of which students."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping

from services.thresholds.access import repository as audit
from services.thresholds.access.audit import Access, note
from services.thresholds.access.repository import Place, Wanted
from services.thresholds.access.schemas import AuditLine, AuditPage, AuditQuery
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.state import State, ThresholdsState
from shared.attendance.calendar import SchoolCalendar
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.cursors import encode_cursor, moment, number, read_cursor
from shared.web.service import SchoolInPath, requires
from shared.web.spreadsheet import Cell, csv_answer_of_pages

router = APIRouter(tags=["audit"])

COLUMNS: Final = ("at", "subject", "role", "action", "students", "record", "fields", "filters")
ROWS_AT_ONCE: Final = 500


@router.get(
    "/v1/schools/{school}/audit",
    response_model=AuditPage,
    responses={HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="Who saw or changed what",
)
async def get_audit(
    school: SchoolInPath,
    request: Request,
    state: State,
    caller: Annotated[Principal, requires("star:read", role="admin")],
    query: Annotated[AuditQuery, Query()],
) -> AuditPage | Response:
    """Newest first. As CSV (`format=csv`, or `Accept: text/csv`) it is the whole log in one file. Reading it is a line of its own."""
    caller.require_school(school)
    place = read_cursor(query.cursor, moment, number(18))
    after = Place(*place) if place else None
    as_csv = query.format == "csv" or (query.format is None and request.headers.get("accept", "").startswith("text/csv"))
    async with state.engine.begin() as connection:
        wanted = _wanted(school, query, await calendar_for(connection, school))
        found = [] if as_csv else await audit.page(connection, wanted, after, query.limit + 1)
        access = Access(
            action="read-audit",
            school=school,
            students=[query.student] if query.student else (),
            filters=query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"limit", "cursor", "format"}),
        )
        await note(connection, caller, access, state.clock())
    if as_csv:
        return csv_answer_of_pages(f"audit-{school}.csv", COLUMNS, _pages(state, wanted))
    page = found[: query.limit]
    return AuditPage(items=[_line(row) for row in page], next=_cursor(page[-1]) if len(found) > query.limit else None)


def _wanted(school: SchoolNumber, query: AuditQuery, calendar: SchoolCalendar) -> Wanted:
    zone = ZoneInfo(calendar.timezone)
    return Wanted(
        school=school,
        student=query.student,
        subject=query.subject,
        action=query.action,
        since=None if query.since is None else datetime.combine(query.since, time(), zone),
        before=None if query.until is None else datetime.combine(query.until + timedelta(days=1), time(), zone),
    )


async def _pages(state: ThresholdsState, wanted: Wanted) -> AsyncIterator[Iterable[tuple[Cell, ...]]]:
    # No connection is held while a slow line takes what was read.
    after: Place | None = None
    while True:
        async with state.engine.connect() as connection:
            found = await audit.page(connection, wanted, after, ROWS_AT_ONCE)
        yield map(_cells, found)
        if len(found) < ROWS_AT_ONCE:
            return
        after = Place(found[-1]["at"], found[-1]["id"])


def _line(row: RowMapping) -> AuditLine:
    return AuditLine(record=row["record_id"], **{name: row[name] for name in row if name not in ("id", "record_id")})


def _cells(row: RowMapping) -> tuple[Cell, ...]:
    filters: dict[str, Any] = row["filters"]
    return (
        row["at"].isoformat(),
        row["subject"],
        row["role"],
        row["action"],
        "; ".join(row["students"]),
        str(row["record_id"]) if row["record_id"] else None,
        "; ".join(row["fields"]),
        json.dumps(filters) if filters else None,
    )


def _cursor(row: RowMapping) -> str:
    return encode_cursor(row["at"].isoformat(), str(row["id"]))
