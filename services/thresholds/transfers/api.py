"""A student's term on its way from one school to the next, as one signed document."""

from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from services.thresholds.access.callers import Reader
from services.thresholds.access.permission import permitted_student, unknown_student
from services.thresholds.roster.lookup import calendar_for, known_school, term_for
from services.thresholds.roster.repository import schools
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State
from services.thresholds.transfers import document as documents
from services.thresholds.transfers import repository as transfers
from services.thresholds.transfers.carrying import fit
from services.thresholds.transfers.document import TransferDocument
from services.thresholds.transfers.exporting import document_of
from services.thresholds.transfers.importing import Arrival, take_back, take_in
from services.thresholds.transfers.schemas import CarriedMarkOut, CarriedPieceOut, CarriedRecordOut, TransferOut
from services.thresholds.transfers.signing import MEDIA_TYPE, Keyring, UntrustedError
from services.thresholds.transfers.transfer import Transfer
from shared.attendance.calendar import SchoolCalendar
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.identifiers import student_id
from shared.moments import repository as moments
from shared.web.body import read_body
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["transfers"])

Sender = Annotated[Principal, requires("star:read", role="manage")]
Receiver = Annotated[Principal, requires("star:write", role="manage")]
"""A transfer is the school's business: staff who look after a part of it neither send nor take in."""

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a document; a term with ten periods a day is some 100 kB."""

_DOCUMENT: Final = sends("The document, signed with this engine's key (a JWS).", MEDIA_TYPE)


@router.get(
    "/v1/transfer-keys",
    response_description="The public keys, as a JWK set.",
    summary="Show the public key that signs this engine's transfer documents",
)
async def get_transfer_keys(state: State) -> dict[str, Any]:
    """A JWK set. Another engine trusts our documents when its `STAR_TRANSFER_TRUST` names it. You need no token."""
    return state.keyring.public_keys()


@router.get(
    "/v1/schools/{school}/students/{student}/transfer",
    response_class=Response,
    responses=_DOCUMENT,
    summary="Export a student's term as a signed document",
)
async def export_transfer(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Sender,
    term: TermParameter = None,
    notes: Annotated[bool, Query(description="Whether notes on responses go along")] = False,
) -> Response:
    """Marks, what each day counted, STAR records, responses, contacts, meetings and plans, for the school that the student goes to."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        sent = await known_school(connection, school)
        of_term = term_for(calendar_of(sent), term, state.clock())
        now = await moments.next_of(connection, school, state.clock())
        document = await document_of(connection, sent, student, of_term, state.codes, now, notes=notes)
        if document is None:
            raise unknown_student()
        access = Access(action="export-student", school=school, students=[student], filters={"term": of_term.name, "notes": notes})
        await log_access(connection, caller, access, state.clock())
    name = f"transfer-{school}-{of_term.name}.jose"
    return Response(
        state.keyring.sign(documents.encode(document)),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": disposition("attachment", name), "Cache-Control": "no-store"},
    )


@router.post(
    "/v1/schools/{school}/students/{student}/transfers",
    status_code=HTTPStatus.CREATED,
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    responses=refuses("same-school", "older-document", "another-name", "untrusted-document", "unknown-format", "unknown-term"),
    summary="Import the document that a student brought",
)
async def import_transfer(
    school: SchoolInPath,
    student: str,
    request: Request,
    state: State,
    caller: Receiver,
    another_name: Annotated[
        bool, Query(description="Take the document in although it names another person than this school's roster")
    ] = False,
) -> TransferOut:
    """The body is the document as it was exported. The school's setting `count_carried_absences` decides whether its absences count.

    The same document again changes nothing. A newer one of the same school takes the place of the one before.
    """
    caller.require_school(school)
    body = await read_body(request, LARGEST)
    payload, document = _trusted(body, state.keyring)
    signed_here = state.keyring.signed_here(body.decode("ascii").strip())
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        person = await permitted_student(connection, caller, school, student)
        if person is None:
            raise unknown_student()
        if not another_name and document.name is not None and _folded(document.name) != _folded(person.name):
            detail = "the document names another person; if it is the same one, send it with another_name=true"
            raise ProblemError(HTTPStatus.CONFLICT, "another-name", detail)
        now = await moments.next_of(connection, school, state.clock())
        arrival = Arrival(school, student, document, payload, caller.subject, signed_here)
        transfer = await take_in(connection, arrival, calendar, now)
        await log_access(connection, caller, Access(action="import-student", school=school, students=[student]), now)
        return _transfer_out(transfer, calendar)


@router.get("/v1/schools/{school}/students/{student}/transfers", summary="List what a student brought from other schools")
async def list_transfers(school: SchoolInPath, student: str, state: State, caller: Reader) -> Page[TransferOut]:
    """All documents that were taken in, oldest first, withdrawn and superseded ones included."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        brought = await transfers.of_student(connection, student_id(school, student))
        await log_access(connection, caller, Access(action="read-transfers", school=school, students=[student]), state.clock())
    return Page(items=[_transfer_out(transfer, calendar) for transfer in brought])


@router.delete(
    "/v1/schools/{school}/students/{student}/transfers/{transfer_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Withdraw a document that was imported by mistake",
)
async def withdraw_transfer(school: SchoolInPath, student: str, transfer_id: UUID, state: State, caller: Receiver) -> None:
    """Its absences count no longer. The document stays in the list as withdrawn."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        transfer = await transfers.get(connection, transfer_id)
        if transfer is None or (transfer.school, transfer.student) != (school, student):
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-transfer", "this student brought no such document")
        now = await moments.next_of(connection, school, state.clock())
        if await take_back(connection, transfer, calendar, caller.subject, now):
            access = Access(action="import-student", school=school, students=[student], fields=["withdrawn"])
            await log_access(connection, caller, access, now)


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


def _transfer_out(transfer: Transfer, calendar: SchoolCalendar) -> TransferOut:
    document = documents.decode(transfer.document)
    term = calendar.term_named(transfer.term)
    fitting = fit(document, term, calendar.today(transfer.imported_at)) if term is not None else None
    return TransferOut(
        id=transfer.id,
        school=transfer.school,
        student=transfer.student,
        student_id=student_id(transfer.school, transfer.student),
        term=transfer.term,
        from_school=document.school,
        from_school_name=document.school_name,
        from_student=document.student,
        name=document.name,
        exported_at=document.exported_at,
        state=transfer.state,
        imported_by=transfer.imported_by,
        imported_at=transfer.imported_at,
        absent_half_days=document.absent_half_days,
        absent_days=document.absent_half_days / 2,
        counts=calendar.choices_in(term).carried_absences_count and transfer.state == "active",
        days_carried=len(fitting.days) if fitting else 0,
        days_outside=list(fitting.outside) if fitting else [day.date for day in document.days],
        records=[CarriedRecordOut.model_validate(record, from_attributes=True) for record in document.records],
        marks=[CarriedMarkOut.model_validate(mark, from_attributes=True) for mark in document.marks],
        casework=[CarriedPieceOut.model_validate(piece, from_attributes=True) for piece in document.casework],
    )


def _folded(name: str) -> str:
    """A name without the differences between systems: capitals and blanks."""
    return " ".join(name.casefold().split())
