"""Mends rows of the register that a replay found to lack marks, or to be counted wrongly, beside the worker that goes on with new ones."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.thresholds.crossings.applying import FoldedRow, apply
from services.thresholds.proof.replaying import Replayed
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.register.repository import rows
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.calendars import CalendarCache
from services.thresholds.roster.enrolments import of_rows

AT_ONCE: Final = 500
"""Rows of one transaction: the school's marks wait for less than a second."""


async def mend(engine: AsyncEngine, folder: Folder, replayed: Replayed, now: datetime) -> int:
    """Works the topic's marks into the rows, and says what their totals cross, as the marks' handler would have; answers how many rows.

    Marks that have come since the replay stay: at each place, the later word wins.
    """
    calendars = CalendarCache()
    mended = 0
    for school, keys in groupby(sorted({*replayed.lacking, *replayed.miscounted}), key=lambda key: key.school):
        of_school = list(keys)
        for start in range(0, len(of_school), AT_ONCE):
            async with engine.begin() as connection:
                mended += await _mend(connection, folder, calendars, replayed, school, of_school[start : start + AT_ONCE], now)
    return mended


async def _mend(
    connection: AsyncConnection,
    folder: Folder,
    calendars: CalendarCache,
    replayed: Replayed,
    school: str,
    keys: Sequence[RowKey],
    now: datetime,
) -> int:
    # The school's lock: the marks' handler waits for it, too.
    own = await of_rows(connection, keys, await calendars.lock(connection, [school]))
    before = await rows.load(connection, keys)
    folded = []
    for key, (calendar, term) in own.items():
        row = before.get(key)
        marks = packed_row.merge(row.marks if row else b"", packed_row.entries(replayed.built[key]))
        folded.append(FoldedRow(key, row, marks, folder.absences(marks, term, calendar, now), calendar))
    await apply(connection, folded, folder, now)
    return len(folded)
