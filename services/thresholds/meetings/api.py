"""Meetings with a student's family: listed, planned, changed, and as calendar files."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Reader, Responder
from services.thresholds.casework import repository as casework
from services.thresholds.casework.listing import ListOfStudent, read_page
from services.thresholds.casework.piece import Piece, changed_fields
from services.thresholds.casework.posting import id_for, posted_before
from services.thresholds.casework.reading import read_piece
from services.thresholds.casework.refusing import refusals
from services.thresholds.casework.responding import NOTHING, respond_by_standard, take_back
from services.thresholds.casework.schemas import CaseworkVersionOut
from services.thresholds.casework.showing import versions_out
from services.thresholds.casework.student import child_of, counted_as, day_at, permitted_piece, term_on
from services.thresholds.meetings.invitation import MEDIA_TYPE, Host, calendar_file
from services.thresholds.meetings.meeting import STANDARD, Meeting, MeetingPatch, changed, check, sequence, waits_from
from services.thresholds.meetings.schemas import MeetingOut
from services.thresholds.roster.lookup import known_school
from services.thresholds.roster.repository import schools
from services.thresholds.staff.accounts import require_accounts
from services.thresholds.state import State
from shared.attendance.calendar import SchoolCalendar
from shared.audit.log import Access, log_access
from shared.events.calendars import calendar_of
from shared.moments import repository as moments
from shared.web.door import Router
from shared.web.headers import disposition
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.openapi.successes import sends
from shared.web.pages import Page
from shared.web.service import SchoolInPath

router = Router(tags=["casework"])

MOST_NAME: Final = 200
"""Characters of a person's name on a response."""

MEETINGS = "/v1/schools/{school}/students/{student}/meetings"
MEETING = "/v1/meetings/{meeting_id}"


@router.get(MEETINGS, summary="List the meetings with a student's family")
async def list_meetings(wanted: ListOfStudent, state: State, caller: Reader) -> Page[MeetingOut]:
    """The latest first, of all keys that the student has had."""
    async with state.engine.begin() as connection:
        page = await read_page(connection, state, caller, "meeting", "read-meetings", wanted)
        items = [await _out(connection, piece) for piece in page.items]
    return Page(items=items, next=page.next)


@router.post(
    MEETINGS,
    status_code=HTTPStatus.CREATED,
    summary="Plan a meeting with a student's family, or record one",
    responses=refuses("key-used", "bad-field", "future-date", "unknown-account"),
)
async def add_meeting(
    school: SchoolInPath, student: str, body: Meeting, state: State, caller: Responder, key: IdempotencyKey = None
) -> MeetingOut:
    """With the status `held` it is recorded after it took place, and writes `meeting-with-whanau` on the highest open record."""
    async with state.engine.begin() as connection:
        child = await child_of(connection, caller, school, student)
        sent = await known_school(connection, school)
        require_accounts(sent, [body.assigned_to])
        calendar = calendar_of(sent)
        await schools.lock(connection, [school])
        now = await moments.next_of(connection, school, state.clock())
        with refusals():
            check(body, now)
        day = day_at(calendar, body.at)
        piece = Piece(
            id=id_for(child, "meeting", key),
            kind="meeting",
            school=school,
            student=student,
            student_id=child.identity,
            term=term_on(calendar, day),
            at=body.at,
            status=body.status,
            due_on=waits_from(body, day),
            document=body.model_dump(mode="json"),
            version=1,
            record_id=None,
            response_id=None,
            made_by=caller.subject,
            made_at=now,
            updated_at=now,
        )
        if (before := await posted_before(connection, "meeting", piece.id, piece.document)) is not None:
            return await _out(connection, before)
        piece = await _responded(connection, piece, body, calendar, caller.subject, now)
        await casework.add(connection, piece)
        fields = body.model_dump(exclude_unset=True).keys()
        access = Access(action="plan-meeting", school=school, students=[student], record_id=piece.record_id, fields=fields)
        await log_access(connection, caller, access, now)
        return await _out(connection, piece)


@router.get(
    MEETING + ".ics",
    response_class=Response,
    responses=sends("The meeting, for a calendar to take.", MEDIA_TYPE),
    summary="Show a meeting as a calendar file",
)
async def get_meeting_calendar(meeting_id: UUID, state: State, caller: Reader) -> Response:
    """For the calendars of all who come. A moved meeting has a higher SEQUENCE, a cancelled one the METHOD CANCEL. No student is named."""
    async with state.engine.begin() as connection:
        piece = await read_piece(connection, state, caller, "meeting", meeting_id, "read-meetings")
        school = await known_school(connection, piece.school)
        versions = await casework.versions(connection, meeting_id)
    host = Host(school.name, school.contact_email, school.timezone)
    number = sequence([version.document for version in versions])
    file = calendar_file(meeting_id, Meeting.model_validate(piece.document), number, host, piece.updated_at)
    headers = {"Content-Disposition": disposition("attachment", f"meeting-{meeting_id}.ics"), "Cache-Control": "no-store"}
    return Response(file, media_type=MEDIA_TYPE, headers=headers)


@router.get(MEETING, summary="Show a meeting")
async def get_meeting(meeting_id: UUID, state: State, caller: Reader) -> MeetingOut:
    """The meeting as it stands."""
    async with state.engine.begin() as connection:
        piece = await read_piece(connection, state, caller, "meeting", meeting_id, "read-meetings")
        return await _out(connection, piece)


@router.get(MEETING + "/versions", summary="List every version of a meeting")
async def list_meeting_versions(meeting_id: UUID, state: State, caller: Reader) -> Page[CaseworkVersionOut]:
    """Oldest first: a meeting that was moved or missed shows when, and who wrote it down."""
    async with state.engine.begin() as connection:
        await read_piece(connection, state, caller, "meeting", meeting_id, "read-meetings")
        versions = await casework.versions(connection, meeting_id)
    return Page(items=versions_out(versions))


@router.patch(
    MEETING,
    summary="Move a meeting, cancel it, or say whether it was held",
    responses=refuses("bad-field", "future-date", "unknown-account"),
)
async def update_meeting(meeting_id: UUID, body: MeetingPatch, state: State, caller: Responder) -> MeetingOut:
    """`held` writes `meeting-with-whanau` on the student's highest open record, once. Another status after it takes that back."""
    async with state.engine.begin() as connection:
        piece = await permitted_piece(connection, caller, "meeting", meeting_id, lock=True)
        sent = await known_school(connection, piece.school)
        require_accounts(sent, [body.assigned_to])
        calendar = calendar_of(sent)
        now = await moments.next_of(connection, piece.school, state.clock())
        with refusals():
            meeting = changed(Meeting.model_validate(piece.document), body)
            check(meeting, now)
        document = meeting.model_dump(mode="json")
        fields = changed_fields(piece.document, document)
        if fields:
            day = day_at(calendar, meeting.at)
            piece = replace(
                piece,
                term=term_on(calendar, day),
                at=meeting.at,
                status=meeting.status,
                due_on=waits_from(meeting, day),
                document=document,
                version=piece.version + 1,
                updated_at=now,
            )
            piece = await _responded(connection, piece, meeting, calendar, caller.subject, now)
            await casework.change(connection, piece, caller.subject)
        access = Access(action="change-meeting", school=piece.school, students=[piece.student], record_id=piece.record_id, fields=fields)
        await log_access(connection, caller, access, now)
        return await _out(connection, piece)


async def _responded(
    connection: AsyncConnection, piece: Piece, meeting: Meeting, calendar: SchoolCalendar, subject: str, now: datetime
) -> Piece:
    """The piece, with the response of a held meeting written, or that of one that was not held taken back."""
    if meeting.status == "held" and piece.response_id is None:
        today = calendar.today(now)
        day = min(day_at(calendar, meeting.at), today)
        student = await counted_as(connection, piece.school, piece.student)
        written = await respond_by_standard(
            connection, piece.school, student, STANDARD, day, (meeting.staff or subject)[:MOST_NAME], subject, today, now
        )
        return piece if written is None else replace(piece, record_id=written[0], response_id=written[1])
    if meeting.status != "held" and piece.record_id is not None and piece.response_id is not None:
        await take_back(connection, (piece.record_id, piece.response_id), subject, now)
        return replace(piece, record_id=NOTHING[0], response_id=NOTHING[1])
    return piece


async def _out(connection: AsyncConnection, piece: Piece) -> MeetingOut:
    versions = [] if piece.version == 1 else await casework.versions(connection, piece.id)
    meeting = Meeting.model_validate(piece.document)
    return MeetingOut(
        id=piece.id,
        school=piece.school,
        student=piece.student,
        student_id=piece.student_id,
        term=piece.term,
        **dict(meeting),
        sequence=sequence([version.document for version in versions]),
        record=piece.record_id,
        response=piece.response_id,
        version=piece.version,
        made_by=piece.made_by,
        made_at=piece.made_at,
        updated_at=piece.updated_at,
    )
