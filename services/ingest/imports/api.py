"""Files from systems that can export but have no API: a dry run says what would become of them, a real one takes them."""

from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, Final

from fastapi import Query, Request

from services.ingest.csv_import.schemas import ImportReport, RosterReport
from services.ingest.imports.csv_file import import_csv
from services.ingest.imports.schemas import ImportQuery
from services.ingest.oneroster.importing import import_roster
from services.ingest.oneroster.schemas import OneRosterReport
from services.ingest.schools import repository as schools
from services.ingest.state import IngestState, State
from services.ingest.students.identities import Identities
from services.ingest.students.repository import students
from services.ingest.tables.identifiers import Keys
from shared.auth.principal import Principal, Scope
from shared.identifiers import SchoolNumber
from shared.web.body import body_pieces
from shared.web.door import Router
from shared.web.headers import media_type
from shared.web.openapi.refusals import refuses
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["imports"])

CSV: Final = "text/csv"
ZIP: Final = "application/zip"
ZIPS: Final = frozenset({ZIP, "application/x-zip-compressed"})
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final[dict[str, Any]] = {"required": True, "content": {CSV: _FILE, ZIP: _FILE}}

IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of a zip that are held in memory; a larger one lies in a temporary file while it is read."""


def _sent_as(request: Request) -> str:
    return media_type(request.headers.get("content-type"))


def _scope(request: Request) -> Scope:
    is_roster = request.query_params.get("kind") in {"students", "oneroster"} or _sent_as(request) in ZIPS
    return "roster:write" if is_roster else "marks:write"


@router.post(
    "/v1/schools/{school}/imports",
    openapi_extra={"requestBody": _BODY},
    response_description="The report on the file: what was taken, and each line that was not, with the reason.",
    responses=refuses(
        "unsupported-media-type",
        "confirm-change",
        "effect-unknown",
        "incomplete-roster",
        "nothing-accepted",
        "unreadable-csv",
        "month-first",
        "unknown-columns",
        "unreadable-oneroster",
        "other-school",
    ),
    summary="Import marks or students from a CSV file, or a roster in OneRoster CSV",
)
async def post_import(
    request: Request,
    caller: Annotated[Principal, requires(_scope, role="admin")],
    school: SchoolInPath,
    state: State,
    query: Annotated[ImportQuery, Query()],
) -> OneRosterReport | RosterReport | ImportReport:
    """Takes a file up to the import limit (50 MB); gzip is read. Needs `marks:write` or, for students, `roster:write`.

    A file of students is judged as a whole, as `PUT /v1/schools/{school}/students` does it: see there for `full`, `confirm` and the 409.
    With `full`, `from_line` counts for nothing. A zip is a roster in OneRoster CSV (1.1 or 1.2): its manifest says whether it is whole.

    200: every row is dealt with; accepted marks are on the bus with all acks, accepted students are stored and on their way there (in a
    dry run, nothing is). Other answers may come after a part of a file was accepted: their `report` says how far. Sending the file again
    does no harm.
    """
    caller.require_school(school)
    calendar = await state.calendars.newest(school)
    if calendar is None:
        raise _unknown()
    is_zip = _sent_as(request) in ZIPS
    if not is_zip and _sent_as(request) != CSV:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", f"send {CSV}, or {ZIP} for OneRoster")
    if is_zip:
        _require_plain(query)
        return await _import_zip(request, caller, state, school, query)
    if query.kind is None or query.kind == "oneroster":
        detail = f"kind: marks or students; a roster in OneRoster CSV is sent as {ZIP}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail)
    return await import_csv(request, state, school, calendar, await _keys(state, school), query.kind, query)


async def _import_zip(request: Request, caller: Principal, state: IngestState, school: SchoolNumber, query: ImportQuery) -> OneRosterReport:
    async with state.engine.connect() as connection:
        stored = await schools.stored(connection, school)
    if stored is None:
        raise _unknown()
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        async for piece in body_pieces(request, state.settings.import_limit):
            file.write(piece)
        file.seek(0)
        return await import_roster(state, caller, stored, await _keys(state, school), file, query)


async def _keys(state: IngestState, school: SchoolNumber) -> Keys:
    async with state.engine.connect() as connection:
        known = await Identities.of(connection, school)
        return Keys({known.key_of(student) for student in await students.keys(connection, school)})


def _require_plain(query: ImportQuery) -> None:
    """A zip has columns, times and completeness of its own."""
    if query.kind == "marks" or query.map or query.from_line:
        detail = f"a zip is a roster in OneRoster CSV: kind=oneroster, without map and from_line; marks are sent as {CSV}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail)


def _unknown() -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet: PUT it first")
