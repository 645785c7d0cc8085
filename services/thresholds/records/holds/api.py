"""Holds on a student's letters: set, lifted and listed."""

import uuid
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.callers import Manager, Reader
from services.thresholds.access.permission import permitted_student, unknown_student
from services.thresholds.records import announcements
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold
from services.thresholds.records.holds.schemas import HoldIn, HoldOut, RecordHoldIn
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.showing import hold_out
from services.thresholds.records.star_records.record import Record
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import calendar_for, term_for, term_to_come
from services.thresholds.roster.repository import schools
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.identifiers import student_id
from shared.moments import repository as moments
from shared.outbox import repository as outbox
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page
from shared.web.problems import ProblemError
from shared.web.schemas import ThresholdParameter
from shared.web.service import SchoolInPath

router = Router(tags=["holds"])

HOLD = "/v1/schools/{school}/students/{student}/hold"


@router.get(HOLD, summary="List the holds on a student's letters")
async def list_student_holds(school: SchoolInPath, student: str, state: State, caller: Reader, term: TermParameter = None) -> Page[HoldOut]:
    """The holds of a term (by default the current one, in the holidays the next), newest first, lifted and replaced ones included."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        today = calendar.today(state.clock())
        coming = None if term else calendar.current_or_next_term(today)
        name = (coming or term_for(calendar, term, state.clock())).name
        of_term = await holds.of_student(connection, student_id(school, student), name)
        access = Access(action="read-holds", school=school, students=[student], filters={"term": name})
        await log_access(connection, caller, access, state.clock())
    return Page(items=[hold_out(hold, today, calendar) for hold in of_term])


@router.put(
    HOLD,
    summary="Hold a student's letters",
    responses=refuses("no-term-to-come", "past-date"),
)
async def hold_student_letters(school: SchoolInPath, student: str, body: HoldIn, state: State, caller: Manager) -> HoldOut:
    """A hold stops letters; counting goes on. It takes the place of the student's hold of the same term and threshold. Set in the
    holidays, it is for the term to come."""
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        term = term_to_come(calendar, body.term, state.clock())
        if person is None and await rows.get(connection, RowKey(school, term.name, student)) is None:
            raise unknown_student()
        await schools.lock(connection, [school])
        subject = {"school": school, "student": student, "student_id": student_id(school, student), "term": term.name}
        now = state.clock()
        return await _hold(connection, subject, body.threshold, body, caller, calendar, now)


@router.delete(
    HOLD,
    summary="Lift a hold on a student's letters",
    responses=refuses("no-hold"),
)
async def lift_student_hold(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Manager,
    term: TermParameter = None,
    threshold: Annotated[ThresholdParameter | None, Query(description="Without one, the hold on all of the student's letters")] = None,
) -> HoldOut:
    """The letters that were held go out if they are still due."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        await schools.lock(connection, [school])
        now = state.clock()
        standing = await holds.standing(connection, student_id(school, student), term_to_come(calendar, term, now).name, threshold)
        return await _release(connection, standing, caller, calendar, now)


@router.put(
    "/v1/star-records/{record_id}/hold",
    summary="Hold the letters of a STAR record's threshold",
    responses=refuses("no-threshold", "past-date"),
)
async def hold_record_letters(record_id: UUID, body: RecordHoldIn, state: State, caller: Manager) -> HoldOut:
    """The same as a hold set at the student, for the record's term and threshold."""
    async with state.engine.begin() as connection:
        record, threshold = await _with_threshold(connection, caller, record_id)
        calendar = await calendar_for(connection, record.school)
        subject = {"school": record.school, "student": record.student, "student_id": record.student_id, "term": record.term}
        now = state.clock()
        return await _hold(connection, subject, threshold, body, caller, calendar, now, record_id)


@router.delete(
    "/v1/star-records/{record_id}/hold",
    summary="Lift the hold on the letters of a STAR record's threshold",
    responses=refuses("no-hold", "no-threshold"),
)
async def lift_record_hold(record_id: UUID, state: State, caller: Manager) -> HoldOut:
    """A hold on all of the student's letters is lifted at the student."""
    async with state.engine.begin() as connection:
        record, threshold = await _with_threshold(connection, caller, record_id)
        calendar = await calendar_for(connection, record.school)
        now = state.clock()
        standing = await holds.standing(connection, record.student_id, record.term, threshold)
        return await _release(connection, standing, caller, calendar, now, record_id)


async def _with_threshold(connection: AsyncConnection, caller: Principal, record_id: UUID) -> tuple[Record, Threshold]:
    record = await permitted_record(connection, caller, record_id, lock=True)
    if record.threshold is None:
        raise ProblemError(HTTPStatus.CONFLICT, "no-threshold", "this record is of no threshold, so no letters go out for it")
    return record, record.threshold


async def _hold(
    connection: AsyncConnection,
    subject: dict[str, Any],
    threshold: Threshold | None,
    body: RecordHoldIn,
    caller: Principal,
    calendar: SchoolCalendar,
    now: datetime,
    record_id: UUID | None = None,
) -> HoldOut:
    today = calendar.today(now)
    if body.until is not None and body.until < today:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "past-date", "until has passed already at the school")
    before = await holds.standing(connection, subject["student_id"], subject["term"], threshold)
    if before is not None and (before.reason, before.until) == (body.reason, body.until):
        hold = before
    else:
        at = await moments.next_of(connection, subject["school"], now)
        hold = Hold(
            id=uuid.uuid4(), **subject, threshold=threshold, reason=body.reason, until=body.until, held_by=caller.subject, held_at=at
        )
        if before is not None:
            await holds.lift(connection, before.id, caller.subject, at)
        await holds.add(connection, hold)
        await outbox.add(connection, [announcements.letters_held(hold).encode()])
    access = Access(action="hold-letters", school=hold.school, students=[hold.student], record_id=record_id, fields=["reason", "until"])
    await log_access(connection, caller, access, now)
    return hold_out(hold, today, calendar)


async def _release(
    connection: AsyncConnection,
    standing: Hold | None,
    caller: Principal,
    calendar: SchoolCalendar,
    now: datetime,
    record_id: UUID | None = None,
) -> HoldOut:
    if standing is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, "no-hold", "there is no such hold; each is lifted by the term and threshold it was set for"
        )
    lifted_at = await moments.next_of(connection, standing.school, now)
    await holds.lift(connection, standing.id, caller.subject, lifted_at)
    await outbox.add(connection, [announcements.letters_released(standing, lifted_at).encode()])
    access = Access(action="release-letters", school=standing.school, students=[standing.student], record_id=record_id)
    await log_access(connection, caller, access, now)
    return hold_out(replace(standing, lifted_by=caller.subject, lifted_at=lifted_at), calendar.today(now), calendar)
