"""A student's term on its way from one school to the next, as one signed document."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import RowMapping

from services.thresholds.access.audit import Access, note
from services.thresholds.access.permission import permitted_student
from services.thresholds.roster.lookup import calendar_for, known_school, term_for
from services.thresholds.roster.repository import schools
from services.thresholds.state import State
from services.thresholds.transfers import document as documents
from services.thresholds.transfers import repository as transfers
from services.thresholds.transfers.carrying import fit
from services.thresholds.transfers.document import TransferDocument
from services.thresholds.transfers.exporting import document_of
from services.thresholds.transfers.importing import Arrival, take_back, take_in
from services.thresholds.transfers.schemas import CarriedMarkOut, CarriedRecordOut, CarriedResponseOut, TransferList, TransferOut
from services.thresholds.transfers.signing import MEDIA_TYPE, Keyring, UntrustedError
from shared.attendance.calendar import SchoolCalendar
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.identifiers import student_id
from shared.web.body import read_body
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["transfers"])

Sender = Annotated[Principal, requires("star:read", role="manage")]
Receiver = Annotated[Principal, requires("star:write", role="manage")]

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a document; a term with ten periods a day is some 100 kB."""

_DOCUMENT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


@router.get("/v1/transfer-keys", summary="The public key that transfer documents of this engine are signed with")
async def public_keys(state: State) -> dict[str, Any]:
    """A JWK set. An engine that is to believe our documents names it in its `STAR_TRANSFER_TRUST`. No token is needed."""
    return state.keyring.public_keys()


@router.get(
    "/v1/schools/{school}/students/{student}/transfer",
    response_class=Response,
    responses=_DOCUMENT,
    summary="A student's term as a signed document",
)
async def export_student(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Sender,
    term: Annotated[str | None, Query(description="The current or last term by default")] = None,
    notes: Annotated[bool, Query(description="Whether notes on responses go along")] = False,
) -> Response:
    """Marks, what each day counted, STAR records and responses, for the school that the student goes to."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        known = await known_school(connection, school)
        wanted = term_for(calendar_of(known), term, state.clock())
        document = await document_of(connection, known, student, wanted, state.codes, state.clock(), notes=notes)
        if document is None:
            raise _unknown_student()
        access = Access(action="export-student", school=school, students=[student], filters={"term": wanted.name, "notes": notes})
        await note(connection, caller, access, state.clock())
    name = f"transfer-{school}-{wanted.name}.jose"
    return Response(
        state.keyring.sign(documents.encode(document)),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@router.post(
    "/v1/schools/{school}/students/{student}/transfers",
    status_code=HTTPStatus.CREATED,
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    summary="Take in the document that a student brought",
)
async def import_student(
    school: SchoolInPath,
    student: str,
    request: Request,
    state: State,
    caller: Receiver,
    another_name: Annotated[bool, Query(description="Take it in although its name is not the one that this school has")] = False,
) -> TransferOut:
    """The body is the document as it was exported. Whether its absences count is the school's setting `count_carried_absences`.

    The same document again changes nothing; a newer one of the same school takes the place of the one before.
    """
    caller.require_school(school)
    payload, document = _trusted(await read_body(request, LARGEST), state.keyring)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        person = await permitted_student(connection, caller, school, student)
        if person is None:
            raise _unknown_student()
        if not another_name and document.name is not None and _folded(document.name) != _folded(_name(person)):
            detail = "the document names another person; if it is the same one, send it with another_name=true"
            raise ProblemError(HTTPStatus.CONFLICT, "another-name", detail)
        now = state.clock()
        arrival = Arrival(school, student, document, payload, caller.subject)
        transfer_id = await take_in(connection, arrival, calendar, now)
        await note(connection, caller, Access(action="import-student", school=school, students=[student]), now)
        kept = await transfers.get(connection, transfer_id)
        assert kept is not None
        return _shown(kept, calendar)


@router.get("/v1/schools/{school}/students/{student}/transfers", summary="What a student brought from other schools")
async def list_transfers(
    school: SchoolInPath, student: str, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]
) -> TransferList:
    """All documents that were taken in, also those that hold no more."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        found = await transfers.of_student(connection, student_id(school, student))
        await note(connection, caller, Access(action="read-transfers", school=school, students=[student]), state.clock())
    return TransferList(items=[_shown(row, calendar) for row in found])


@router.delete(
    "/v1/schools/{school}/students/{student}/transfers/{transfer_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Take a document back that was taken in by mistake",
)
async def withdraw_transfer(school: SchoolInPath, student: str, transfer_id: UUID, state: State, caller: Receiver) -> None:
    """What it carried counts no longer. The document stays in the list as withdrawn."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        kept = await transfers.get(connection, transfer_id)
        if kept is None or (kept["school"], kept["student"]) != (school, student):
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-transfer", "this student brought no such document")
        now = state.clock()
        if await take_back(connection, kept, calendar, caller.subject, now):
            access = Access(action="import-student", school=school, students=[student], fields=["withdrawn"])
            await note(connection, caller, access, now)


def _trusted(body: bytes, keyring: Keyring) -> tuple[bytes, TransferDocument]:
    try:
        payload = keyring.verify(body.decode("ascii").strip())
        return payload, documents.decode(payload)
    except UntrustedError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "untrusted-document", str(error)) from error
    except UnicodeDecodeError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "untrusted-document", "this is not a signed transfer document") from error
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-format", str(error)) from error


def _shown(row: RowMapping, calendar: SchoolCalendar) -> TransferOut:
    document = documents.decode(row["document"])
    term = calendar.term_named(row["term"])
    fitting = fit(document, term, calendar.today(row["imported_at"])) if term is not None else None
    return TransferOut(
        id=row["id"],
        school=row["school"],
        student=row["student"],
        term=row["term"],
        from_school=document.school,
        from_school_name=document.school_name,
        from_student=document.student,
        name=document.name,
        exported_at=document.exported_at,
        state=row["state"],
        imported_by=row["imported_by"],
        imported_at=row["imported_at"],
        absent_half_days=document.absent_half_days,
        absent_days=document.absent_half_days / 2,
        counts=calendar.carried_absences_count and row["state"] == "active",
        days_carried=len(fitting.days) if fitting else 0,
        days_outside=list(fitting.outside) if fitting else [day.date for day in document.days],
        records=[
            CarriedRecordOut(
                school=record.school,
                threshold=record.threshold,
                status=record.status,
                absent_days=record.absent_days,
                crossed_on=record.crossed_on,
                outcome=record.outcome,
                responses=[
                    CarriedResponseOut(
                        activity=response.activity, label=response.label, occurred_on=response.occurred_on, note=response.note
                    )
                    for response in record.responses
                ],
            )
            for record in document.records
        ],
        marks=[
            CarriedMarkOut(
                date=mark.date, session=mark.session, slot=mark.slot, code=mark.code, minutes=mark.minutes, recorded_at=mark.recorded_at
            )
            for mark in document.marks
        ],
    )


def _name(person: RowMapping) -> str:
    return f"{person['given_name']} {person['family_name']}"


def _folded(name: str) -> str:
    """Names as they are compared: systems differ in capitals and blanks, not in letters."""
    return " ".join(name.casefold().split())


def _unknown_student() -> ProblemError:
    return ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")
