"""Puts the evidence of a student's term together from what is stored."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.attendance.of_student import term_of
from services.thresholds.attendance.showing import cause_out
from services.thresholds.attendance.view import Attendance, Day
from services.thresholds.casework import repository as casework
from services.thresholds.casework.piece import Piece
from services.thresholds.casework.student import Child
from services.thresholds.contacts.contact import KeptContact
from services.thresholds.evidence.checklist import Facts, checklist
from services.thresholds.evidence.document import (
    Cover,
    Decided,
    EvidenceContact,
    EvidenceDay,
    EvidenceDocument,
    EvidenceHold,
    EvidenceItem,
    EvidenceLetter,
    EvidenceMeeting,
    EvidencePlan,
    EvidenceRecord,
    EvidenceReply,
    Responded,
)
from services.thresholds.letters.letter import KeptLetter
from services.thresholds.meetings.meeting import Meeting, sequence
from services.thresholds.records.history import repository as history
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.register.packed_row import Entry
from services.thresholds.replies.reply import KeptReply
from services.thresholds.support_plans.showing import plan_of
from services.thresholds.support_plans.support_plan import KeptPlan
from shared.attendance.calendar import Term
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import tier_of
from shared.events.calendars import calendar_of, codes_in
from shared.events.data import SchoolUpdated, TermDates

UNEXPLAINED = "?"


@dataclass(frozen=True, slots=True)
class StoredTerm:
    """All that is stored of a student's term."""

    view: Attendance
    records: list[Record]
    given: dict[UUID, list[RecordedResponse]]
    pieces: list[Piece]

    def of_kind(self, kind: str) -> list[Piece]:
        """The pieces of casework of a kind that stand."""
        return [piece for piece in self.pieces if piece.kind == kind and piece.status != "withdrawn"]

    def facts(self, today: date) -> Facts:
        """The facts that the checklist reads."""
        return Facts(
            today=today,
            absent_half_days=self.view.absent,
            unmarked_half_days=self.view.unmarked,
            unexplained=sum(any(entry.code == UNEXPLAINED for entry in day.marks) for day in self.view.days),
            records=self.records,
            responses=[response for of_record in self.given.values() for response in of_record if response.stands],
            contacts=[KeptContact.model_validate(piece.document) for piece in self.of_kind("contact")],
            meetings=[Meeting.model_validate(piece.document) for piece in self.of_kind("meeting")],
            plans=[plan_of(piece.document) for piece in self.of_kind("support-plan")],
            replies=len(self.of_kind("reply")),
            letters=[KeptLetter.model_validate(piece.document) for piece in self.of_kind("letter")],
        )


async def gathered(
    connection: AsyncConnection, school: SchoolUpdated, child: Child, term: Term, codes: CodeTable, now: datetime
) -> StoredTerm:
    """All that is stored of a student's term, under every key that they have."""
    view = await term_of(connection, school, child.student, term, codes, now)
    records = [record for identity in child.ids for record in await star_records.of_student(connection, identity, term.name)]
    given = await responses.of_records(connection, [record.id for record in records])
    pieces = await casework.of_student(connection, child.ids, term.name)
    # A plan that was agreed in a term before, and still stands, is this term's too.
    pieces += [
        piece
        for piece in await casework.of_student(connection, child.ids)
        if piece.kind == "support-plan" and piece.status == "agreed" and piece.term < term.name
    ]
    return StoredTerm(view, records, given, pieces)


async def document_of(
    connection: AsyncConnection,
    school: SchoolUpdated,
    child: Child,
    term: Term,
    codes: CodeTable,
    now: datetime,
    by: str,
    cover: Cover,
    *,
    notes: bool,
) -> EvidenceDocument:
    """The document. Without `notes`, none of the staff's own words is in it."""
    found = await gathered(connection, school, child, term, codes, now)
    calendar = calendar_of(school)
    of_term = codes_in(school, term.name, codes)
    causes = [cause_out(cause, half_days, of_term) for cause, half_days in found.view.causes]
    document = EvidenceDocument(
        cover=cover,
        notes=notes,
        school=child.school,
        school_name=school.name,
        timezone=school.timezone,
        student=child.student,
        name=child.person.name if child.person else None,
        year_level=child.person.year_level if child.person else None,
        term=TermDates(term.name, term.start, term.end),
        made_at=now,
        made_by=by,
        absent_half_days=found.view.absent,
        absent_days=found.view.absent / 2,
        tier=tier_of(found.view.absent),
        attended_half_days=found.view.attended,
        unmarked_half_days=found.view.unmarked,
        causes=[f"{cause.half_days} {'half day' if cause.half_days == 1 else 'half days'}: {cause.meaning}" for cause in causes],
        days=[_day(day) for day in found.view.days if day.count.absent or day.history],
        items=[
            EvidenceItem(item=item.item, met=item.met, why=item.why, source=item.source)
            for item in checklist(found.facts(calendar.today(now)))
        ],
        records=[await _record(connection, record, found.given[record.id], notes=notes) for record in found.records],
        holds=[
            EvidenceHold(
                threshold=hold.threshold,
                held_by=hold.held_by,
                held_at=hold.held_at,
                until=hold.until,
                lifted_at=hold.lifted_at,
                reason=hold.reason if notes else None,
            )
            for identity in child.ids
            for hold in await holds.of_student(connection, identity, term.name)
        ],
        contacts=[_contact(KeptContact.model_validate(piece.document), notes=notes) for piece in found.of_kind("contact")],
        meetings=[await _meeting(connection, piece, notes=notes) for piece in found.of_kind("meeting")],
        plans=[await _plan(connection, piece, plan_of(piece.document), notes=notes) for piece in found.of_kind("support-plan")],
        replies=[_reply(piece) for piece in found.of_kind("reply")],
        letters=[_letter(piece) for piece in found.of_kind("letter")],
    )
    return replace(document, accounts=_accounts(document, school))


def _accounts(document: EvidenceDocument, school: SchoolUpdated) -> dict[str, str]:
    """The names of those whose accounts the document has, as far as the school lists them. It leaves the school: nobody else is in it."""
    told: set[str | None] = {
        document.made_by,
        *(hold.held_by for hold in document.holds),
        *(record.assigned_to for record in document.records),
    }
    told |= {response.recorded_by for record in document.records for response in record.responses}
    told |= {step.by for record in document.records for step in record.history}
    people = school.staff.people if school.staff is not None else []
    return {person.account: person.name for person in people if person.account in told}


def _day(day: Day) -> EvidenceDay:
    return EvidenceDay(
        date=day.day,
        absent_half_days=day.count.absent,
        marks=[_mark(entry) for entry in day.marks],
        explanation=day.explanation,
        corrections=len(day.history),
    )


def _mark(entry: Entry) -> str:
    place = entry.session or (f"slot {entry.slot}" if entry.slot else entry.kind)
    return f"{place} {entry.code}" if entry.code else str(place)


async def _record(connection: AsyncConnection, record: Record, given: list[RecordedResponse], *, notes: bool) -> EvidenceRecord:
    steps = await history.of_record(connection, record.id)
    return EvidenceRecord(
        threshold=record.threshold,
        crossed_on=record.crossed_on,
        absent_days=record.absent_half_days / 2,
        status=record.status,
        outcome=record.outcome,
        assigned_to=record.assigned_to,
        responses=[
            Responded(
                occurred_on=response.occurred_on,
                label=response.label,
                standard=response.standard,
                staff=response.staff,
                note=response.note if notes else None,
                recorded_by=response.recorded_by,
                recorded_at=response.recorded_at,
            )
            for response in given
            if response.stands
        ],
        history=[Decided(at=step["at"], by=step["subject"], action=step["action"], fields=sorted(step["changes"])) for step in steps],
    )


def _reply(piece: Piece) -> EvidenceReply:
    kept = KeptReply.model_validate(piece.document)
    return EvidenceReply(at=piece.at, threshold=kept.threshold, choice=kept.choice, status=piece.status)


def _letter(piece: Piece) -> EvidenceLetter:
    kept = KeptLetter.model_validate(piece.document)
    return EvidenceLetter(
        sent_at=piece.at,
        threshold=kept.threshold,
        occasion=kept.occasion,
        channel=kept.channel,
        is_correction=kept.corrects is not None,
        came_back_at=kept.came_back_at,
        digest=kept.digest,
    )


def _contact(contact: KeptContact, *, notes: bool) -> EvidenceContact:
    fields = contact.model_dump(by_alias=False, exclude={"activity", "note"})
    return EvidenceContact(**fields, took_part=contact.took_part, note=contact.note if notes else None)


async def _meeting(connection: AsyncConnection, piece: Piece, *, notes: bool) -> EvidenceMeeting:
    meeting = Meeting.model_validate(piece.document)
    versions = await casework.versions(connection, piece.id)
    return EvidenceMeeting(
        at=meeting.at,
        status=meeting.status,
        place=meeting.place,
        people=[f"{person.name}, {person.role}" if person.role else person.name for person in meeting.people],
        agenda=meeting.agenda if notes else None,
        outcome=meeting.outcome,
        moved=sequence([version.document for version in versions]),
    )


async def _plan(connection: AsyncConnection, piece: Piece, plan: KeptPlan, *, notes: bool) -> EvidencePlan:
    reviews = [review.model_dump(mode="json", exclude={"id"}) for review in plan.reviews]
    return EvidencePlan(
        level=plan.level,
        status=plan.status,
        agreed_on=plan.agreed_on,
        agreed_by=[f"{person.name}, {person.role}" if person.role else person.name for person in plan.agreed_by],
        barriers=plan.barriers,
        goals=[goal.model_dump(mode="json") for goal in plan.goals],
        actions=[action.model_dump(mode="json") for action in plan.actions],
        reviews=[review if notes else review | {"note": None} for review in reviews],
        next_review=plan.next_review,
        saved=[version.saved_at for version in await casework.versions(connection, piece.id)],
    )
