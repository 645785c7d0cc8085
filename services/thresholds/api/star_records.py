"""STAR records and the school's responses on them."""

import uuid
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.activities import STANDARD
from services.thresholds.api.common import calendar_for, shown, term_for
from services.thresholds.repository import records, register, schools, students
from services.thresholds.repository.register import RowKey
from services.thresholds.schemas.activities import ActivityList, ActivityOut
from services.thresholds.schemas.records import RecordIn, RecordPage, RecordPatch, RecordStatus, ResponseIn, StarRecord
from services.thresholds.state import State, ThresholdsState
from shared.attendance.tiers import Threshold
from shared.auth.principal import Principal
from shared.events.catalogue import RECORD_UPDATED, RESPONSE_RECORDED
from shared.events.data import RecordUpdated, ResponseRecorded
from shared.events.envelope import Event, new_event_id
from shared.identifiers import SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.web.cursors import PageLimit, decode_cursor, encode_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["STAR records"])

Reader = Annotated[Principal, requires("star:read")]
Writer = Annotated[Principal, requires("star:write")]


@router.get("/v1/schools/{school}/star-records", summary="A school's STAR records")
async def list_records(
    school: SchoolInPath,
    state: State,
    caller: Reader,
    term: str | None = None,
    threshold: Threshold | None = None,
    status: RecordStatus | None = None,
    student: str | None = None,
    limit: PageLimit = 100,
    cursor: str | None = None,
) -> RecordPage:
    """All records that match, withdrawn ones included unless a status is asked for."""
    caller.require_school(school)
    after = decode_cursor(cursor, parts=1)
    async with state.engine.connect() as connection:
        await calendar_for(connection, school)
        found = await records.page(
            connection,
            school=school,
            term=term,
            threshold=threshold,
            status=status,
            student=student,
            after=UUID(after[0]) if after else None,
            limit=limit + 1,
        )
        items = await shown(connection, found[:limit])
    return RecordPage(items=items, next=encode_cursor(str(found[limit - 1]["id"])) if len(found) > limit else None)


@router.get("/v1/star-records/{record_id}", summary="One STAR record")
async def get_record(record_id: UUID, state: State, caller: Reader) -> StarRecord:
    """The record with its responses."""
    async with state.engine.connect() as connection:
        return await _shown(connection, await _permitted(connection, record_id, caller))


@router.patch("/v1/star-records/{record_id}", summary="Close or reopen a STAR record")
async def patch_record(record_id: UUID, body: RecordPatch, state: State, caller: Writer) -> StarRecord:
    """A withdrawn record stays withdrawn: its absences were corrected. It opens again when the threshold is crossed again."""
    async with state.engine.begin() as connection:
        record = await _permitted(connection, record_id, caller, lock=True)
        if record["status"] == "withdrawn":
            raise ProblemError(HTTPStatus.CONFLICT, "record-withdrawn", "corrected marks have withdrawn this record")
        if await records.set_status(connection, record_id, body.status, state.clock()):
            await _say_updated(connection, record, body.status, state)
        changed = await records.get(connection, record_id)
        assert changed is not None
        return await _shown(connection, changed)


@router.post("/v1/star-records/{record_id}/responses", status_code=HTTPStatus.CREATED, summary="Record a response activity")
async def add_response(record_id: UUID, body: ResponseIn, state: State, caller: Writer) -> StarRecord:
    """Keeps what the school did; it goes to the Ministry with the week's upload, without staff and note."""
    async with state.engine.begin() as connection:
        record = await _permitted(connection, record_id, caller, lock=True)
        now = state.clock()
        if body.occurred_on > (await calendar_for(connection, SchoolNumber(record["school"]))).today(now):
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "future-date", "occurred_on has not come yet at the school")
        response_id = uuid.uuid4()
        await records.add_response(
            connection,
            response_id=response_id,
            record_id=record_id,
            activity=body.activity,
            occurred_on=body.occurred_on,
            staff=body.staff,
            note=body.note,
            recorded_by=caller.subject,
            now=now,
        )
        data = ResponseRecorded(
            response_id=response_id,
            record_id=record_id,
            school=record["school"],
            student=record["student"],
            student_id=record["student_id"],
            term=record["term"],
            threshold=record["threshold"],
            activity=body.activity,
            occurred_on=body.occurred_on,
            recorded_at=now,
        )
        event = Event(RESPONSE_RECORDED, str(response_id), "/thresholds", now, str(record["student_id"]), data)
        await outbox.add(connection, [event.encode()])
        return await _shown(connection, record)


@router.post(
    "/v1/schools/{school}/students/{student}/star-records",
    status_code=HTTPStatus.CREATED,
    summary="Open an additional STAR record by hand",
)
async def add_record(school: SchoolInPath, student: str, body: RecordIn, state: State, caller: Writer) -> StarRecord:
    """For responses that belong to no crossing. It does not change the student's total or tier."""
    caller.require_school(school)
    identity = student_id(school, student)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        term = term_for(calendar, body.term, state)
        row = await register.get(connection, RowKey(school, term.name, student))
        if row is None and await students.get(connection, identity) is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")
        now = state.clock()
        record_id = uuid.uuid4()
        await records.insert_manual(
            connection,
            {
                "id": record_id,
                "school": school,
                "student": student,
                "student_id": identity,
                "term": term.name,
                "threshold": body.threshold,
                "absent_half_days": row.absent_half_days if row else 0,
                "crossed_on": calendar.today(now),
                "now": now,
            },
        )
        record = await records.get(connection, record_id)
        assert record is not None
        await _say_updated(connection, record, "open", state)
        return await _shown(connection, record)


@router.get("/v1/schools/{school}/activities", summary="The response activities that can be recorded")
async def list_activities(school: SchoolInPath, state: State, caller: Reader) -> ActivityList:
    """The standard activities, in the order they are offered."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        await calendar_for(connection, school)
    return ActivityList(items=[ActivityOut(activity=activity, label=label) for activity, label in STANDARD.items()])


async def _permitted(connection: AsyncConnection, record_id: UUID, caller: Principal, *, lock: bool = False) -> RowMapping:
    record = await records.get(connection, record_id)
    if record is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-record", "there is no such STAR record")
    caller.require_school(SchoolNumber(record["school"]))
    if lock:
        # With the school's lock held, no batch of marks can open or withdraw the record meanwhile.
        await schools.lock(connection, [record["school"]])
        record = await records.get(connection, record_id)
        assert record is not None
    return record


async def _shown(connection: AsyncConnection, record: RowMapping) -> StarRecord:
    return (await shown(connection, [record]))[0]


async def _say_updated(connection: AsyncConnection, record: RowMapping, status: str, state: ThresholdsState) -> None:
    now = state.clock()
    data = RecordUpdated(
        record_id=record["id"],
        school=record["school"],
        student=record["student"],
        student_id=record["student_id"],
        term=record["term"],
        threshold=record["threshold"],
        status="closed" if status == "closed" else "open",
        updated_at=now,
    )
    event = Event(RECORD_UPDATED, new_event_id(), "/thresholds", now, str(record["student_id"]), data)
    await outbox.add(connection, [event.encode()])
