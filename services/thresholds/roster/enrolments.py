"""The changes of students' dates and sessions that a batch of roster events makes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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


async def of_rows(
    connection: AsyncConnection, keys: Iterable[RowKey], calendars: Mapping[str, SchoolCalendar]
) -> dict[RowKey, tuple[SchoolCalendar, Term]]:
    """The calendar of each row's student, and the row's term; rows of a term that the school no longer has are left out."""
    listed = list(keys)
    stored = await enrolments.stored(connection, [StudentKey(key.school, key.student) for key in listed])
    own: dict[RowKey, tuple[SchoolCalendar, Term]] = {}
    terms: dict[tuple[str, str], Term | None] = {}
    for key in listed:
        calendar = calendars[key.school]
        of = key.school, key.term
        term = terms[of] if of in terms else terms.setdefault(of, calendar.term_named(key.term))
        if term is not None:
            entry = stored.get(StudentKey(key.school, key.student)) if stored else None
            own[key] = (calendar.for_student(entry.enrolment, term) if entry else calendar, term)
    return own


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
