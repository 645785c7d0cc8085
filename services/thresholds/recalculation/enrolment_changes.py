"""The rows of students whose dates or sessions have changed, folded again in the transaction that keeps the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.enrolments import EnrolmentChange
from shared.attendance.calendar import SchoolCalendar

log = structlog.get_logger()


@dataclass(frozen=True)
class EnrolmentChanges:
    """Folds the rows that a change of enrolments can affect: a few of each student, so no work item is needed."""

    folder: Folder
    calendars: CalendarCache

    async def follow(self, connection: AsyncConnection, changes: Sequence[EnrolmentChange], now: datetime) -> None:
        """Folds them, and publishes the crossings. The caller holds the schools' locks."""
        calendars = await self.calendars.lock(connection, sorted({change.key.school for change in changes}))
        folded = await fold_changed(connection, self.folder, changes, calendars, now)
        facts = await apply(connection, folded, self.folder, now)
        if folded:
            log.info("enrolments.folded", rows=len(folded), crossings=len(facts))


async def fold_changed(
    connection: AsyncConnection,
    folder: Folder,
    changes: Sequence[EnrolmentChange],
    calendars: Mapping[str, SchoolCalendar],
    now: datetime,
) -> list[FoldedRow]:
    """The rows that the changes can affect, as they are after them."""
    affected = {
        RowKey(change.key.school, term.name, change.key.student): (own, term)
        for change in changes
        if (calendar := calendars.get(change.key.school)) is not None
        for term in calendar.terms
        if (own := calendar.for_student(change.after, term)) != calendar.for_student(change.before, term)
    }
    folded = []
    for key, row in (await rows.load(connection, affected)).items():
        calendar, term = affected[key]
        folded.append(FoldedRow(key, row, row.marks, folder.absences(row.marks, term, calendar, now), calendar))
    return folded
