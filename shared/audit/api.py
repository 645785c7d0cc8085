"""The audit log: who saw or changed what of which students."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, cast
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.audit import repository as audit
from shared.audit.log import Access, log_access
from shared.audit.repository import AuditFilter, Position
from shared.audit.schemas import AuditLine, AuditQuery
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber
from shared.web.cursors import moment, number, read_cursor
from shared.web.door import Router
from shared.web.headers import prefers
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath, requires
from shared.web.spreadsheet import Cell, csv_answer_of_pages
from shared.web.state import ServiceState, service_state

COLUMNS: Final = ("at", "subject", "role", "action", "students", "record", "fields", "filters")
ROWS_AT_ONCE: Final = 500

ZoneOf = Callable[[AsyncConnection, SchoolNumber], Awaitable[ZoneInfo]]
"""The time zone of a school."""


def audit_router(zone_of: ZoneOf) -> Router:
    """`GET /v1/schools/{school}/audit`; `zone_of` tells the school's time zone, by which the filters name days."""
    router = Router(tags=["audit"])

    @router.get(
        "/v1/schools/{school}/audit",
        response_model=Page[AuditLine],
        responses={HTTPStatus.OK: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
        summary="List who saw or changed what",
    )
    async def get_audit(
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
        async with state.engine.begin() as connection:
            which = _filter(school, query, await zone_of(connection, school))
            lines = [] if as_csv else await audit.page(connection, which, after, query.limit + 1)
            access = Access(
                action="read-audit",
                school=school,
                students=[query.student] if query.student else (),
                filters=query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"limit", "cursor", "format"}),
            )
            await log_access(connection, caller, access, state.clock())
        if as_csv:
            return csv_answer_of_pages(f"audit-{school}.csv", COLUMNS, _pages(state, which))
        return page_of(lines, query.limit, lambda line: (line["at"], line["id"])).map(_line)

    return router


def _filter(school: SchoolNumber, query: AuditQuery, zone: ZoneInfo) -> AuditFilter:
    return AuditFilter(
        school=school,
        student=query.student,
        subject=query.subject,
        action=query.action,
        since=None if query.since is None else datetime.combine(query.since, time(), zone),
        before=None if query.until is None else datetime.combine(query.until + timedelta(days=1), time(), zone),
    )


async def _pages(state: ServiceState, which: AuditFilter) -> AsyncIterator[Iterable[tuple[Cell, ...]]]:
    # No connection is held while a slow line takes what was read.
    after: Position | None = None
    while True:
        async with state.engine.connect() as connection:
            lines = await audit.page(connection, which, after, ROWS_AT_ONCE)
        yield map(_cells, lines)
        if len(lines) < ROWS_AT_ONCE:
            return
        after = (lines[-1]["at"], lines[-1]["id"])


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
