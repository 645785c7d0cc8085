"""The school, its calendar and the term that a request is about, or the 404 that says there is none."""

from datetime import datetime
from http import HTTPStatus
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.roster.repository import schools
from shared.attendance.calendar import SchoolCalendar, Term
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated
from shared.identifiers import SchoolNumber
from shared.web.problems import ProblemError


async def known_school(connection: AsyncConnection, school: SchoolNumber) -> SchoolUpdated:
    """The school as it was last sent. Raises ProblemError 404 for one that never was."""
    sent = await schools.get(connection, [school])
    if not sent:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-school", "this school has not been sent yet")
    return sent[0]


async def calendar_for(connection: AsyncConnection, school: SchoolNumber) -> SchoolCalendar:
    """The school's calendar. Raises ProblemError 404 for a school that was never sent."""
    return calendar_of(await known_school(connection, school))


def term_for(calendar: SchoolCalendar, name: str | None, now: datetime) -> Term:
    """The term of that name; without one, the current or last. Raises ProblemError 404 for a term the school does not have."""
    term = calendar.term_named(name) if name else calendar.current_or_last_term(calendar.today(now))
    if term is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-term", "the school has no such term")
    return term


def term_to_come(calendar: SchoolCalendar, name: str | None, now: datetime) -> Term:
    """The term of that name; without one, the current or, in the holidays, the next.

    Raises ProblemError 404 for a term the school does not have, and 409 in the holidays before its next term is known.
    """
    if name:
        return term_for(calendar, name, now)
    term = calendar.current_or_next_term(calendar.today(now))
    if term is None:
        raise ProblemError(HTTPStatus.CONFLICT, "no-term-to-come", "the school's terms are over: send the next ones first, or name a term")
    return term


async def zone_of(connection: AsyncConnection, school: SchoolNumber) -> ZoneInfo:
    """The school's time zone. Raises ProblemError 404 for a school that has not been sent."""
    return ZoneInfo((await calendar_for(connection, school)).timezone)
