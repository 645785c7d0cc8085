"""Takes a document in: keeps it, and publishes its days as marks, on the way that all marks go.

On the topic of marks, the days that a student brought are as safe as any mark: they are replayed with the others, in any order and number.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.transfers import document as documents
from services.thresholds.transfers import repository as transfers
from services.thresholds.transfers.carrying import fit, marks_for
from services.thresholds.transfers.document import TransferDocument, TransferredDay
from services.thresholds.transfers.transfer import Transfer
from shared.attendance.calendar import SchoolCalendar, Term
from shared.events.catalogue import MARKS_RECORDED
from shared.events.data import Mark, MarksRecorded
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.web.problems import ProblemError

SOURCE = "transfer"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document at the school that takes the student in; `signed_here` by this engine, and not by the one that the school comes from."""

    school: SchoolNumber
    student: str
    document: TransferDocument
    payload: bytes
    imported_by: str
    signed_here: bool


async def take_in(connection: AsyncConnection, arrival: Arrival, calendar: SchoolCalendar, now: datetime) -> Transfer:
    """Keeps the document and carries its days. The same document again changes nothing.

    The caller holds the school's lock. Raises ProblemError 409 for a document that is older than the active one, and for one
    of the student's own term here. The same school on another engine is a school that moves.
    """
    document = arrival.document
    identity = student_id(arrival.school, arrival.student)
    if arrival.signed_here and (document.school, document.student) == (arrival.school, arrival.student):
        raise ProblemError(HTTPStatus.CONFLICT, "same-school", "the document is of this student's own term at this school")
    term = _term(calendar, document)
    before = await _active(connection, identity, document)
    dropped: list[date] = []
    if before is not None:
        if before.document == arrival.payload:
            return before
        if document.exported_at <= before.exported_at:
            raise ProblemError(HTTPStatus.CONFLICT, "older-document", "a newer document of that school has been taken in")
        await transfers.supersede(connection, before.id)
        kept = {day.date for day in document.days}
        dropped = [day.date for day in _carried(before, term, calendar, now) if day.date not in kept]
    transfer = Transfer(
        id=uuid.uuid4(),
        school=arrival.school,
        student=arrival.student,
        student_id=identity,
        term=term.name,
        from_school=document.school,
        exported_at=document.exported_at,
        document=arrival.payload,
        state="active",
        imported_by=arrival.imported_by,
        imported_at=now,
    )
    await transfers.add(connection, transfer)
    days = fit(document, term, calendar.today(now)).days
    await _publish(connection, arrival.school, marks_for(arrival.student, days, dropped, now), now)
    return transfer


async def take_back(connection: AsyncConnection, transfer: Transfer, calendar: SchoolCalendar, by: str, now: datetime) -> bool:
    """Withdraws a document and the days it carried; False when it is not active any more. The caller holds the school's lock."""
    if not await transfers.withdraw(connection, transfer.id, by, now):
        return False
    term = calendar.term_named(transfer.term)
    if term is not None:
        days = [day.date for day in _carried(transfer, term, calendar, transfer.imported_at)]
        await _publish(connection, transfer.school, marks_for(transfer.student, (), days, now), now)
    return True


def _term(calendar: SchoolCalendar, document: TransferDocument) -> Term:
    term = calendar.term_named(document.term.term)
    if term is None:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-term", "the document is of a term that this school does not have")
    return term


async def _active(connection: AsyncConnection, identity: uuid.UUID, document: TransferDocument) -> Transfer | None:
    of_term = await transfers.of_student(connection, identity, document.term.term)
    return next((transfer for transfer in of_term if transfer.state == "active" and transfer.from_school == document.school), None)


def _carried(transfer: Transfer, term: Term, calendar: SchoolCalendar, at: datetime) -> Sequence[TransferredDay]:
    return fit(documents.decode(transfer.document), term, calendar.today(at)).days


async def _publish(connection: AsyncConnection, school: SchoolNumber, marks: list[Mark], now: datetime) -> None:
    if marks:
        roll = MarksRecorded(school, SOURCE, now, marks)
        await outbox.add(connection, [Event(MARKS_RECORDED, new_event_id(), "/thresholds", now, school, roll).encode()])
