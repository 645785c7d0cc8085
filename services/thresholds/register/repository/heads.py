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
_COUNTS: Final = [bytes((count,)) for count in range(256)]

Head = tuple[int, str, bytes | None, bool, bytes | None]
"""The last entries of a row, as the driver has them: the row's number among those asked for, from 1 on; the place where its version stands
in its table, which holds as long as nobody writes the row, and its school's lock sees to that; the entries, None for a row in the form of
the last release; whether there are no others; and the days, None where none are kept (see `kept_days`)."""


class NewHead(NamedTuple):
    """The entries that take the place of a head as it was loaded, and the row's days."""

    student: str
    place: str
    marks: bytes
    days: bytes


_LOAD: Final = f"""
    SELECT w.number, CAST(r.ctid AS text), substr(newest_first, 1, {_BYTES}), length(newest_first) <= {_BYTES},
        CASE WHEN days_kept THEN days END
    FROM unnest(string_to_array($1, E'\\n'), string_to_array($2, E'\\n'), string_to_array($3, E'\\n'))
        WITH ORDINALITY AS w(school, term, student, number)
    JOIN register r USING (school, term, student)
"""  # noqa: S608
# The driver looks at each element of an array several times over, so there is one array: how many entries, the entries, the days.
_SAVE: Final = f"""
    UPDATE register r
    SET newest_first = substr(w.head, 2, get_byte(w.head, 0) * {packed_row.ENTRY}) || substr(r.newest_first, {_BYTES + 1}),
        days = substr(w.head, 2 + get_byte(w.head, 0) * {packed_row.ENTRY})
    FROM unnest(string_to_array($1, E'\\n'), CAST(string_to_array($2, E'\\n') AS tid[]), $3::bytea[]) AS w(student, place, head)
    WHERE r.ctid = w.place AND r.student = w.student
"""  # noqa: S608
MOST: Final = 255
"""Entries of a new head: a mark of each place of several days fits, and more go through the whole row."""


async def load(connection: AsyncConnection, keys: Collection[RowKey]) -> list[Head | None] | None:
    """The heads of the rows that exist, in the order of the keys; None as long as rows are written in the form of the last release, which
    has its end there.

    The caller holds their schools' locks.
    """
    if not keys or not await is_finished(connection, NEWEST_FIRST):
        return None
    heads: list[Head | None] = [None] * len(keys)
    for found in await (await _driver(connection)).fetch(_LOAD, *map(joined, zip(*keys, strict=True))):
        heads[found[0] - 1] = found
    return heads


async def save(connection: AsyncConnection, heads: Sequence[NewHead]) -> int:
    """Replaces heads that were loaded in this transaction; answers how many: fewer where somebody has moved a row without the lock."""
    if not heads:
        return 0
    students, places, *_ = zip(*heads, strict=True)
    new = [_COUNTS[len(marks) // packed_row.ENTRY] + marks + days for _, _, marks, days in heads]
    status = await (await _driver(connection)).execute(_SAVE, joined(students), joined(places), new)
    return int(status.rsplit(" ", 1)[1])


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's connection, in the transaction that an earlier statement of the caller's has begun."""
    return (await connection.get_raw_connection()).driver_connection
