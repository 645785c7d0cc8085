"""The audit log: who saw or changed what of which students."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final, cast
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit import repository as audit
from shared.audit.log import Access, log_access
from shared.audit.repository import AuditFilter, Position
from shared.audit.schemas import AccountOut, AuditLine, AuditQuery
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.cursors import moment, number, read_cursor
from shared.web.door import Router
from shared.web.headers import prefers
from shared.web.openapi.successes import sends
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath, requires
from shared.web.spreadsheet import Cell, csv_answer_of_pages
from shared.web.state import ServiceState, service_state

COLUMNS: Final = ("at", "subject", "role", "action", "students", "record", "fields", "filters")
ROWS_AT_ONCE: Final = 500

LATELY: Final = timedelta(days=90)
"""A term and its holidays: who has not been here for so long is not listed as an account."""

MOST_ACCOUNTS: Final = 500
"""Accounts in a list: the staff of the largest school, and its systems."""

ZoneOf = Callable[[AsyncConnection, SchoolNumber], Awaitable[ZoneInfo]]
"""The time zone of a school."""


def audit_router(zone_of: ZoneOf) -> Router:
    """`GET /v1/schools/{school}/audit`; `zone_of` tells the school's time zone, by which the filters name days."""
    router = Router(tags=["audit"])

    @router.get(
        "/v1/schools/{school}/audit",
        response_model=Page[AuditLine],
        responses=sends("A page of the log; as CSV, all of it.", "text/csv"),
        summary="List who saw or changed what",
    )
    async def list_audit_lines(
        school: SchoolInPath,
        request: Request,
        caller: Annotated[Principal, requires("star:read", role="admin")],
        query: Annotated[AuditQuery, Query()],
    ) -> Page[AuditLine] | Response:
        """Newest first. As CSV (`format=csv`, or `Accept: text/csv`) you get the whole log in one file. Reading
        the log adds a line to it."""
        caller.require_school(school)
        after = read_cursor(query.cursor, moment, number(18))
        as_csv = query.format == "csv" or (query.format is None and prefers(request.headers.get("accept"), "text/csv"))
        state = cast(ServiceState, service_state(request))
        # The log has children by the keys that we know them by, people by those of their school.
        student = query.student if query.student is None else await state.student_named(school, query.student)
        names = await state.outward_names(school)
        async with state.engine.begin() as connection:
            which = _filter(school, query, student, await zone_of(connection, school))
            lines = [] if as_csv else await audit.page(connection, which, after, query.limit + 1)
            access = Access(
                action="read-audit",
                school=school,
                students=[student] if student else (),
                filters=query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"limit", "cursor", "format"}),
            )
            await log_access(connection, caller, access, state.clock())
        if as_csv:
            return csv_answer_of_pages(f"audit-{school}.csv", COLUMNS, _pages(state, which, names))
        return page_of(lines, query.limit, lambda line: (line["at"], line["id"])).map(lambda row: _line(row, names))

    @router.get("/v1/schools/{school}/audit/accounts", summary="List the accounts that have lines in the audit log")
    async def list_audit_accounts(
        school: SchoolInPath, request: Request, caller: Annotated[Principal, requires("star:read", role="admin")]
    ) -> Page[AccountOut]:
        """The accounts of the last 90 days in this service, each in each of its roles, the last seen first. A list never has a second
        page. Reading it adds a line to the log."""
        caller.require_school(school)
        state = cast(ServiceState, service_state(request))
        now = state.clock()
        async with state.engine.begin() as connection:
            rows = await audit.accounts(connection, school, now - LATELY, MOST_ACCOUNTS)
            await log_access(connection, caller, Access(action="read-audit", school=school), now)
        return Page(items=[AccountOut.model_validate(dict(row)) for row in rows])

    return router


def _filter(school: SchoolNumber, query: AuditQuery, student: str | None, zone: ZoneInfo) -> AuditFilter:
    ends = [query.before] if query.before is not None else []
    if query.until is not None:
        ends.append(datetime.combine(query.until + timedelta(days=1), time(), zone))
    return AuditFilter(
        school=school,
        student=student,
        subject=query.subject,
        action=query.action,
        since=None if query.since is None else datetime.combine(query.since, time(), zone),
        before=min(ends, default=None),
    )


async def _pages(state: ServiceState, which: AuditFilter, names: Mapping[str, str]) -> AsyncIterator[Iterable[tuple[Cell, ...]]]:
    # No connection is held while a slow line takes what was read.
    after: Position | None = None
    while True:
        async with state.engine.connect() as connection:
            lines = await audit.page(connection, which, after, ROWS_AT_ONCE)
        yield [_cells(line, names) for line in lines]
        if len(lines) < ROWS_AT_ONCE:
            return
        after = (lines[-1]["at"], lines[-1]["id"])


def _line(row: RowMapping, names: Mapping[str, str]) -> AuditLine:
    shown = {name: row[name] for name in row if name not in ("id", "record_id", "students")}
    return AuditLine(record=row["record_id"], students=_called(row, names), **shown)


def _called(row: RowMapping, names: Mapping[str, str]) -> list[str]:
    return [names.get(student, student) for student in row["students"]]


def _cells(row: RowMapping, names: Mapping[str, str]) -> tuple[Cell, ...]:
    filters: dict[str, Any] = row["filters"]
    return (
        row["at"].isoformat(),
        row["subject"],
        row["role"],
        row["action"],
        "; ".join(_called(row, names)),
        str(row["record_id"]) if row["record_id"] else None,
        "; ".join(row["fields"]),
        json.dumps(filters) if filters else None,
    )
