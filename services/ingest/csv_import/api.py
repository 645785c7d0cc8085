"""Files from systems that can export but have no API: a dry run says what would become of them, a real one publishes them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import Query, Request

from services.ingest.csv_import import values
from services.ingest.csv_import.columns import Columns
from services.ingest.csv_import.errors import CsvError
from services.ingest.csv_import.identifiers import Keys
from services.ingest.csv_import.importing import Import, Keep
from services.ingest.csv_import.report import Tally
from services.ingest.csv_import.schemas import ImportQuery, ImportReport
from services.ingest.csv_import.sorting import SOURCE, MarkSorter, Rules, Sorted, Sorter, StudentSorter
from services.ingest.marks.posting import post
from services.ingest.state import IngestState, State
from services.ingest.students import repository as students
from services.ingest.students.keeping import keep
from shared.attendance.calendar import SchoolCalendar
from shared.auth.principal import Principal, Scope
from shared.bus.interface import BusUnavailableError
from shared.identifiers import SchoolNumber
from shared.telemetry import metrics
from shared.web.body import body_pieces
from shared.web.door import Router
from shared.web.headers import media_type
from shared.web.problems import RETRY_AFTER, ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["imports"])

CSV: Final = "text/csv"
_BODY: Final[dict[str, Any]] = {"required": True, "content": {CSV: {"schema": {"type": "string", "format": "binary"}}}}


def _scope(request: Request) -> Scope:
    return "roster:write" if request.query_params.get("kind") == "students" else "marks:write"


@router.post(
    "/v1/schools/{school}/imports",
    openapi_extra={"requestBody": _BODY},
    summary="Import marks or students from a CSV file",
)
async def post_import(
    request: Request,
    caller: Annotated[Principal, requires(_scope, role="admin")],
    school: SchoolInPath,
    state: State,
    query: Annotated[ImportQuery, Query()],
) -> ImportReport:
    """Takes a CSV file up to the import limit (50 MB); gzip is read. Needs `marks:write` or, for students, `roster:write`.

    200: every row is dealt with; accepted marks are on the bus with all acks, accepted students are stored and on their way there (in a
    dry run, nothing is). Other answers may come after a part of a file was accepted: their `report` says how far. Sending the file again
    does no harm.
    """
    caller.require_school(school)
    calendar = await state.calendars.newest(school)
    if calendar is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
    if media_type(request.headers.get("content-type")) != CSV:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", f"send {CSV}")
    tally = Tally(query.from_line)
    async with state.engine.connect() as connection:
        keys = Keys(await students.keys(connection, school))
    running = Import(
        query.kind,
        _chosen(query.map),
        _sorters(query, school, calendar, state, keys, tally),
        None if query.dry_run else _keeping(school, state),
        state.clock,
        tally,
    )
    await _run(running, request, state, counted=query.kind == "marks" and not query.dry_run)
    return running.report()


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
    query: ImportQuery, school: SchoolNumber, calendar: SchoolCalendar, state: IngestState, keys: Keys, tally: Tally
) -> Callable[[Columns], Sorter]:
    if query.kind == "students":
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
