"""A CSV file of marks or students on its way in: streamed, sorted by the rules of the doors, and published batch by batch."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from services.ingest.csv_import.columns import Columns, Kind
from services.ingest.csv_import.importing import Import, Keep
from services.ingest.csv_import.report import Tally
from services.ingest.csv_import.roster_file import RosterFile
from services.ingest.csv_import.schemas import ImportReport, RosterReport
from services.ingest.csv_import.sorting import SOURCE, MarkSorter, Rules, Sorted, Sorter, StudentSorter
from services.ingest.imports.schemas import ImportQuery
from services.ingest.marks.posting import post
from services.ingest.state import IngestState
from services.ingest.students.keeping import keep
from services.ingest.tables import values
from services.ingest.tables.errors import CsvError
from services.ingest.tables.identifiers import Keys
from shared.attendance.calendar import SchoolCalendar
from shared.bus.interface import BusUnavailableError
from shared.identifiers import SchoolNumber
from shared.telemetry import metrics
from shared.web.body import body_pieces
from shared.web.problems import RETRY_AFTER, ProblemError


async def import_csv(
    request: Request, state: IngestState, school: SchoolNumber, calendar: SchoolCalendar, keys: Keys, kind: Kind, query: ImportQuery
) -> RosterReport | ImportReport:
    """Takes the file that the request carries. Raises ProblemError, which has the report of what was taken until then."""
    if query.full and kind != "students":
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "full goes with kind=students")
    tally = Tally(0 if query.full else query.from_line)
    roster = RosterFile(state, school, query) if kind == "students" else None
    running = Import(
        kind,
        _chosen(query.map),
        _sorters(kind, query, school, calendar, state, keys, tally),
        None if query.dry_run else _keeping(school, state),
        state.clock,
        tally,
        None if roster is None else roster.judge,
    )
    await _run(running, request, state, counted=kind == "marks" and not query.dry_run)
    if roster is None:
        return running.report()
    if not query.dry_run:
        await roster.end()
    return RosterReport(**running.report().model_dump(), effect=roster.effect)


def _keeping(school: SchoolNumber, state: IngestState) -> Keep:
    async def kept(batch: Sorted) -> None:
        if batch.messages:
            await state.calendars.note_marked(school, state.clock())
            await post(state.publisher, batch.messages)
        if batch.students:
            async with state.engine.begin() as connection:
                await keep(connection, school, batch.students, state.clock)

    return kept


async def _run(running: Import, request: Request, state: IngestState, *, counted: bool) -> None:
    try:
        async for batch in running.run(body_pieces(request, state.settings.import_limit)):
            if counted:
                _count(batch)
    except CsvError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error), extra=_so_far(running)) from error
    except BusUnavailableError as error:
        detail = "the bus is away: send the file again, or what is behind the report's last_line"
        headers = {"Retry-After": RETRY_AFTER}
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers=headers, extra=_so_far(running)) from error
    except ProblemError as error:
        error.extra |= _so_far(running)
        raise


def _so_far(running: Import) -> dict[str, Any]:
    return {"report": running.report().model_dump()}


def _sorters(
    kind: Kind, query: ImportQuery, school: SchoolNumber, calendar: SchoolCalendar, state: IngestState, keys: Keys, tally: Tally
) -> Callable[[Columns], Sorter]:
    if kind == "students":
        return lambda columns: StudentSorter(columns, tally, keys)
    recorded_at = _moment(query.recorded_at, ZoneInfo(calendar.timezone), state.clock())
    rules = Rules(calendar, state.codes, state.settings.clock_skew, keys)
    return lambda columns: MarkSorter(school, columns, rules, recorded_at, tally)


def _moment(text: str | None, zone: ZoneInfo, now: datetime) -> str:
    if text is None:
        return now.isoformat()
    try:
        return values.moment(text.strip(), zone)
    except ValueError as error:
        detail = f"recorded_at: {values.MOMENT_FORMS} (in an address, + is written %2B)"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail) from error


def _chosen(entries: list[str]) -> Mapping[str, str]:
    chosen: dict[str, str] = {}
    for entry in entries:
        column, equals, field = entry.rpartition("=")
        if not equals or not column.strip():
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "map: Column=field")
        chosen[column.strip()] = field.strip()
    return chosen


def _count(batch: Sorted) -> None:
    metrics.MARKS.labels(SOURCE, "accepted").inc(batch.accepted)
    for rejection in batch.rejected:
        metrics.MARKS.labels(SOURCE, rejection.reason).inc()
