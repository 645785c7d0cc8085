"""STAR records: listed, shown, decided about, and opened by hand."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from services.thresholds.access.callers import Manager, Reader
from services.thresholds.access.permission import permitted_student, unknown_student
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import NewStep, changes
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.showing import SchoolContext, context_of, records_out
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.decisions import UndecidableError, action_of, check_due, decide, decision_of
from services.thresholds.records.star_records.record import Record
from services.thresholds.records.star_records.repository import DueBefore, Ordering, RecordFilter
from services.thresholds.records.star_records.schemas import RecordIn, RecordPatch, RecordQuery, StarRecord
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import known_school, term_for
from services.thresholds.roster.repository import cursor_keys, identities, students
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.staff.accounts import require_accounts
from services.thresholds.state import State
from shared.attendance.tiers import THRESHOLDS
from shared.audit.log import Access, log_access
from shared.identifiers import SchoolNumber, sent_id, student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.web.answers import json_answer
from shared.web.cursors import CursorSeal, read_cursor
from shared.web.door import Router
from shared.web.idempotency import IdempotencyKey
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath

router = Router(tags=["STAR records"])


@router.get("/v1/schools/{school}/star-records", response_model=Page[StarRecord], summary="List a school's STAR records")
async def list_star_records(school: SchoolInPath, state: State, caller: Reader, query: Annotated[RecordQuery, Query()]) -> Response:
    """All records that match. Withdrawn ones are included unless you ask for a status."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        # The list by id has cursors of one part, as it always had.
        seal = None if query.sort == "id" else await cursor_keys.seal_for(connection, f"STAR records by {query.sort}")
        after = _after(query, seal)
        context = await context_of(connection, school, state.clock())
        of_students = None if caller.part is None else await students.of_part(connection, school, caller.part)
        if query.student is not None:
            query = query.model_copy(update={"student": await identities.named(connection, school, query.student)})
        which = _filter(school, query, context, of_students)
        ordering = Ordering(query.sort, context.due.school_days, context.due.after)
        found = await star_records.page(connection, which, ordering, after, query.limit + 1)
        page = (
            page_of(found, query.limit, lambda entry: entry[1].id)
            if seal is None
            else page_of(found, query.limit, lambda entry: (entry[0], entry[1].id), seal.encode)
        )
        records = [record for _, record in page.items]
        items = await records_out(connection, context, records, include_withdrawn=query.include_withdrawn)
        # The log names the filters, never a name that somebody looked for.
        filters = query.model_dump(mode="json", exclude_unset=True, exclude={"q", "record", "sort", "limit", "cursor", "include_withdrawn"})
        filters |= {"searched": True} if query.q else {}
        access = Access(action="list-records", school=school, students=[record.student for record in records], filters=filters)
        await log_access(connection, caller, access, state.clock())
    return json_answer(Page[StarRecord](items=items, next=page.next))


@router.get("/v1/star-records/{record_id}", summary="Show one STAR record")
async def get_star_record(
    record_id: UUID,
    state: State,
    caller: Reader,
    include_withdrawn: Annotated[bool, Query(description="Show withdrawn responses too")] = False,
) -> StarRecord:
    """The record with its responses."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id)
        context = await context_of(connection, record.school, state.clock())
        (answer,) = await records_out(connection, context, [record], include_withdrawn=include_withdrawn)
        access = Access(action="read-record", school=record.school, students=[record.student], record_id=record_id)
        await log_access(connection, caller, access, state.clock())
    return answer


@router.patch(
    "/v1/star-records/{record_id}",
    summary="Close, reopen or assign a STAR record, or set its due day",
    response_description="The STAR record as it is now.",
    responses=refuses("record-withdrawn", "outcome-of-open-record", "due-before-crossing", "unknown-account"),
)
async def update_star_record(record_id: UUID, body: RecordPatch, state: State, caller: Manager) -> StarRecord:
    """A withdrawn record stays withdrawn: its absences were corrected. It opens again when the threshold is crossed again."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        context = await context_of(connection, record.school, state.clock())
        require_accounts(await known_school(connection, record.school), [body.assigned_to])
        try:
            decision = decide(record, body.model_dump(exclude_unset=True))
        except UndecidableError as error:
            raise _undecidable(error) from error
        changed = changes(asdict(decision_of(record)), asdict(decision))
        if changed:
            now = await moments.next_of(connection, record.school, state.clock())
            await star_records.change(connection, record_id, decision, now)
            record = replace(record, **asdict(decision), updated_at=now)
            await history.add(connection, record_id, NewStep(action_of(changed), changed), caller.subject, now)
            if not announcements.RECORD_FIELDS.isdisjoint(changed):
                await outbox.add(connection, [announcements.record_updated(record, context.due_on(record), now).encode()])
        access = Access(action="change-record", school=record.school, students=[record.student], record_id=record_id, fields=changed.keys())
        await log_access(connection, caller, access, state.clock())
        (answer,) = await records_out(connection, context, [record])
    return answer


@router.post(
    "/v1/schools/{school}/students/{student}/star-records",
    status_code=HTTPStatus.CREATED,
    summary="Open an additional STAR record by hand",
    response_description="The new STAR record.",
    responses=refuses("key-used", "unknown-account"),
)
async def add_star_record(
    school: SchoolInPath, student: str, body: RecordIn, state: State, caller: Manager, key: IdempotencyKey = None
) -> StarRecord:
    """For responses that belong to no crossing. It does not change the student's total or tier."""
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        context = await context_of(connection, school, state.clock())
        term = term_for(context.calendar, body.term, state.clock())
        row = await rows.get(connection, RowKey(school, term.name, student))
        if row is None and person is None:
            raise unknown_student()
        require_accounts(await known_school(connection, school), [body.assigned_to])
        try:
            check_due(body.due_on, context.today)
        except UndecidableError as error:
            raise _undecidable(error) from error
        now = await moments.next_of(connection, school, state.clock())
        record = Record(
            id=uuid.uuid4() if key is None else sent_id("record", f"{school}/{student}", key),
            school=school,
            student=student,
            student_id=student_id(school, student),
            term=term.name,
            threshold=body.threshold,
            origin="manual",
            sequence=1,
            absent_half_days=row.absent_half_days if row else 0,
            crossed_on=context.today,
            status="open",
            outcome=None,
            assigned_to=body.assigned_to,
            due_on=body.due_on,
            reason=body.reason,
            created_at=now,
            updated_at=now,
        )
        if key is not None and (before := await star_records.get(connection, record.id)) is not None:
            if (before.term, before.threshold, before.reason) != (record.term, record.threshold, record.reason):
                raise ProblemError(HTTPStatus.CONFLICT, "key-used", "this Idempotency-Key was sent with another record of this student")
            (answer,) = await records_out(connection, context, [before])
            return answer
        await star_records.add(connection, record)
        opened = {name: getattr(record, name) for name in ("threshold", "crossed_on", "assigned_to", "due_on", "reason")}
        fields = {name: value for name, value in opened.items() if value is not None}
        await history.add(connection, record.id, NewStep("opened", changes({}, {"status": "open", **fields})), caller.subject, now)
        await outbox.add(connection, [announcements.record_updated(record, context.due_on(record), now).encode()])
        access = Access(action="open-record", school=school, students=[student], record_id=record.id, fields=fields.keys())
        await log_access(connection, caller, access, now)
        (answer,) = await records_out(connection, context, [record])
    return answer


def _after(query: RecordQuery, seal: CursorSeal | None) -> tuple[str, UUID] | None:
    """The place of the last record seen."""
    if seal is None:
        after = read_cursor(query.cursor, UUID)
        return None if after is None else ("", after)
    place = seal.decode(query.cursor, parts=2)
    return None if place is None else (place[0], UUID(place[1]))


def _filter(school: SchoolNumber, query: RecordQuery, context: SchoolContext, of_students: Sequence[UUID] | None) -> RecordFilter:
    def due_before(day: date) -> DueBefore:
        return DueBefore(day, {threshold: context.due.crossed_before(threshold, day) for threshold in THRESHOLDS})

    term = context.calendar.term_named(query.term) if query.term is not None else None
    over = term is not None and term.end < context.today
    return RecordFilter(
        school=school,
        term=query.term,
        threshold=query.threshold,
        status=query.status,
        student=query.student,
        assigned_to=query.assigned_to,
        due=None if query.due_before is None else due_before(query.due_before),
        overdue=None if query.overdue is None else (query.overdue, due_before(context.today)),
        of_students=of_students,
        crossed_from=query.crossed_from,
        crossed_to=query.crossed_to,
        words=(query.q or "").split(),
        year_level=query.year_level,
        group=query.group,
        answered=query.answered,
        records=query.record or None,
        roll=Roll.of(school, term, context.calendar, context.now) if over and term is not None else None,
    )


def _undecidable(error: UndecidableError) -> ProblemError:
    status = HTTPStatus.CONFLICT if error.kind == "record-withdrawn" else HTTPStatus.UNPROCESSABLE_ENTITY
    return ProblemError(status, error.kind, str(error))
