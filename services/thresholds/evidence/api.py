"""Evidence about a student's term: the checklist, the document as a PDF and as signed JSON, and the check of one."""

import asyncio
import hashlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, get_args

from fastapi import Query, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader, SchoolReader
from services.thresholds.casework.student import Child, child_of
from services.thresholds.evidence import document as documents
from services.thresholds.evidence.checklist import Asked, Source, checklist
from services.thresholds.evidence.document import Cover, EvidenceDocument
from services.thresholds.evidence.gathering import document_of, gathered
from services.thresholds.evidence.printing import evidence_pdf
from services.thresholds.evidence.schemas import EvidenceOut, EvidencePoint, VerifiedOut
from services.thresholds.evidence.signing import signed_json, signed_pdf, verified
from services.thresholds.pages.pdf import MEDIA_TYPE as PDF
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State, ThresholdsState
from services.thresholds.transfers.signing import MEDIA_TYPE as JOSE
from services.thresholds.transfers.signing import UntrustedError
from shared.attendance.calendar import Term
from shared.audit.log import Access, Filter, log_access
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber, student_id
from shared.web.body import read_body
from shared.web.door import MIB, Router
from shared.web.headers import disposition
from shared.web.openapi.successes import sends
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["casework"])

EVIDENCE = "/v1/schools/{school}/students/{student}/evidence"

Prover = Annotated[Principal, requires("star:read", role="manage", by_group=True)]
"""Hands out what the school holds about a student, of their own part."""

LARGEST: Final = 8 * MIB
"""Bytes of a document to check: hundreds of pages."""

_FILES: Final = sends("The evidence as a signed document: to print, or for a program to read.", PDF, JOSE)

CoverParameter = Annotated[Cover, Query(description="`person`: the cover for somebody who asks what is held about them")]
NotesParameter = Annotated[
    bool | None,
    Query(
        description="Whether the staff's own notes are in it: by default they are in a case, and in a person's request only when you say so"
    ),
]


@router.get(EVIDENCE, summary="Check what is on record about a student's term, and what is missing")
async def get_evidence(school: SchoolInPath, student: str, state: State, caller: Reader, term: TermParameter = None) -> EvidenceOut:
    """The points that the guide, the Ministry before a prosecution, and the Attendance Service ask for, as far as they apply."""
    async with state.engine.begin() as connection:
        child, sent, of_term = await _about(connection, caller, school, student, term, state.clock())
        found = await gathered(connection, sent, child, of_term, state.codes, state.clock())
        access = Access(action="read-evidence", school=school, students=[student], filters={"term": of_term.name})
        await log_access(connection, caller, access, state.clock())
    items = checklist(found.facts(calendar_of(sent).today(state.clock())))
    return EvidenceOut(
        school=school,
        student=student,
        student_id=student_id(school, student),
        name=child.person.name if child.person else None,
        term=of_term.name,
        absent_days=found.view.absent / 2,
        ready=[source for source in get_args(Source) if all(item.met for item in items if item.source == source)],
        items=[_point(item) for item in items],
    )


@router.get(EVIDENCE + ".pdf", response_class=Response, responses=_FILES, summary="Print a student's term as evidence")
async def get_pdf(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Prover,
    term: TermParameter = None,
    cover: CoverParameter = "case",
    notes: NotesParameter = None,
) -> Response:
    """Absences with their explanation, records, responses, decisions, contacts, meetings and plans. Its last line is a signature."""
    document = await _document(state, caller, school, student, term, cover, notes, "pdf")
    payload = documents.encode(document)
    pdf = await asyncio.to_thread(evidence_pdf, document, hashlib.sha256(payload).hexdigest())
    return _file(signed_pdf(pdf, document, state.keyring), PDF, document, "pdf")


@router.get(EVIDENCE + ".jose", response_class=Response, responses=_FILES, summary="Export a student's term as signed JSON")
async def get_json(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Prover,
    term: TermParameter = None,
    cover: CoverParameter = "case",
    notes: NotesParameter = None,
) -> Response:
    """The same facts as the PDF, in the format `nz.star.evidence.v1`, as a JWS that `GET /v1/transfer-keys` has the key of."""
    document = await _document(state, caller, school, student, term, cover, notes, "json")
    return _file(signed_json(document, documents.encode(document), state.keyring), JOSE, document, "jose")


@router.post(
    "/v1/evidence/verify",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {PDF: {"schema": {"type": "string", "format": "binary"}}, JOSE: {"schema": {"type": "string"}}},
        }
    },
    summary="Check a document of evidence",
)
async def verify_evidence(request: Request, state: State, _: SchoolReader) -> VerifiedOut:
    """The body is the PDF or the signed JSON as it was handed out. 422 `untrusted-document`: it was changed, or signed elsewhere."""
    content = await read_body(request, LARGEST)
    try:
        seal = verified(content, state.keyring)
    except UntrustedError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "untrusted-document", str(error)) from error
    return VerifiedOut(format=documents.FORMAT, school=seal.school, term=seal.term, made_at=seal.made_at, sha256=seal.sha256)


async def _document(
    state: ThresholdsState,
    caller: Principal,
    school: SchoolNumber,
    student: str,
    term: str | None,
    cover: Cover,
    notes: bool | None,
    form: str,
) -> EvidenceDocument:
    with_notes = cover == "case" if notes is None else notes
    now = state.clock()
    async with state.engine.begin() as connection:
        child, sent, of_term = await _about(connection, caller, school, student, term, now)
        document = await document_of(connection, sent, child, of_term, state.codes, now, caller.subject, cover, notes=with_notes)
        filters: dict[str, Filter | None] = {"term": of_term.name, "cover": cover, "notes": with_notes, "form": form}
        await log_access(connection, caller, Access(action="read-evidence", school=school, students=[student], filters=filters), now)
    return document


async def _about(
    connection: AsyncConnection, caller: Principal, school: SchoolNumber, student: str, term: str | None, now: datetime
) -> tuple[Child, SchoolUpdated, Term]:
    child = await child_of(connection, caller, school, student)
    sent = await known_school(connection, school)
    return child, sent, term_for(calendar_of(sent), term, now)


def _point(item: Asked) -> EvidencePoint:
    return EvidencePoint(item=item.item, met=item.met, why=item.why, source=item.source, mend=item.mend)


def _file(content: bytes | str, media_type: str, document: EvidenceDocument, ending: str) -> Response:
    name = f"evidence-{document.school}-{document.term.term}.{ending}"
    headers = {"Content-Disposition": disposition("attachment", name), "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
