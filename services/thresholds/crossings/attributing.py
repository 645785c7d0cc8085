"""Marks that came in, by the child they are of: with the marks of each key kept apart for children who have several."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.register import packed_row
from services.thresholds.register.repository.rows import RowKey
from services.thresholds.roster.identities import by_holder
from services.thresholds.roster.repository import identities

Entries = dict[RowKey, list[tuple[bytes, str]]]
"""Register entries by row, each with its source."""


async def attributed(connection: AsyncConnection, entries: Entries) -> Entries:
    """The entries by the rows of the children they count for. The caller holds the schools' locks."""
    known = await identities.of_schools(connection, {key.school for key in entries}) if entries else None
    if not known:
        return entries
    counted: Entries = {}
    own: dict[RowKey, list[bytes]] = {}
    for key, listed in entries.items():
        sources = dict(listed)
        for of_child, theirs in by_holder(known, key, [entry for entry, _ in listed]).items():
            if (key.school, of_child.student) in known.grouped:
                own.setdefault(of_child, []).extend(theirs)
            row = of_child._replace(student=known.counted_as(key.school, of_child.student))
            counted.setdefault(row, []).extend((entry, sources[entry]) for entry in theirs)
    await _keep_own(connection, own)
    return counted


async def _keep_own(connection: AsyncConnection, new: Mapping[RowKey, Sequence[bytes]]) -> None:
    for school in sorted({key.school for key in new}):
        stored = await identities.own_marks(connection, school, {key.student for key in new if key.school == school})
        merged = {key: packed_row.merge(stored.get(key, b""), new[key]) for key in new if key.school == school}
        await identities.keep_own_marks(connection, merged)
