"""Rows folded anew by another calendar: what a recalculation writes, and what a proposed calendar is judged by."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.crossings.applying import FoldedRow
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import Row, RowKey
from services.thresholds.roster.enrolments import of_rows
from shared.attendance.calendar import SchoolCalendar
from shared.clock import Clock


async def fold_again(
    connection: AsyncConnection, folder: Folder, chunk: Mapping[RowKey, Row], calendar: SchoolCalendar, clock: Clock
) -> list[FoldedRow]:
    """The rows of a school, and those that marks of theirs move to, as they are by this calendar."""
    now = clock()
    strays = _strays(chunk, calendar)
    others = await rows.load(connection, strays.keys() - chunk.keys())
    own = await of_rows(connection, chunk.keys() | strays.keys(), {key.school: calendar for key in chunk})
    folded: list[FoldedRow] = []
    for key in sorted(chunk.keys() | strays.keys()):
        before = chunk.get(key) or others.get(key)
        if key not in own:
            # The school no longer has this term, and sent no other in its place: the row stays as it is.
            continue
        marks = packed_row.merge(before.marks if before else b"", strays.get(key, ()))
        of_student, term = own[key]
        folded.append(FoldedRow(key, before, marks, folder.absences(marks, term, of_student, now), of_student))
    return folded


def _strays(chunk: Mapping[RowKey, Row], calendar: SchoolCalendar) -> dict[RowKey, list[bytes]]:
    """Marks of days that lie in another term now, by the row that they belong to. They stay where they were, too: there they count
    nothing, and should the day come back, the later word wins as ever."""
    strays: dict[RowKey, list[bytes]] = {}
    for key, row in chunk.items():
        term = calendar.term_named(key.term)
        first, last = packed_row.days_of(row.marks)
        if term is not None and first is not None and last is not None and first in term and last in term:
            continue
        for entry in packed_row.entries(row.marks):
            belongs = calendar.term_on(packed_row.date_of(packed_row.day_of(entry)))
            if belongs is not None and belongs.name != key.term:
                strays.setdefault(RowKey(key.school, belongs.name, key.student), []).append(entry)
    return strays
