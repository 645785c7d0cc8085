"""A student's attendance explained, and a school's students by tier."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from services.thresholds.access.audit import Access, note
from services.thresholds.access.permission import permitted_student
from services.thresholds.attendance.schemas import (
    AttendanceOut,
    CorrectionOut,
    CountOut,
    DayOut,
    MarkOut,
    SaidOut,
    StudentOut,
    StudentPage,
    StudentQuery,
)
from services.thresholds.attendance.view import Attendance, Day, attendance, session_of, slot_of
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.showing import desk_of, shown, shown_hold
from services.thresholds.records.star_records import repository as records
from services.thresholds.register import packed_row
from services.thresholds.register.packed_row import Entry
from services.thresholds.register.repository import corrections, rows
from services.thresholds.register.repository.corrections import Correction
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import calendar_for, known_school, term_for
from services.thresholds.roster.repository import students
from services.thresholds.state import State
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import TIERS, tier_of
from shared.auth.principal import Principal
from shared.events.calendars import calendar_of
from shared.events.data import VendorCount
from shared.identifiers import student_id
from shared.web.cursors import decode_cursor, encode_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["attendance"])

Reader = Annotated[Principal, requires("star:read", by_group=True)]


@router.get(
    "/v1/schools/{school}/students/{student}/attendance",
    response_model_exclude_none=False,
    summary="A student's term, with every number explained",
)
async def get_attendance(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Reader,
    term: Annotated[str | None, Query(description="The current or last term by default", examples=["2026-T4"])] = None,
) -> AttendanceOut:
    """The student's absences, tier and STAR records, and for each day the marks and the rule that counted them."""
    identity = student_id(school, student)
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        known = await known_school(connection, school)
        calendar = calendar_of(known)
        wanted = term_for(calendar, term, state.clock())
        key = RowKey(school, wanted.name, student)
        row = await rows.get(connection, key)
        if person is None and row is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-student", "no student of that key has been sent, and no mark")
        history = await corrections.of_row(connection, key)
        desk = await desk_of(connection, school, state.clock(), calendar)
        star_records = await shown(connection, desk, await records.of_student(connection, identity, wanted.name))
        standing = [hold for hold in await holds.of_student(connection, identity, wanted.name) if hold.holds_on(desk.today, calendar)]
        access = Access(action="read-attendance", school=school, students=[student], filters={"term": wanted.name})
        await note(connection, caller, access, state.clock())
    codes = state.codes.with_classes(known.code_classes)
    view = attendance(row.marks if row else b"", wanted, calendar, codes, state.clock(), history)
    return AttendanceOut(
        school=school,
        student=student,
        student_id=identity,
        name=f"{person['given_name']} {person['family_name']}" if person else None,
        term=wanted.name,
        **_sums(view),
        notes=view.differences(calendar, codes),
        days=[_day(day, codes) for day in view.days],
        holds=[shown_hold(hold, desk.today, calendar) for hold in standing],
        star_records=star_records,
    )


@router.get("/v1/schools/{school}/students", summary="A school's students by tier")
async def list_students(school: SchoolInPath, state: State, caller: Reader, query: Annotated[StudentQuery, Query()]) -> StudentPage:
    """Every student the school has sent, and every student it has sent marks of, with the term's total."""
    caller.require_school(school)
    after = decode_cursor(query.cursor, parts=2)
    async with state.engine.begin() as connection:
        wanted = term_for(await calendar_for(connection, school), query.term, state.clock())
        found = await students.page(
            connection,
            school=school,
            term=wanted.name,
            level=TIERS.index(query.tier) if query.tier else None,
            year_level=query.year_level,
            group=query.group,
            sort=query.sort,
            after=(after[0], after[1]) if after else None,
            limit=query.limit + 1,
            part=caller.part,
        )
        page = found[: query.limit]
        filters = {"term": wanted.name} | query.model_dump(mode="json", include={"tier", "year_level", "group"})
        access = Access(action="list-students", school=school, students=[row["student"] for row in page], filters=filters)
        await note(connection, caller, access, state.clock())
    items = [
        StudentOut(
            student=row["student"],
            student_id=student_id(school, row["student"]),
            name=f"{row['given_name']} {row['family_name']}" if row["given_name"] else None,
            year_level=row["year_level"],
            groups=row["groups"],
            absent_half_days=row["absent_half_days"],
            absent_days=row["absent_half_days"] / 2,
            tier=tier_of(row["absent_half_days"]),
        )
        for row in page
    ]
    more = len(found) > query.limit
    return StudentPage(items=items, next=encode_cursor(page[-1]["order_key"], page[-1]["student"]) if more else None)


def _sums(view: Attendance) -> dict[str, object]:
    return {
        "absent_half_days": view.absent,
        "absent_days": view.absent / 2,
        "tier": tier_of(view.absent),
        "attended_half_days": view.attended,
        "excluded_half_days": view.excluded,
        "unmarked_half_days": view.unmarked,
        "open_half_days": view.open,
        "attendance_rate": view.rate,
        "category": view.category,
    }


def _day(day: Day, codes: CodeTable) -> DayOut:
    return DayOut(
        date=day.day,
        absent_half_days=day.count.absent,
        marks=[_mark(entry, codes) for entry in day.marks],
        explanation=day.explanation,
        corrections=[_correction(correction) for correction in day.history],
    )


def _mark(entry: Entry, codes: CodeTable) -> MarkOut:
    return MarkOut(
        session=session_of(entry.position) if entry.kind == "session" else None,
        slot=slot_of(entry.position) if entry.kind == "slot" else None,
        code=entry.code,
        code_class=codes.class_of(entry.code) if entry.code in codes and entry.code else None,
        minutes=entry.minutes,
        half_days=_count(entry.count),
        recorded_at=entry.recorded_at,
    )


def _correction(correction: Correction) -> CorrectionOut:
    _, kind, position = packed_row.unpack_place(correction.place)
    return CorrectionOut(
        session=session_of(position) if kind == "session" else None,
        slot=slot_of(position) if kind == "slot" else None,
        was=_said(correction.was),
        became=_said(correction.became),
        was_recorded_at=correction.was_recorded_at,
        recorded_at=correction.recorded_at,
        received_at=correction.received_at,
        source=correction.source,
    )


def _said(value: int) -> SaidOut:
    minutes = (value & packed_row.MOST_MINUTES) or None
    return SaidOut(code=packed_row.code_of(value), minutes=minutes, half_days=_count(packed_row.count_of(value)))


def _count(count: VendorCount | None) -> CountOut | None:
    return None if count is None else CountOut(unjustified=count.unjustified, justified=count.justified, present=count.present)
