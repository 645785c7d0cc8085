"""Contacts with a student's family: listed, recorded, withdrawn."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from services.thresholds.access.callers import Reader, Responder
from services.thresholds.casework import repository as casework
from services.thresholds.casework.listing import ListOfStudent, read_page
from services.thresholds.casework.piece import Piece
from services.thresholds.casework.posting import id_for, posted_before
from services.thresholds.casework.refusing import refusals
from services.thresholds.casework.responding import NOTHING, respond_with, take_back
from services.thresholds.casework.student import Child, child_of, day_at, term_on
from services.thresholds.contacts.contact import ContactIn, KeptContact, check
from services.thresholds.contacts.schemas import ContactOut
from services.thresholds.records.responses.schemas import ResponseIn
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.roster.repository import schools
from services.thresholds.state import State
from shared.attendance.calendar import SchoolCalendar
from shared.audit.log import Access, log_access
from shared.moments import repository as moments
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["casework"])

CONTACTS = "/v1/schools/{school}/students/{student}/contacts"


@router.get(CONTACTS, summary="List the attempts to reach a student's family")
async def list_contacts(
    wanted: ListOfStudent,
    state: State,
    caller: Reader,
    include_withdrawn: Annotated[bool, Query(description="Show withdrawn contacts too")] = False,
) -> Page[ContactOut]:
    """Newest first, whether or not somebody was reached, of all keys that the student has had."""
    async with state.engine.begin() as connection:
        page = await read_page(connection, state, caller, "contact", "read-contacts", wanted, include_withdrawn=include_withdrawn)
    return page.map(_out)


@router.post(
    CONTACTS,
    status_code=HTTPStatus.CREATED,
    summary="Record an attempt to reach a student's family",
    responses=refuses("no-open-record", "key-used", "future-date", "nobody-reached"),
)
async def add_contact(
    school: SchoolInPath, student: str, body: ContactIn, state: State, caller: Responder, key: IdempotencyKey = None
) -> ContactOut:
    """Evidence in either case. With `activity`, one that reached somebody is also recorded as a response, in the same step."""
    async with state.engine.begin() as connection:
        child = await child_of(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        now = await moments.next_of(connection, school, state.clock())
        contact = body.kept(now)
        with refusals():
            check(contact, now)
        piece = _piece(child, contact, calendar, caller.subject, now, id_for(child, "contact", key))
        drawn = () if body.at is not None else ("at",)
        if (before := await posted_before(connection, "contact", piece.id, piece.document, drawn)) is not None:
            return _out(before)
        if body.activity is not None:
            day = min(day_at(calendar, contact.at), calendar.today(now))
            response = ResponseIn(activity=body.activity, occurred_on=day, staff=body.staff, note=body.note)
            written = await respond_with(connection, child, response, caller.subject, calendar.today(now), now)
            piece = replace(piece, record_id=written[0], response_id=written[1])
        await casework.add(connection, piece)
        fields = body.model_dump(exclude_none=True).keys()
        access = Access(action="record-contact", school=school, students=[student], record_id=piece.record_id, fields=fields)
        await log_access(connection, caller, access, now)
    return _out(piece)


@router.delete(CONTACTS + "/{contact_id}", summary="Withdraw a contact that was recorded by mistake")
async def withdraw_contact(school: SchoolInPath, student: str, contact_id: UUID, state: State, caller: Responder) -> ContactOut:
    """You may withdraw what you recorded; with the role `manage`, anybody's. The response that it wrote is withdrawn as well.

    It stays on file, and is shown with `include_withdrawn=true` only.
    """
    async with state.engine.begin() as connection:
        child = await child_of(connection, caller, school, student)
        await schools.lock(connection, [school])
        piece = await casework.get(connection, "contact", contact_id)
        if piece is None or piece.student_id not in child.ids:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-contact", "there is no such contact with this student's family")
        if piece.made_by != caller.subject:
            caller.require_role("manage")
        now = await moments.next_of(connection, school, state.clock())
        if piece.status != "withdrawn":
            if piece.record_id is not None and piece.response_id is not None:
                await take_back(connection, (piece.record_id, piece.response_id), caller.subject, now)
            piece = replace(
                piece, status="withdrawn", version=piece.version + 1, record_id=NOTHING[0], response_id=NOTHING[1], updated_at=now
            )
            await casework.change(connection, piece, caller.subject)
        access = Access(action="withdraw-contact", school=school, students=[student], fields=["status"])
        await log_access(connection, caller, access, now)
    return _out(piece)


def _piece(child: Child, contact: KeptContact, calendar: SchoolCalendar, by: str, now: datetime, piece_id: UUID) -> Piece:
    return Piece(
        id=piece_id,
        kind="contact",
        school=child.school,
        student=child.student,
        student_id=child.identity,
        term=term_on(calendar, day_at(calendar, contact.at)),
        at=contact.at,
        status="recorded",
        due_on=None,
        document=contact.model_dump(mode="json"),
        version=1,
        record_id=None,
        response_id=None,
        made_by=by,
        made_at=now,
        updated_at=now,
    )


def _out(piece: Piece) -> ContactOut:
    contact = KeptContact.model_validate(piece.document)
    status: Literal["recorded", "withdrawn"] = "withdrawn" if piece.status == "withdrawn" else "recorded"
    return ContactOut(
        id=piece.id,
        school=piece.school,
        student=piece.student,
        student_id=piece.student_id,
        term=piece.term,
        **contact.model_dump(by_alias=False),
        took_part=contact.took_part,
        record=piece.record_id,
        response=piece.response_id,
        status=status,
        recorded_by=piece.made_by,
        recorded_at=piece.made_at,
    )
