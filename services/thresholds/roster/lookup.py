"""What several endpoints need: the school's calendar, the term meant, records as they are shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.due_days import repository as star_settings
from services.thresholds.records.due_days.rule import DueRule
from services.thresholds.records.holds import repository as holds
from services.thresholds.records.holds.hold import Hold, hold_on
from services.thresholds.records.holds.schemas import HoldOut
from services.thresholds.records.responses import repository as responses
from services.thresholds.records.responses.schemas import ResponseOut
from services.thresholds.records.star_records import repository as records
from services.thresholds.records.star_records.schemas import StarRecord
from services.thresholds.roster.repository import schools
from services.thresholds.state import ThresholdsState
from shared.attendance.calendar import SchoolCalendar, Term
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


async def known_school(connection: AsyncConnection, school: SchoolNumber) -> SchoolUpdated:
    """The school as it was last sent. Raises ProblemError 404 for one that never was."""
    found = await schools.get(connection, [school])
    if not found:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet")
    return found[0]


async def calendar_for(connection: AsyncConnection, school: SchoolNumber) -> SchoolCalendar:
    """The school's calendar. Raises ProblemError 404 for a school that was never sent."""
    return calendar_of(await known_school(connection, school))


def term_for(calendar: SchoolCalendar, name: str | None, state: ThresholdsState) -> Term:
    """The term of that name; without one, the current or last. Raises ProblemError 404 for a term the school does not have."""
    term = calendar.term_named(name) if name else calendar.current_or_last_term(calendar.today(state.clock()))
    if term is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-term", "the school has no such term")
    return term


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


async def desk_of(
    connection: AsyncConnection, school: SchoolNumber, state: ThresholdsState, calendar: SchoolCalendar | None = None
) -> Desk:
    """The school's; `calendar` where it is at hand. Raises ProblemError 404 for a school that was never sent."""
    calendar = calendar or await calendar_for(connection, school)
    rule = DueRule.of(calendar, await star_settings.due_after(connection, school))
    return Desk(calendar, rule, calendar.today(state.clock()))


async def shown(
    connection: AsyncConnection, desk: Desk, found: Sequence[RowMapping], *, include_withdrawn: bool = False
) -> list[StarRecord]:
    """Records of one school with their responses, holds and today's totals."""
    responded = await responses.of_records(connection, [row["id"] for row in found])
    totals = await records.totals(connection, found)
    standing = holds_by_student(await holds.standing_of(connection, [row["student_id"] for row in found]))
    return [
        _record(
            row,
            desk,
            total=totals[row["id"]],
            responded=responded[row["id"]],
            standing=standing.get(row["student_id"], ()),
            include_withdrawn=include_withdrawn,
        )
        for row in found
    ]


def holds_by_student(found: Iterable[Hold]) -> dict[object, list[Hold]]:
    """Holds by their student's id."""
    by_student: dict[object, list[Hold]] = {}
    for hold in found:
        by_student.setdefault(hold.student_id, []).append(hold)
    return by_student


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


def _record(
    row: RowMapping, desk: Desk, *, total: int, responded: Sequence[RowMapping], standing: Iterable[Hold], include_withdrawn: bool
) -> StarRecord:
    due_on = desk.due_on(row)
    stand = [response for response in responded if response["withdrawn_at"] is None]
    hold = hold_on(standing, row["student_id"], row["term"], row["threshold"], desk.today, desk.calendar)
    late = due_on is not None and due_on < desk.today
    return StarRecord(
        **{name: value for name, value in row.items() if name not in ("absent_half_days", "due_on")},
        absent_days=row["absent_half_days"] / 2,
        absent_days_now=total / 2,
        due_on=due_on,
        due=None if due_on is None else "rule" if row["due_on"] is None else "by-hand",
        answered=bool(stand),
        overdue=late and not stand and row["status"] == "open",
        hold=None if hold is None else shown_hold(hold, desk.today, desk.calendar),
        responses=[_response(response) for response in (responded if include_withdrawn else stand)],
    )


def _response(row: RowMapping) -> ResponseOut:
    return ResponseOut(**{name: value for name, value in row.items() if name != "record_id"})
