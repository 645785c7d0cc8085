"""What several endpoints need: the school's calendar, the term meant, records as they are shown."""

from collections.abc import Sequence
from http import HTTPStatus

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.activities import STANDARD
from services.thresholds.repository import records, register, schools
from services.thresholds.repository.register import RowKey
from services.thresholds.schemas.records import ResponseOut, StarRecord
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


async def shown(connection: AsyncConnection, found: Sequence[RowMapping]) -> list[StarRecord]:
    """Records with their responses and today's totals."""
    responses = await records.responses_of(connection, [row["id"] for row in found])
    keys = {RowKey(row["school"], row["term"], row["student"]) for row in found}
    totals = await register.load(connection, keys)
    shown_records = []
    for row in found:
        total = totals.get(RowKey(row["school"], row["term"], row["student"]))
        shown_records.append(
            StarRecord(
                **{name: value for name, value in row.items() if name != "absent_half_days"},
                absent_days=row["absent_half_days"] / 2,
                absent_days_now=total.absent_half_days / 2 if total else 0.0,
                responses=[_response(response) for response in responses[row["id"]]],
            )
        )
    return shown_records


def _response(row: RowMapping) -> ResponseOut:
    return ResponseOut(
        id=row["id"],
        activity=row["activity"],
        label=STANDARD.get(row["activity"], row["activity"]),
        occurred_on=row["occurred_on"],
        staff=row["staff"],
        note=row["note"],
        recorded_at=row["recorded_at"],
    )
