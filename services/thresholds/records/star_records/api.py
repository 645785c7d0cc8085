"""STAR records: listed, shown, decided about, and opened by hand."""

import uuid
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.audit import Access, note
from services.thresholds.access.permission import permitted_student
from services.thresholds.records import announcements
from services.thresholds.records.history import repository as history
from services.thresholds.records.history.changes import Step, changes
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.showing import Desk, desk_of, shown
from services.thresholds.records.star_records import repository as records
from services.thresholds.records.star_records.decisions import DECIDED, UndecidableError, action_of, check_due, decided
from services.thresholds.records.star_records.repository import Due, Wanted
from services.thresholds.records.star_records.schemas import RecordIn, RecordPage, RecordPatch, RecordQuery, StarRecord
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import term_for
from services.thresholds.roster.repository import students
from services.thresholds.state import State
from shared.attendance.tiers import THRESHOLDS
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.web.cursors import encode_cursor, read_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["STAR records"])

Reader = Annotated[Principal, requires("star:read", by_group=True)]
Manager = Annotated[Principal, requires("star:write", role="manage", by_group=True)]


@router.get("/v1/schools/{school}/star-records", summary="A school's STAR records")
async def list_records(school: SchoolInPath, state: State, caller: Reader, query: Annotated[RecordQuery, Query()]) -> RecordPage:
    """All records that match, withdrawn ones included unless a status is asked for."""
    caller.require_school(school)
    after = read_cursor(query.cursor, UUID)
    async with state.engine.begin() as connection:
        desk = await desk_of(connection, school, state.clock())
        of_students = None if caller.part is None else await students.of_part(connection, school, caller.part)
        found = await records.page(connection, _wanted(school, query, desk, of_students), after, query.limit + 1)
        page = found[: query.limit]
        items = await shown(connection, desk, page, include_withdrawn=query.include_withdrawn)
        filters = query.model_dump(mode="json", exclude_unset=True, exclude={"limit", "cursor", "include_withdrawn"})
        access = Access(action="list-records", school=school, students=[row["student"] for row in page], filters=filters)
        await note(connection, caller, access, state.clock())
    return RecordPage(items=items, next=encode_cursor(str(page[-1]["id"])) if len(found) > query.limit else None)


@router.get("/v1/star-records/{record_id}", summary="One STAR record")
async def get_record(
    record_id: UUID,
    state: State,
    caller: Reader,
    include_withdrawn: Annotated[bool, Query(description="Show withdrawn responses too")] = False,
) -> StarRecord:
    """The record with its responses."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id)
        desk = await desk_of(connection, SchoolNumber(record["school"]), state.clock())
        (answer,) = await shown(connection, desk, [record], include_withdrawn=include_withdrawn)
        access = Access(action="read-record", school=record["school"], students=[record["student"]], record_id=record_id)
        await note(connection, caller, access, state.clock())
    return answer


@router.patch("/v1/star-records/{record_id}", summary="Close, reopen or assign a STAR record, or set its due day")
async def patch_record(record_id: UUID, body: RecordPatch, state: State, caller: Manager) -> StarRecord:
    """A withdrawn record stays withdrawn: its absences were corrected. It opens again when the threshold is crossed again."""
    async with state.engine.begin() as connection:
        record = await permitted_record(connection, caller, record_id, lock=True)
        desk = await desk_of(connection, SchoolNumber(record["school"]), state.clock())
        try:
            after = decided(dict(record), body.model_dump(exclude_unset=True))
        except UndecidableError as error:
            raise _undecidable(error) from error
        changed = changes({name: record[name] for name in DECIDED}, after)
        if changed:
            now = state.clock()
            await records.change(connection, record_id, after, now)
            record = await _again(connection, record_id)
            await history.add(connection, record_id, Step(action_of(changed), changed), caller.subject, now)
            if not announcements.RECORD_TOLD.isdisjoint(changed):
                await outbox.add(connection, [announcements.record_updated(dict(record), desk.due_on(record), now).encode()])
        access = Access(
            action="change-record", school=record["school"], students=[record["student"]], record_id=record_id, fields=changed.keys()
        )
        await note(connection, caller, access, state.clock())
        (answer,) = await shown(connection, desk, [record])
    return answer


@router.post(
    "/v1/schools/{school}/students/{student}/star-records",
    status_code=HTTPStatus.CREATED,
    summary="Open an additional STAR record by hand",
)
async def add_record(school: SchoolInPath, student: str, body: RecordIn, state: State, caller: Manager) -> StarRecord:
    """For responses that belong to no crossing. It does not change the student's total or tier."""
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        desk = await desk_of(connection, school, state.clock())
        term = term_for(desk.calendar, body.term, state.clock())
        row = await rows.get(connection, RowKey(school, term.name, student))
        if row is None and person is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")
        try:
            check_due(body.due_on, desk.today)
        except UndecidableError as error:
            raise _undecidable(error) from error
        now = state.clock()
        fields = {
            "student": student,
            "threshold": body.threshold,
            "crossed_on": desk.today,
            "assigned_to": body.assigned_to,
            "due_on": body.due_on,
            "reason": body.reason,
        }
        record_id = uuid.uuid4()
        total = row.absent_half_days if row else 0
        whose = {"school": school, "student_id": student_id(school, student), "term": term.name}
        await records.insert_manual(connection, {"id": record_id, "absent_half_days": total, "now": now, **whose, **fields})
        record = await _again(connection, record_id)
        said = {name: value for name, value in fields.items() if name != "student" and value is not None}
        await history.add(connection, record_id, Step("opened", changes({}, {"status": "open", **said})), caller.subject, now)
        await outbox.add(connection, [announcements.record_updated(dict(record), desk.due_on(record), now).encode()])
        access = Access(action="open-record", school=school, students=[student], record_id=record_id, fields=said.keys())
        await note(connection, caller, access, now)
        (answer,) = await shown(connection, desk, [record])
    return answer


def _wanted(school: SchoolNumber, query: RecordQuery, desk: Desk, of_students: Sequence[UUID] | None) -> Wanted:
    def due(before: date) -> Due:
        return Due(before, {threshold: desk.due.crossed_before(threshold, before) for threshold in THRESHOLDS})

    return Wanted(
        school=school,
        term=query.term,
        threshold=query.threshold,
        status=query.status,
        student=query.student,
        assigned_to=query.assigned_to,
        due=None if query.due_before is None else due(query.due_before),
        overdue=None if query.overdue is None else (query.overdue, due(desk.today)),
        of_students=of_students,
    )


async def _again(connection: AsyncConnection, record_id: UUID) -> RowMapping:
    record = await records.get(connection, record_id)
    assert record is not None
    return record


def _undecidable(error: UndecidableError) -> ProblemError:
    status = HTTPStatus.CONFLICT if error.kind == "record-withdrawn" else HTTPStatus.UNPROCESSABLE_ENTITY
    return ProblemError(status, error.kind, str(error))
