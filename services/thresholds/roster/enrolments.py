"""The changes of students' dates and sessions that a batch of roster events makes."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.repository import enrolments
from services.thresholds.roster.repository.enrolments import StoredEnrolment, StudentKey
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.enrolment import ALWAYS, Enrolment
from shared.events.data import StudentUpdated


@dataclass(frozen=True, slots=True)
class EnrolmentChange:
    """A student's enrolment before and after."""

    key: StudentKey
    before: Enrolment
    after: Enrolment


JUST_AFTER: Final = timedelta(microseconds=1)
"""The least time between two events of one source."""

EnrolmentsChanged = Callable[[AsyncConnection, Sequence[EnrolmentChange], datetime], Awaitable[None]]
"""Called in the transaction that keeps the enrolments, with the schools locked."""


@dataclass(frozen=True, slots=True)
class OwnCalendars:
    """The calendars of students. `parting` are those who are not on the roll throughout, or do not attend all sessions."""

    calendars: Mapping[str, SchoolCalendar]
    terms: Mapping[tuple[str, str], Term | None]
    parting: Mapping[StudentKey, StoredEnrolment]

    def get(self, key: RowKey) -> tuple[SchoolCalendar, Term] | None:
        """The calendar of a row's student, and the row's term; None for a term that the school no longer has."""
        calendar, term = self.calendars[key.school], self.terms[key.school, key.term]
        if term is None:
            return None
        entry = self.parting.get(StudentKey(key.school, key.student)) if self.parting else None
        return calendar.for_student(entry.enrolment, term) if entry else calendar, term

    def of(self, key: RowKey) -> tuple[SchoolCalendar, Term]:
        """The same for a row whose term the school has. Raises KeyError for another."""
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found


async def own_calendars(connection: AsyncConnection, keys: Collection[RowKey], calendars: Mapping[str, SchoolCalendar]) -> OwnCalendars:
    """The calendars of the students of some rows."""
    terms = {(school, name): calendars[school].term_named(name) for school, name in {key[:2] for key in keys}}
    there = [term for term in terms.values() if term is not None]
    if not there:
        return OwnCalendars(calendars, terms, {})
    # Nearly all students of a country attend all sessions of their terms: they are not even read.
    throughout = min(term.start for term in there), max(term.end for term in there)
    return OwnCalendars(calendars, terms, await enrolments.stored(connection, keys, but_throughout=throughout))


async def of_rows(
    connection: AsyncConnection, keys: Iterable[RowKey], calendars: Mapping[str, SchoolCalendar]
) -> dict[RowKey, tuple[SchoolCalendar, Term]]:
    """The calendar of each row's student, and the row's term; rows of a term that the school no longer has are left out."""
    listed = list(keys)
    own = await own_calendars(connection, listed, calendars)
    return {key: found for key in listed if (found := own.get(key)) is not None}


async def keep(
    connection: AsyncConnection,
    updates: Sequence[StudentUpdated],
    removed: Mapping[StudentKey, datetime],
    calendars: Mapping[str, SchoolCalendar],
    now: datetime,
) -> list[EnrolmentChange]:
    """Keeps what the updates say, in their order, and today as the last day of students who were removed. Answers what has changed.

    `removed` has the time of the newest event about each of these, which is older than what the school will send of them next. The caller
    holds the locks of the schools that are known.
    """
    keys = [StudentKey(update.school, update.student) for update in updates]
    before = await enrolments.stored(connection, [*keys, *removed])
    current = dict(before)
    for key, update in zip(keys, updates, strict=True):
        stored = current.get(key)
        old = stored.enrolment if stored else ALWAYS
        if stored is not None and stored.updated_at > update.updated_at:
            continue
        new = old.changed(update.starts_on, update.leaves_on, update.attends)
        if stored is not None or new != ALWAYS:
            current[key] = StoredEnrolment(new, update.updated_at)
    for key, heard_at in removed.items():
        stored = current.get(key)
        calendar = calendars.get(key.school)
        if calendar is not None:
            current[key] = StoredEnrolment((stored.enrolment if stored else ALWAYS).left(calendar.today(now)), heard_at + JUST_AFTER)
    changed = {key: entry for key, entry in current.items() if before.get(key) != entry}
    await enrolments.put(connection, changed)
    changes = [EnrolmentChange(key, before[key].enrolment if key in before else ALWAYS, entry.enrolment) for key, entry in changed.items()]
    return [change for change in changes if change.before != change.after]
