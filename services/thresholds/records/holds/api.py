"""Holds on a student's letters: set, lifted and listed."""

import uuid
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.access.audit import Access, note
from services.thresholds.access.permission import permitted_student
from services.thresholds.records import announcements
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold
from services.thresholds.records.holds.schemas import HoldIn, HoldList, HoldOut, RecordHoldIn
from services.thresholds.records.permission import permitted_record
from services.thresholds.records.showing import shown_hold
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import calendar_for, term_for
from services.thresholds.roster.repository import schools
from services.thresholds.schemas import ThresholdAsked
from services.thresholds.state import State
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import Threshold
from shared.auth.principal import Principal
from shared.identifiers import SchoolNumber, student_id
from shared.outbox import repository as outbox
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["holds"])

Reader = Annotated[Principal, requires("star:read", by_group=True)]
Manager = Annotated[Principal, requires("star:write", role="manage", by_group=True)]

TermAsked = Annotated[str | None, Query(description="The current or last term by default", examples=["2026-T4"])]
HOLD = "/v1/schools/{school}/students/{student}/hold"


@router.get(HOLD, summary="The holds on a student's letters")
async def list_holds(school: SchoolInPath, student: str, state: State, caller: Reader, term: TermAsked = None) -> HoldList:
    """Those of a term, newest first, with those that were lifted or replaced."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        wanted = term_for(calendar, term, state.clock())
        found = await holds.of_student(connection, student_id(school, student), wanted.name)
        access = Access(action="read-holds", school=school, students=[student], filters={"term": wanted.name})
        await note(connection, caller, access, state.clock())
    today = calendar.today(state.clock())
    return HoldList(items=[shown_hold(hold, today, calendar) for hold in found])


@router.put(HOLD, summary="Hold a student's letters")
async def hold_letters(school: SchoolInPath, student: str, body: HoldIn, state: State, caller: Manager) -> HoldOut:
    """Stops letters, not the counting. It takes the place of the student's hold of the same term and threshold, if there is one."""
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        term = term_for(calendar, body.term, state.clock())
        if person is None and await rows.get(connection, RowKey(school, term.name, student)) is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")
        await schools.lock(connection, [school])
        whose = {"school": school, "student": student, "student_id": student_id(school, student), "term": term.name}
        now = state.clock()
        return await _hold(connection, whose, body.threshold, body, caller, calendar, now)


@router.delete(HOLD, summary="Lift a hold on a student's letters")
async def release_letters(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Manager,
    term: TermAsked = None,
    threshold: Annotated[ThresholdAsked | None, Query(description="Without one, the hold on all of the student's letters")] = None,
) -> HoldOut:
    """Letters that were held go out then as far as they are still due."""
    async with state.engine.begin() as connection:
        await permitted_student(connection, caller, school, student)
        calendar = await calendar_for(connection, school)
        wanted = term_for(calendar, term, state.clock())
        await schools.lock(connection, [school])
        now = state.clock()
        standing = await holds.standing(connection, student_id(school, student), wanted.name, threshold)
        return await _release(connection, standing, caller, calendar, now)


@router.put("/v1/star-records/{record_id}/hold", summary="Hold the letters of a STAR record's threshold")
async def hold_letters_of_record(record_id: UUID, body: RecordHoldIn, state: State, caller: Manager) -> HoldOut:
    """The same as at the student, for the record's term and threshold."""
    async with state.engine.begin() as connection:
        record, threshold = await _with_threshold(connection, caller, record_id)
        calendar = await calendar_for(connection, SchoolNumber(record["school"]))
        whose = {name: record[name] for name in ("school", "student", "student_id", "term")}
        now = state.clock()
        return await _hold(connection, whose, threshold, body, caller, calendar, now, record_id)


@router.delete("/v1/star-records/{record_id}/hold", summary="Lift the hold on the letters of a STAR record's threshold")
async def release_letters_of_record(record_id: UUID, state: State, caller: Manager) -> HoldOut:
    """A hold on all of the student's letters is lifted at the student."""
    async with state.engine.begin() as connection:
        record, threshold = await _with_threshold(connection, caller, record_id)
        calendar = await calendar_for(connection, SchoolNumber(record["school"]))
        now = state.clock()
        standing = await holds.standing(connection, record["student_id"], record["term"], threshold)
        return await _release(connection, standing, caller, calendar, now, record_id)


async def _with_threshold(connection: AsyncConnection, caller: Principal, record_id: UUID) -> tuple[RowMapping, Threshold]:
    record = await permitted_record(connection, caller, record_id, lock=True)
    threshold: Threshold | None = record["threshold"]
    if threshold is None:
        raise ProblemError(HTTPStatus.CONFLICT, "no-threshold", "this record is of no threshold, so no letters go out for it")
    return record, threshold


async def _hold(
    connection: AsyncConnection,
    whose: dict[str, Any],
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
    hold = Hold(id=uuid.uuid4(), **whose, threshold=threshold, reason=body.reason, until=body.until, held_by=caller.subject, held_at=now)
    before = await holds.standing(connection, hold.student_id, hold.term, threshold)
    if before is not None and (before.reason, before.until) == (body.reason, body.until):
        hold = before
    else:
        if before is not None:
            await holds.lift(connection, before.id, caller.subject, now)
        await holds.add(connection, hold)
        await outbox.add(connection, [announcements.letters_held(hold).encode()])
    access = Access(action="hold-letters", school=hold.school, students=[hold.student], record_id=record_id, fields=["reason", "until"])
    await note(connection, caller, access, now)
    return shown_hold(hold, today, calendar)


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
    await holds.lift(connection, standing.id, caller.subject, now)
    await outbox.add(connection, [announcements.letters_released(standing, now).encode()])
    access = Access(action="release-letters", school=standing.school, students=[standing.student], record_id=record_id)
    await note(connection, caller, access, now)
    return shown_hold(replace(standing, lifted_by=caller.subject, lifted_at=now), calendar.today(now), calendar)
