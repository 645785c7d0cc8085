"""A student's attendance explained, and a school's students by tier."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import RowMapping

from services.thresholds.access.callers import Reader
from services.thresholds.access.permission import permitted_student, unknown_student
from services.thresholds.attendance.schemas import (
    AttendanceOut,
    CorrectionOut,
    CountOut,
    DayOut,
    MarkOut,
    MarkValueOut,
    StudentOut,
    StudentQuery,
)
from services.thresholds.attendance.view import Attendance, Day, attendance
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.showing import context_of, hold_out, records_out
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.register import packed_row
from services.thresholds.register.packed_row import Entry
from services.thresholds.register.repository import corrections, rows
from services.thresholds.register.repository.corrections import Correction
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.lookup import calendar_for, known_school, term_for
from services.thresholds.roster.repository import enrolments, students
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import TIERS, tier_of
from shared.audit.log import Access, log_access
from shared.events.calendars import calendar_of
from shared.events.data import VendorCount
from shared.identifiers import SchoolNumber, student_id
from shared.names import full_name
from shared.web.cursors import decode_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.service import SchoolInPath

router = Router(tags=["attendance"])


@router.get(
    "/v1/schools/{school}/students/{student}/attendance",
    response_model_exclude_none=False,
    summary="Explain a student's term, day by day",
)
async def get_attendance(
    school: SchoolInPath,
    student: str,
    state: State,
    caller: Reader,
    term: TermParameter = None,
) -> AttendanceOut:
    """The student's absences, tier and STAR records, and the marks of each day with the rule that counted them."""
    identity = student_id(school, student)
    async with state.engine.begin() as connection:
        person = await permitted_student(connection, caller, school, student)
        sent = await known_school(connection, school)
        calendar = calendar_of(sent)
        of_term = term_for(calendar, term, state.clock())
        key = RowKey(school, of_term.name, student)
        row = await rows.get(connection, key)
        if person is None and row is None:
            raise unknown_student()
        own = calendar.for_student(await enrolments.get(connection, school, student), of_term)
        history = await corrections.of_row(connection, key)
        context = await context_of(connection, school, state.clock(), calendar)
        records = await records_out(connection, context, await star_records.of_student(connection, identity, of_term.name))
        standing = [hold for hold in await holds.of_student(connection, identity, of_term.name) if hold.holds_on(context.today, calendar)]
        access = Access(action="read-attendance", school=school, students=[student], filters={"term": of_term.name})
        await log_access(connection, caller, access, state.clock())
    codes = state.codes.with_classes(sent.code_classes)
    view = attendance(row.marks if row else b"", of_term, own, codes, state.clock(), history)
    return AttendanceOut(
        school=school,
        student=student,
        student_id=identity,
        name=person.name if person else None,
        term=of_term.name,
        **_sums(view),
        notes=view.differences(),
        days=[_day(day, codes) for day in view.days],
        holds=[hold_out(hold, context.today, calendar) for hold in standing],
        star_records=records,
    )


@router.get("/v1/schools/{school}/students", summary="List a school's students by tier")
async def list_students(school: SchoolInPath, state: State, caller: Reader, query: Annotated[StudentQuery, Query()]) -> Page[StudentOut]:
    """All students of whom the school has sent a roster entry or marks, with the term's total."""
    caller.require_school(school)
    after = decode_cursor(query.cursor, parts=2)
    async with state.engine.begin() as connection:
        of_term = term_for(await calendar_for(connection, school), query.term, state.clock())
        rows_and_one = await students.page(
            connection,
            school=school,
            term=of_term.name,
            level=TIERS.index(query.tier) if query.tier else None,
            year_level=query.year_level,
            group=query.group,
            sort=query.sort,
            after=(after[0], after[1]) if after else None,
            limit=query.limit + 1,
            part=caller.part,
        )
        page = page_of(rows_and_one, query.limit, lambda row: (row["order_key"], row["student"]))
        filters = {"term": of_term.name} | query.model_dump(mode="json", include={"tier", "year_level", "group"})
        access = Access(action="list-students", school=school, students=[row["student"] for row in page.items], filters=filters)
        await log_access(connection, caller, access, state.clock())
    return page.map(lambda row: _student(school, row))


def _student(school: SchoolNumber, row: RowMapping) -> StudentOut:
    return StudentOut(
        student=row["student"],
        student_id=student_id(school, row["student"]),
        name=full_name(row["given_name"], row["family_name"]) if row["given_name"] else None,
        year_level=row["year_level"],
        groups=row["groups"],
        absent_half_days=row["absent_half_days"],
        absent_days=row["absent_half_days"] / 2,
        tier=tier_of(row["absent_half_days"]),
    )


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
        session=entry.session,
        slot=entry.slot,
        code=entry.code,
        code_class=codes.class_of(entry.code) if entry.code in codes and entry.code else None,
        minutes=entry.minutes,
        half_days=_count(entry.count),
        recorded_at=entry.recorded_at,
    )


def _correction(correction: Correction) -> CorrectionOut:
    _, _, position = packed_row.unpack_place(correction.place)
    return CorrectionOut(
        session=packed_row.session_of(position),
        slot=packed_row.slot_of(position),
        was=_value(correction.was),
        became=_value(correction.became),
        was_recorded_at=correction.was_recorded_at,
        recorded_at=correction.recorded_at,
        received_at=correction.received_at,
        source=correction.source,
    )


def _value(value: int) -> MarkValueOut:
    minutes = (value & packed_row.MOST_MINUTES) or None
    return MarkValueOut(code=packed_row.code_of(value), minutes=minutes, half_days=_count(packed_row.count_of(value)))


def _count(count: VendorCount | None) -> CountOut | None:
    return None if count is None else CountOut(unjustified=count.unjustified, justified=count.justified, present=count.present)
