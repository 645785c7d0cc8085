"""STAR records and holds as the API shows them: with their responses, due days, and today's totals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.due_days import repository as due_days
from services.thresholds.records.due_days.rule import DueRule
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold, hold_on
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.records.star_records import repository as star_records
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.roster.lookup import calendar_for
from shared.attendance.calendar import SchoolCalendar
from shared.identifiers import SchoolNumber


@dataclass(frozen=True, slots=True)
class Desk:
    """What a record is seen by: its school's calendar and rule, and the day there."""

    calendar: SchoolCalendar
    due: DueRule
    today: date

    def due_on(self, record: RowMapping) -> date | None:
        """The record's due day, by hand or by the rule."""
        by_hand: date | None = record["due_on"]
        return by_hand or self.due.due_on(record["threshold"], record["crossed_on"])


async def desk_of(connection: AsyncConnection, school: SchoolNumber, now: datetime, calendar: SchoolCalendar | None = None) -> Desk:
    """The school's desk; pass `calendar` where it is at hand. Raises ProblemError 404 for a school that was never sent."""
    calendar = calendar or await calendar_for(connection, school)
    rule = DueRule.of(calendar, await due_days.due_after(connection, school))
    return Desk(calendar, rule, calendar.today(now))


async def shown(
    connection: AsyncConnection, desk: Desk, records: Sequence[RowMapping], *, include_withdrawn: bool = False
) -> list[StarRecord]:
    """Records of one school with their responses, holds and today's totals."""
    given = await responses.of_records(connection, [record["id"] for record in records])
    totals = await star_records.totals(connection, records)
    standing = _by_student(await holds.standing_of(connection, [record["student_id"] for record in records]))
    return [
        _record(
            record,
            desk,
            total=totals[record["id"]],
            given=given[record["id"]],
            standing=standing.get(record["student_id"], ()),
            include_withdrawn=include_withdrawn,
        )
        for record in records
    ]


def shown_hold(hold: Hold, today: date, calendar: SchoolCalendar) -> HoldOut:
    """A hold as it is shown."""
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


def _record(
    record: RowMapping, desk: Desk, *, total: int, given: Sequence[RowMapping], standing: Iterable[Hold], include_withdrawn: bool
) -> StarRecord:
    due_on = desk.due_on(record)
    stand = [response for response in given if response["withdrawn_at"] is None]
    hold = hold_on(standing, record["student_id"], record["term"], record["threshold"], desk.today, desk.calendar)
    late = due_on is not None and due_on < desk.today
    own: dict[str, Any] = {name: value for name, value in record.items() if name not in ("absent_half_days", "due_on")}
    return StarRecord(
        **own,
        absent_days=record["absent_half_days"] / 2,
        absent_days_now=total / 2,
        due_on=due_on,
        due=None if due_on is None else "rule" if record["due_on"] is None else "by-hand",
        answered=bool(stand),
        overdue=late and not stand and record["status"] == "open",
        hold=None if hold is None else shown_hold(hold, desk.today, desk.calendar),
        responses=[_response(response) for response in (given if include_withdrawn else stand)],
    )


def _response(row: RowMapping) -> ResponseOut:
    return ResponseOut(**{name: value for name, value in row.items() if name != "record_id"})
