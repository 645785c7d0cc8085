"""STAR records and holds as the API shows them: with their responses, due days, and today's totals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.due_days import repository as due_days
from services.thresholds.records.due_days.rule import DueRule
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold, hold_on
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.record import Record
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.roster.lookup import calendar_for
from services.thresholds.roster.repository import rolls, students
from services.thresholds.roster.repository.rolls import Roll
from services.thresholds.roster.repository.students import RosterStudent
from shared.attendance.calendar import SchoolCalendar
from shared.identifiers import SchoolNumber

_SHOWN_AS_IT_IS: Final = tuple(field.name for field in fields(Record) if field.name not in {"absent_half_days", "due_on"})


@dataclass(frozen=True, slots=True)
class SchoolContext:
    """The context that a school's records are shown in: its calendar, its rule for due days, and the day there."""

    calendar: SchoolCalendar
    due: DueRule
    today: date
    now: datetime

    def due_on(self, record: Record) -> date | None:
        """The record's due day, by hand or by the rule."""
        return record.due_on or self.due.due_on(record.threshold, record.crossed_on)


async def context_of(
    connection: AsyncConnection, school: SchoolNumber, now: datetime, calendar: SchoolCalendar | None = None
) -> SchoolContext:
    """The school's context; pass `calendar` where it is at hand. Raises ProblemError 404 for a school that was never sent."""
    calendar = calendar or await calendar_for(connection, school)
    rule = DueRule.of(calendar, await due_days.due_after(connection, school))
    return SchoolContext(calendar, rule, calendar.today(now), now)


async def records_out(
    connection: AsyncConnection, context: SchoolContext, records: Sequence[Record], *, include_withdrawn: bool = False
) -> list[StarRecord]:
    """Records of one school with their responses, holds and today's totals."""
    given = await responses.of_records(connection, [record.id for record in records])
    totals = await star_records.totals(connection, records)
    people = await students.of_ids(connection, [record.student_id for record in records])
    people |= await _as_they_were(connection, context, records, people)
    standing = _by_student(await holds.standing_of(connection, [record.student_id for record in records]))
    return [
        _record_out(
            record,
            context,
            person=people.get(record.student_id),
            total=totals[record.id],
            given=[response for response in given[record.id] if response.stands or include_withdrawn],
            standing=standing.get(record.student_id, ()),
        )
        for record in records
    ]


async def _as_they_were(
    connection: AsyncConnection, context: SchoolContext, records: Sequence[Record], people: Mapping[UUID, RosterStudent]
) -> dict[UUID, RosterStudent]:
    """The students of records of a term that is over, with the year level and the groups that they had. A list is of one term."""
    terms = {record.term: context.calendar.term_named(record.term) for record in records}
    over = {name: term for name, term in terms.items() if term is not None and term.end < context.today}
    if len(over) != 1:
        return {}
    ((name, term),) = over.items()
    of_term = [record for record in records if record.term == name and record.student_id in people]
    if not of_term:
        return {}
    roll = Roll.of(of_term[0].school, term, context.calendar, context.now)
    then = await rolls.year_levels(connection, roll, [record.student for record in of_term])
    return {
        record.student_id: people[record.student_id]._replace(year_level=then[record.student][0], groups=then[record.student][1])
        for record in of_term
        if record.student in then
    }


def hold_out(hold: Hold, today: date, calendar: SchoolCalendar) -> HoldOut:
    """A hold as the API shows it."""
    return HoldOut(
        id=hold.id,
        term=hold.term,
        threshold=hold.threshold,
        reason=hold.reason,
        until=hold.until,
        holding=hold.holds_on(today, calendar),
        held_by=hold.held_by,
        held_at=hold.held_at,
        lifted_by=hold.lifted_by,
        lifted_at=hold.lifted_at,
    )


def _by_student(standing: Iterable[Hold]) -> dict[UUID, list[Hold]]:
    by_student: dict[UUID, list[Hold]] = {}
    for hold in standing:
        by_student.setdefault(hold.student_id, []).append(hold)
    return by_student


def _record_out(
    record: Record,
    context: SchoolContext,
    *,
    person: RosterStudent | None,
    total: int,
    given: Sequence[RecordedResponse],
    standing: Iterable[Hold],
) -> StarRecord:
    due_on = context.due_on(record)
    answered = any(response.stands for response in given)
    hold = hold_on(standing, record.student_id, record.term, record.threshold, context.today, context.calendar)
    late = due_on is not None and due_on < context.today
    return StarRecord(
        **{name: getattr(record, name) for name in _SHOWN_AS_IT_IS},
        name=person.name if person else None,
        year_level=person.year_level if person else None,
        groups=person.groups if person else [],
        absent_days=record.absent_half_days / 2,
        absent_days_now=total / 2,
        due_on=due_on,
        due=None if due_on is None else "rule" if record.due_on is None else "by-hand",
        answered=answered,
        overdue=late and not answered and record.status == "open",
        hold=None if hold is None else hold_out(hold, context.today, context.calendar),
        responses=[ResponseOut.model_validate(response, from_attributes=True) for response in given],
    )
