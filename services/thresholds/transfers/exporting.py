"""Puts the document of a student's term together from what is stored."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.attendance.view import attendance
from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Kind
from services.thresholds.casework.student import ids_of
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.register.packed_row import Entry
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.repository import enrolments, students
from services.thresholds.transfers import document as documents
from services.thresholds.transfers import repository as transfers
from services.thresholds.transfers.carrying import days_of
from services.thresholds.transfers.document import (
    TransferDocument,
    TransferredMark,
    TransferredPiece,
    TransferredRecord,
    TransferredResponse,
)
from shared.attendance.calendar import Term
from shared.attendance.codes import CodeTable
from shared.events.calendars import calendar_of, codes_in
from shared.events.data import SchoolUpdated, TermDates
from shared.identifiers import SchoolNumber, student_id


async def document_of(
    connection: AsyncConnection, school: SchoolUpdated, student: str, term: Term, codes: CodeTable, now: datetime, *, notes: bool
) -> TransferDocument | None:
    """The student's term so far; None if there is none. Absences that they brought from another school go with them."""
    calendar, codes = calendar_of(school), codes_in(school, term.name, codes)
    identity = student_id(school.school, student)
    row = await rows.get(connection, RowKey(school.school, term.name, student))
    person = await students.get(connection, identity)
    if row is None and person is None:
        return None
    earlier = await brought(connection, identity, term.name)
    carried_from = {day.date: day.school for document in earlier for day in document.days}
    own = calendar.for_student(await enrolments.get(connection, school.school, student), term)
    view = attendance(row.marks if row else b"", term, own, codes, now)
    return TransferDocument(
        school=school.school,
        school_name=school.name,
        student=student,
        name=person.name if person else None,
        term=TermDates(term.name, term.start, term.end),
        exported_at=now,
        absent_half_days=view.absent,
        days=days_of(view, school.school, carried_from, codes),
        marks=[_mark(day.day, entry) for day in view.days for entry in day.marks if entry.kind != "carried"],
        records=[
            *(record for document in earlier for record in document.records),
            *await _records(connection, school.school, identity, term.name, notes=notes),
        ],
        casework=[
            *(piece for document in earlier for piece in document.casework),
            *await _casework(connection, SchoolNumber(school.school), student, term.name, notes=notes),
        ],
    )


async def brought(connection: AsyncConnection, student: uuid.UUID, term: str) -> list[TransferDocument]:
    """The active documents that a student brought into a term, oldest first."""
    transferred = await transfers.of_student(connection, student, term)
    return [documents.decode(transfer.document) for transfer in transferred if transfer.state == "active"]


async def _records(connection: AsyncConnection, school: str, student: uuid.UUID, term: str, *, notes: bool) -> Sequence[TransferredRecord]:
    records = await star_records.of_student(connection, student, term)
    given = await responses.of_records(connection, [record.id for record in records])
    return [
        TransferredRecord(
            school=school,
            threshold=record.threshold,
            status=record.status,
            absent_days=record.absent_half_days / 2,
            crossed_on=record.crossed_on,
            outcome=record.outcome,
            responses=[_response(response, notes=notes) for response in given[record.id] if response.stands],
        )
        for record in records
    ]


PASSED_ON: Final[Mapping[Kind, Literal["contact", "meeting", "support-plan"]]] = {
    "contact": "contact",
    "meeting": "meeting",
    "support-plan": "support-plan",
}
"""Letters, and what the family said to them, are between it and this school."""


async def _casework(connection: AsyncConnection, school: SchoolNumber, student: str, term: str, *, notes: bool) -> list[TransferredPiece]:
    pieces = await casework.of_student(connection, await ids_of(connection, school, student), term)
    return [
        TransferredPiece(
            kind=kind,
            at=piece.at,
            status=piece.document["outcome"] if piece.kind == "contact" else piece.status,
            how=piece.document.get("how"),
            level=piece.document.get("level"),
            words=dict(piece.document) if notes else None,
        )
        for piece in pieces
        if piece.status != "withdrawn" and (kind := PASSED_ON.get(piece.kind)) is not None
    ]


def _response(response: RecordedResponse, *, notes: bool) -> TransferredResponse:
    return TransferredResponse(
        activity=response.standard, label=response.label, occurred_on=response.occurred_on, note=response.note if notes else None
    )


def _mark(day: date, entry: Entry) -> TransferredMark:
    return TransferredMark(
        date=day,
        session=entry.session,
        slot=entry.slot,
        code=entry.code,
        minutes=entry.minutes,
        half_days=entry.count,
        recorded_at=entry.recorded_at,
    )
