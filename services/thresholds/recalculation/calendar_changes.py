"""The work after a school's new calendar: rows folded again, and the end of the next school day."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.recalculation import day_ends
from services.thresholds.recalculation.task import request_recalculation
from shared.attendance.calendar import SchoolCalendar, Term
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated


async def follow(connection: AsyncConnection, before: SchoolUpdated | None, after: SchoolUpdated, now: datetime) -> None:
    """Asks for the work in the transaction that keeps the school; `before` is None for a school that is new here."""
    calendar = calendar_of(after)
    if before is not None and (terms := terms_to_fold_again(calendar_of(before), calendar)):
        await request_recalculation(connection, after.school, terms, cause="calendar", version=after.updated_at, now=now)
    if after.blanks_are_truant:
        await day_ends.schedule(connection, after.school, calendar, now)


def terms_to_fold_again(old: SchoolCalendar, new: SchoolCalendar) -> list[str]:
    """The terms whose totals a new calendar can change."""
    choices = (old.blanks_are_truant, old.carried_absences_count) != (new.blanks_are_truant, new.carried_absences_count)
    if choices:
        return [term.name for term in new.terms]
    return [term.name for term in new.terms if old.term_named(term.name) != term or not _opens_alike(term, old, new)]


def _opens_alike(term: Term, old: SchoolCalendar, new: SchoolCalendar) -> bool:
    days = (term.start + timedelta(days=number) for number in range((term.end - term.start).days + 1))
    return all(old.opening(day) == new.opening(day) for day in days)
