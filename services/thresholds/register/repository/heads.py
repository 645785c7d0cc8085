"""SQL of the heads of rows: the last entries, which a roll of today looks at, read and replaced without the rest of the row.

These two statements run for every mark, so they go to the driver directly: SQLAlchemy's way of a row and a parameter costs half as much
again.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register import packed_row
from services.thresholds.register.repository.rows import NEWEST_FIRST, RowKey
from shared.db.arrays import joined
from shared.db.finishing import is_finished

ENTRIES: Final = 8
"""Entries of a head: four days of two sessions, or a day of periods."""

_BYTES: Final = ENTRIES * packed_row.ENTRY

Place = tuple[int, int]
"""Where a version of a row stands in its table. It holds as long as nobody writes the row, which its school's lock sees to."""


class Head(NamedTuple):
    """The last entries of a row; `whole` says that there are no others. `marks` is None for a row in the form of the last release, `days`
    where no days are kept (see `kept_days`)."""

    place: Place
    marks: bytes | None
    whole: bool
    days: bytes | None


class NewHead(NamedTuple):
    """The entries that take the place of a head as it was loaded, and the row's days."""

    student: str
    place: Place
    marks: bytes
    days: bytes


_LOAD: Final = f"""
    SELECT school, term, student, r.ctid, substr(newest_first, 1, {_BYTES}), length(newest_first) <= {_BYTES},
        CASE WHEN days_kept THEN days END
    FROM unnest(string_to_array($1, E'\\n'), string_to_array($2, E'\\n'), string_to_array($3, E'\\n')) AS w(school, term, student)
    JOIN register r USING (school, term, student)
"""  # noqa: S608
_SAVE: Final = f"""
    UPDATE register r SET newest_first = w.marks || substr(r.newest_first, {_BYTES + 1}), days = w.days, turn = NOT r.turn
    FROM unnest(string_to_array($1, E'\\n'), $2::tid[], $3::bytea[], $4::bytea[]) AS w(student, place, marks, days)
    WHERE r.ctid = w.place AND r.student = w.student
"""  # noqa: S608


async def load(connection: AsyncConnection, keys: Collection[RowKey]) -> dict[RowKey, Head] | None:
    """The heads of the rows that exist; None as long as rows are written in the form of the last release, which has its end there.

    The caller holds their schools' locks.
    """
    if not keys or not await is_finished(connection, NEWEST_FIRST):
        return None
    found = await (await _driver(connection)).fetch(_LOAD, *map(joined, zip(*keys, strict=True)))
    return {RowKey(row[0], row[1], row[2]): Head(row[3], row[4], row[5], row[6]) for row in found}


async def save(connection: AsyncConnection, heads: Sequence[NewHead]) -> int:
    """Replaces heads that were loaded in this transaction; answers how many: fewer where somebody has moved a row without the lock."""
    if not heads:
        return 0
    students, *columns = zip(*heads, strict=True)
    status = await (await _driver(connection)).execute(_SAVE, joined(students), *columns)
    return int(status.rsplit(" ", 1)[1])


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's connection, in the transaction that an earlier statement of the caller's has begun."""
    return (await connection.get_raw_connection()).driver_connection
