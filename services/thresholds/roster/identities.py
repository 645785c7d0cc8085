"""The child whom a mark is about: the one who has the key when the mark is received, and the child as whom others are counted. Pure.

A school's system may give a key to another child; the marks of the key are then that child's, from a moment on. And one child may have two
keys: their marks are counted together, under the first. The rows of the register know children; only what comes in knows keys.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.thresholds.register import packed_row
from services.thresholds.register.repository.rows import RowKey

Key = tuple[str, str]
"""A school and a student's key."""


@dataclass(frozen=True, slots=True)
class Identities:
    """The keys that are not simply one child's. `holders`: the later children of a key, newest first, with the moment they had it from."""

    holders: Mapping[Key, tuple[tuple[datetime, str], ...]] = field(default_factory=dict)
    merged: Mapping[Key, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.holders or self.merged)

    def holder(self, school: str, key: str, received_at: datetime) -> str:
        """The child to whom the key belonged at a moment."""
        of_key = self.holders.get((school, key), ())
        return next((student for since, student in of_key if since <= received_at), key)

    def counted_as(self, school: str, student: str) -> str:
        """The child as whom a student is counted."""
        return self.merged.get((school, student), student)

    @property
    def grouped(self) -> frozenset[Key]:
        """The students who are counted together with others, both sides."""
        return frozenset({*self.merged, *((school, student) for (school, _), student in self.merged.items())})


def by_holder(identities: Identities, key: RowKey, entries: Iterable[bytes]) -> dict[RowKey, list[bytes]]:
    """A key's entries by the row of the child that each is of."""
    if (key.school, key.student) not in identities.holders:
        return {key: list(entries)}
    rows: dict[RowKey, list[bytes]] = {}
    for entry in entries:
        student = identities.holder(key.school, key.student, packed_row.received_at(int.from_bytes(entry, "big")))
        rows.setdefault(key._replace(student=student), []).append(entry)
    return rows
